package admin

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// newApp is the guided set-up: three kinds of application, and for each what it has to say.
func (h *Handlers) newApp(v *visit) error {
	return v.show(page.AdminAppForm{Console: v.console(page.PathAdminApps), Form: page.Form{Action: pathNewApp}, New: true, Kind: "web",
		Scope: "openid profile email", CancelURL: page.PathAdminApps}, nil)
}

func (h *Handlers) createApp(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	p := filled(form, page.AdminAppForm{Console: v.console(page.PathAdminApps), Form: page.Form{Action: pathNewApp}, New: true,
		CancelURL: page.PathAdminApps})
	if !slices.Contains(page.AppKinds(), p.Kind) {
		return errBadForm
	}
	m := metadata(p, client.Metadata{})
	switch p.Kind {
	case "browser":
		m.TokenEndpointAuthMethod = client.AuthNone
	case "service":
		m.GrantTypes, m.RedirectURIs, m.PostLogoutRedirectURIs = []string{client.GrantClientCredentials}, nil, nil
		m.BackchannelLogoutURI, m.FrontchannelLogoutURI = "", ""
	case "web":
		m.GrantTypes = []string{client.GrantCode, client.GrantRefresh, client.GrantClientCredentials} // the last to follow the ends
		m.Scope = withListen(m.Scope)
	}
	if len(m.PostLogoutRedirectURIs) == 0 && len(m.RedirectURIs) > 0 && origin(m.RedirectURIs[0]) != "" { // or signing out leads nowhere
		m.PostLogoutRedirectURIs = []string{origin(m.RedirectURIs[0]) + "/"}
	}
	m.BackchannelLogoutSessionRequired, m.FrontchannelLogoutSessionRequired = m.BackchannelLogoutURI != "", m.FrontchannelLogoutURI != ""
	if err := h.algorithm(v.r.Context(), m); err != nil {
		return err
	}
	var c *client.Client
	var secret string
	ctx := v.r.Context()
	err = h.Store.Tx(ctx, func(tx *storage.Store) (err error) {
		if c, secret, err = h.Clients.Register(ctx, tx, "", m); err != nil {
			return err
		}
		return h.audit(ctx, tx, audit.ClientCreated, c.ID, v, client.Metadata{}, c.Metadata)
	})
	if p.Errors, err = registered(err); err != nil || p.Errors != nil {
		return shownOr(v, p, p.Errors, err)
	}
	row, err := h.Store.Client(ctx, c.ID)
	if err != nil {
		return err
	}
	// The answer to the POST itself: the secret is in no URL, no cookie and no page that can be loaded again.
	return v.show(h.appPage(v, row, c, secret), nil)
}

func withListen(scope string) string {
	const listen = "sessions:listen"
	if slices.Contains(strings.Fields(scope), listen) {
		return scope
	}
	return strings.TrimSpace(scope + " " + listen)
}

func (h *Handlers) editApp(v *visit) error {
	_, c, err := h.application(v)
	if err != nil {
		return err
	}
	return v.show(h.appForm(v, c), nil)
}

func (h *Handlers) appForm(v *visit, c *client.Client) page.AdminAppForm {
	return page.AdminAppForm{Console: v.console(page.PathAdminApps), Form: page.Form{Action: appURL(c.ID) + "/edit"}, ID: c.ID,
		Kind: kindOf(c.TokenEndpointAuthMethod, c.GrantTypes), Name: c.ClientName, Redirects: strings.Join(c.RedirectURIs, "\n"),
		PostRedirects: strings.Join(c.PostLogoutRedirectURIs, "\n"), Backchannel: c.BackchannelLogoutURI,
		Frontchannel: c.FrontchannelLogoutURI, Scope: c.Scope, SkipConsent: c.SkipConsent, Version: c.Version, CancelURL: appURL(c.ID)}
}

func (h *Handlers) saveApp(v *visit) error {
	_, c, err := h.application(v)
	if err != nil {
		return err
	}
	form, err := v.form()
	if err != nil {
		return err
	}
	p := filled(form, h.appForm(v, c))
	if p.Version != c.Version {
		p.Version, p.Errors = c.Version, page.Fault("", page.ChangedMeanwhile)
		return v.show(p, p.Errors)
	}
	m := metadata(p, c.Metadata)
	ctx := v.r.Context()
	err = h.Store.Tx(ctx, func(tx *storage.Store) error {
		now, err := h.Clients.In(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		next, err := h.Clients.Update(ctx, tx, now, m)
		if err != nil {
			return err
		}
		return h.audit(ctx, tx, audit.ClientUpdated, c.ID, v, now.Metadata, next.Metadata)
	})
	if errors.Is(err, storage.ErrConflict) {
		p.Errors = page.Fault("", page.ChangedMeanwhile)
		return v.show(p, p.Errors)
	}
	if p.Errors, err = registered(err); err != nil || p.Errors != nil {
		return shownOr(v, p, p.Errors, err)
	}
	return v.done(appURL(c.ID), page.Saved)
}

// filled puts what was typed into a form.
func filled(form *httpx.Params, p page.AdminAppForm) page.AdminAppForm {
	if p.New {
		p.Kind = form.Get("kind")
	}
	p.Name, p.Redirects, p.PostRedirects = form.Get("client_name"), form.Get("redirect_uris"), form.Get("post_logout_redirect_uris")
	p.Backchannel, p.Frontchannel = form.Get("backchannel_logout_uri"), form.Get("frontchannel_logout_uri")
	p.Scope, p.SkipConsent = form.Get("scope"), form.Get("skip_consent") == "yes"
	if n, err := strconv.ParseInt(form.Get("version"), 10, 64); err == nil {
		p.Version = n
	}
	return p
}

// metadata is what a form makes of an application; what the form does not show stays.
func metadata(p page.AdminAppForm, m client.Metadata) client.Metadata {
	m.ClientName, m.Scope, m.SkipConsent = strings.TrimSpace(p.Name), strings.Join(strings.Fields(p.Scope), " "), p.SkipConsent
	m.RedirectURIs, m.PostLogoutRedirectURIs = strings.Fields(p.Redirects), strings.Fields(p.PostRedirects)
	m.BackchannelLogoutURI, m.FrontchannelLogoutURI = strings.TrimSpace(p.Backchannel), strings.TrimSpace(p.Frontchannel)
	return m
}

// registered says what of an application is not accepted; the error is returned where it is none of the person's.
func registered(err error) (page.Errors, error) {
	var field *client.FieldError
	if errors.As(err, &field) {
		name := field.Field
		if !slices.Contains([]string{"client_name", "redirect_uris", "post_logout_redirect_uris", "backchannel_logout_uri",
			"frontchannel_logout_uri", "scope"}, name) {
			return page.Fault("", page.NotAccepted, name+": "+field.Reason), nil
		}
		return page.Fault(name, page.NotAccepted, field.Reason), nil
	}
	return nil, err
}

func shownOr(v *visit, p page.Page, faults page.Errors, err error) error {
	if err != nil {
		return err
	}
	return v.show(p, faults)
}

// algorithm makes the first key of an algorithm that nobody has used so far, before there is an application that needs it.
func (h *Handlers) algorithm(ctx context.Context, m client.Metadata) error {
	if m.IDTokenAlg == "" {
		return nil
	}
	return h.Ring.Ensure(ctx, m.IDTokenAlg)
}
