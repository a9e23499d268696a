package admin

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// scopeListen lets an application hear of the ends of its sessions.
const scopeListen = "sessions:listen"

// examples are the addresses that each stack's program is first run at: this machine, so that it works before there is a domain.
// 127.0.0.1 and not localhost, where curfew itself may be while it is tried: cookies know no ports.
var examples = map[string]string{"go": "http://127.0.0.1:8091/auth/callback", "node": "http://127.0.0.1:3000/auth/callback",
	"browser": "http://127.0.0.1:8000/", "spa": "http://127.0.0.1:8000/", "native": "http://127.0.0.1/callback"}

// newApp is the guided set-up: what is built, and then what that needs.
func (h *Handlers) newApp(v *visit) error {
	stack := v.query("stack")
	if !slices.Contains(page.StackNames(), stack) {
		p := page.AdminAppStacks{Console: v.console(page.PathAdminApps), CancelURL: page.PathAdminApps}
		for _, name := range page.StackNames() {
			p.Stacks = append(p.Stacks, page.Stack{Name: name, URL: pathNewApp + "?stack=" + name})
		}
		return v.show(p, nil)
	}
	p := h.setUp(v, stack)
	if p.Redirects = examples[stack]; p.SignsIn() {
		p.Scope = "openid profile email"
	}
	return v.show(p, nil)
}

func (h *Handlers) setUp(v *visit, stack string) page.AdminAppSetup {
	return page.AdminAppSetup{Console: v.console(page.PathAdminApps), Form: page.Form{Action: pathNewApp}, Stack: stack, CancelURL: pathNewApp,
		Auth: client.AuthBasic}
}

func (h *Handlers) createApp(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	if !slices.Contains(page.StackNames(), form.Get("stack")) {
		return errBadForm
	}
	p := h.setUp(v, form.Get("stack"))
	p.Name, p.Redirects, p.PostRedirects = form.Get("client_name"), form.Get("redirect_uris"), form.Get("post_logout_redirect_uris")
	p.Backchannel, p.Scope, p.SkipConsent = form.Get("backchannel_logout_uri"), form.Get("scope"), form.Get("skip_consent") == "yes"
	if auth := form.Get("token_endpoint_auth_method"); p.Stack == "oidc" {
		if !slices.Contains([]string{client.AuthBasic, client.AuthPost, client.AuthNone}, auth) {
			return errBadForm
		}
		p.Auth = auth
	}
	if p.Errors = setUpFaults(p); p.Errors != nil {
		return v.show(p, p.Errors)
	}
	m := h.setUpMetadata(p)
	if scope := api.BeyondRole(v.person.Role, strings.Fields(m.Scope)); scope != "" {
		p.Errors = page.Fault("scope", page.NotAccepted, scope)
		return v.show(p, p.Errors)
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
	return h.showNew(v, row, c, secret, p.Stack)
}

// taken are the last parts of paths at which the programs that render pages have something else.
var taken = []string{".", "/", "login", "logout", "backchannel-logout", "frontchannel-logout"}

// setUpFaults are what the registry does not ask for and the program needs.
func setUpFaults(p page.AdminAppSetup) page.Errors {
	if strings.TrimSpace(p.Name) == "" {
		return page.Fault("client_name", page.Required)
	}
	first, _, _ := strings.Cut(strings.TrimSpace(p.Redirects), "\n")
	u, err := url.Parse(strings.TrimSpace(first))
	switch {
	case err != nil: // the registry says what is wrong with it
	case (p.Stack == "go" || p.Stack == "node") && u.Host != "" && slices.Contains(taken, path.Base(u.Path)):
		return page.Fault("redirect_uris", page.CallbackPath)
	case p.Stack == "native" && loopbackRedirect(strings.Fields(p.Redirects)) == nil:
		return page.Fault("redirect_uris", page.CallbackLoopback)
	}
	return nil
}

// setUpMetadata is what an application of a stack registers. What was left empty follows from the first redirect URI where the
// stack's program decides it.
func (h *Handlers) setUpMetadata(p page.AdminAppSetup) client.Metadata {
	m := client.Metadata{ClientName: strings.TrimSpace(p.Name), Scope: strings.Join(strings.Fields(p.Scope), " ")}
	switch p.Stack {
	case "curl":
		m.GrantTypes = []string{client.GrantClientCredentials}
		return m
	case "go":
		m.GrantTypes = []string{client.GrantCode, client.GrantRefresh, client.GrantClientCredentials} // the last to follow the ends
		m.Scope = withListen(m.Scope)
	case "browser", "spa":
		m.TokenEndpointAuthMethod = client.AuthNone
	case "native":
		m.TokenEndpointAuthMethod, m.ApplicationType = client.AuthNone, "native"
	case "oidc":
		m.TokenEndpointAuthMethod = p.Auth
	}
	m.SkipConsent = p.SkipConsent
	m.RedirectURIs, m.PostLogoutRedirectURIs = strings.Fields(p.Redirects), strings.Fields(p.PostRedirects)
	if len(m.RedirectURIs) == 0 {
		return m
	}
	home := origin(m.RedirectURIs[0])
	if len(m.PostLogoutRedirectURIs) == 0 && home != "" && p.Stack != "native" { // or signing out leads nowhere
		m.PostLogoutRedirectURIs = []string{home + "/"}
	}
	if !p.Hears() {
		return m
	}
	m.BackchannelLogoutURI = strings.TrimSpace(p.Backchannel)
	// On this machine it is reached from this machine alone.
	if u, err := url.Parse(m.RedirectURIs[0]); m.BackchannelLogoutURI == "" && err == nil && p.Stack != "oidc" && (!loopback(home) || loopback(h.Issuer)) {
		m.BackchannelLogoutURI = home + (&url.URL{Path: backchannelPath(u)}).EscapedPath()
	}
	m.BackchannelLogoutSessionRequired = m.BackchannelLogoutURI != ""
	return m
}

func loopback(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

func withListen(scope string) string {
	if slices.Contains(strings.Fields(scope), scopeListen) {
		return scope
	}
	if scope == "" { // the registry's default, which it would not add to
		scope = "openid profile email"
	}
	return scope + " " + scopeListen
}

// registered says what of an application is not accepted; the error is returned where it is none of the person's.
func registered(err error) (page.Errors, error) {
	var field *client.FieldError
	if !errors.As(err, &field) {
		return nil, err
	}
	if !slices.Contains(page.AppFields(), field.Field) {
		return page.Fault("", page.NotAccepted, field.Field+": "+field.Reason), nil
	}
	return page.Fault(field.Field, page.NotAccepted, field.Reason), nil
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

// ticked tells whether a box was.
func ticked(form *httpx.Params, name string) bool { return form.Get(name) == "yes" }
