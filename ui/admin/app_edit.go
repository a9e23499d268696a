package admin

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

func (h *Handlers) editApp(v *visit) error {
	_, c, err := h.application(v)
	if err != nil {
		return err
	}
	return v.show(h.appForm(v, c), nil)
}

// appForm is an application as it can be edited.
func (h *Handlers) appForm(v *visit, c *client.Client) page.AdminAppForm {
	p := page.AdminAppForm{Console: v.console(page.PathAdminApps), Form: page.Form{Action: appURL(c.ID) + "/edit"}, ID: c.ID,
		Kind: kindOf(c.ApplicationType, c.TokenEndpointAuthMethod, c.GrantTypes), Name: c.ClientName, Redirects: lines(c.RedirectURIs), PostRedirects: lines(c.PostLogoutRedirectURIs),
		Backchannel: c.BackchannelLogoutURI, Frontchannel: c.FrontchannelLogoutURI, Scope: c.Scope, SkipConsent: c.SkipConsent,
		Auth: c.TokenEndpointAuthMethod, Native: c.ApplicationType == "native", PKCENotRequired: c.PKCENotRequired,
		Grants: c.GrantTypes, Alg: c.SigningAlg(), RotateRefreshTokens: c.RotateRefreshTokens, NoIDTokenOnRefresh: c.NoIDTokenOnRefresh,
		Lifetime: number(c.SessionLifetime), IdleTimeout: number(c.SessionIdleTimeout), ACRValues: strings.Join(c.DefaultACRValues, " "),
		BackchannelSession: c.BackchannelLogoutSessionRequired, FrontchannelSession: c.FrontchannelLogoutSessionRequired,
		Origins: lines(c.AllowedCORSOrigins), ClientURI: c.ClientURI, LogoURI: c.LogoURI, PolicyURI: c.PolicyURI, TOSURI: c.TOSURI,
		Mails: lines(c.Contacts), Version: c.Version, CancelURL: appURL(c.ID)}
	if c.DefaultMaxAge != nil {
		p.MaxAge = strconv.FormatInt(*c.DefaultMaxAge, 10)
	}
	if c.JWKS != nil {
		if b, err := json.MarshalIndent(c.JWKS, "", "  "); err == nil {
			p.JWKS = string(b)
		}
	}
	return p
}

func lines(list []string) string { return strings.Join(list, "\n") }

// number is "" for none.
func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func (h *Handlers) saveApp(v *visit) error {
	row, c, err := h.application(v)
	if err != nil {
		return err
	}
	form, err := httpx.ReadForm(v.r, "grant_types")
	if err != nil {
		return err
	}
	p := typedApp(form, h.appForm(v, c))
	if p.Version != c.Version {
		p.Version, p.Errors = c.Version, page.Fault("", page.ChangedMeanwhile)
		return v.show(p, p.Errors)
	}
	m, err := appMetadata(p, c.Metadata)
	if p.Errors, err = registered(err); err != nil || p.Errors != nil {
		return shownOr(v, p, p.Errors, err)
	}
	// Who changes where an application's tokens go, or how it authenticates, has what it may.
	if scope := api.BeyondRole(v.person.Role, append(strings.Fields(c.Scope), strings.Fields(m.Scope)...)); scope != "" {
		p.Errors = page.Fault("scope", page.NotAllowed, scope)
		return v.show(p, p.Errors)
	}
	ctx, secret := v.r.Context(), ""
	if err := m.Complete(); err == nil { // or it says below what is wrong
		if err := h.algorithm(ctx, m); err != nil {
			return err
		}
	}
	err = h.Store.Tx(ctx, func(tx *storage.Store) error {
		now, err := h.Clients.In(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		if now.Version != p.Version {
			return storage.ErrConflict
		}
		c, secret, err = api.ChangeApplication(ctx, tx, h.Clients, h.Clock.Now(), now, m, v.by())
		return err
	})
	if errors.Is(err, storage.ErrConflict) {
		p.Errors = page.Fault("", page.ChangedMeanwhile)
		return v.show(p, p.Errors)
	}
	if p.Errors, err = registered(err); err != nil || p.Errors != nil {
		return shownOr(v, p, p.Errors, err)
	}
	if secret != "" {
		return h.showApp(v, row, c, secret, "")
	}
	return v.done(appURL(c.ID), page.Saved)
}

// typedApp puts what was typed into a form.
func typedApp(form *httpx.Params, p page.AdminAppForm) page.AdminAppForm {
	for name, to := range map[string]*string{"client_name": &p.Name, "redirect_uris": &p.Redirects, "post_logout_redirect_uris": &p.PostRedirects,
		"backchannel_logout_uri": &p.Backchannel, "frontchannel_logout_uri": &p.Frontchannel, "scope": &p.Scope,
		"token_endpoint_auth_method": &p.Auth, "jwks": &p.JWKS, "id_token_signed_response_alg": &p.Alg, "session_lifetime": &p.Lifetime,
		"session_idle_timeout": &p.IdleTimeout, "default_max_age": &p.MaxAge, "default_acr_values": &p.ACRValues,
		"allowed_cors_origins": &p.Origins, "client_uri": &p.ClientURI, "logo_uri": &p.LogoURI, "policy_uri": &p.PolicyURI,
		"tos_uri": &p.TOSURI, "contacts": &p.Mails} {
		*to = strings.TrimSpace(form.Get(name))
	}
	for name, to := range map[string]*bool{"skip_consent": &p.SkipConsent, "native": &p.Native, "pkce_not_required": &p.PKCENotRequired,
		"rotate_refresh_tokens": &p.RotateRefreshTokens, "no_id_token_on_refresh": &p.NoIDTokenOnRefresh,
		"backchannel_logout_session_required": &p.BackchannelSession, "frontchannel_logout_session_required": &p.FrontchannelSession} {
		*to = ticked(form, name)
	}
	p.Grants = form.List("grant_types")
	p.Version, _ = strconv.ParseInt(form.Get("version"), 10, 64)
	return p
}

// appMetadata is what a form makes of an application; what the form does not show stays. Its errors are *client.FieldError.
func appMetadata(p page.AdminAppForm, m client.Metadata) (client.Metadata, error) {
	m.ClientName, m.Scope, m.SkipConsent = p.Name, strings.Join(strings.Fields(p.Scope), " "), p.SkipConsent
	m.RedirectURIs, m.PostLogoutRedirectURIs = strings.Fields(p.Redirects), strings.Fields(p.PostRedirects)
	m.BackchannelLogoutURI, m.FrontchannelLogoutURI = p.Backchannel, p.Frontchannel
	m.TokenEndpointAuthMethod, m.PKCENotRequired, m.GrantTypes = p.Auth, p.PKCENotRequired, p.Grants
	m.RotateRefreshTokens, m.NoIDTokenOnRefresh, m.DefaultACRValues = p.RotateRefreshTokens, p.NoIDTokenOnRefresh, strings.Fields(p.ACRValues)
	m.BackchannelLogoutSessionRequired, m.FrontchannelLogoutSessionRequired = p.BackchannelSession, p.FrontchannelSession
	m.AllowedCORSOrigins, m.Contacts = strings.Fields(p.Origins), strings.Fields(p.Mails)
	m.ClientURI, m.LogoURI, m.PolicyURI, m.TOSURI = p.ClientURI, p.LogoURI, p.PolicyURI, p.TOSURI
	if len(p.Grants) == 0 {
		return m, &client.FieldError{Field: "grant_types", Reason: "at least one is needed"}
	}
	if m.ResponseTypes = nil; slices.Contains(p.Grants, client.GrantCode) {
		m.ResponseTypes = []string{"code"}
	}
	if native := m.ApplicationType == "native"; native != p.Native {
		m.ApplicationType = ""
		if p.Native {
			m.ApplicationType = "native"
		}
	}
	if m.IDTokenAlg != "" || p.Alg != "ES256" { // which is the default, and stays one
		m.IDTokenAlg = p.Alg
	}
	for field, n := range map[string]struct {
		typed string
		to    *int64
	}{"session_lifetime": {p.Lifetime, &m.SessionLifetime}, "session_idle_timeout": {p.IdleTimeout, &m.SessionIdleTimeout}} {
		var err error
		if *n.to, err = seconds(field, n.typed); err != nil {
			return m, err
		}
	}
	if m.DefaultMaxAge = nil; p.MaxAge != "" {
		age, err := seconds("default_max_age", p.MaxAge)
		if err != nil {
			return m, err
		}
		m.DefaultMaxAge = &age
	}
	m.JWKS = nil
	if p.Auth != client.AuthKey || p.JWKS == "" { // without the method the keys go, as a secret does
		return m, nil
	}
	var err error
	m.JWKS, err = api.ParseKeys([]byte(p.JWKS))
	return m, err
}

func seconds(field, typed string) (int64, error) {
	if typed == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(typed, 10, 64)
	if err != nil || n < 0 {
		return 0, &client.FieldError{Field: field, Reason: "is not a number of seconds"}
	}
	return n, nil
}
