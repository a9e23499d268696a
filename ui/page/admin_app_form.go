package page

import "slices"

// AdminAppStacks asks what is being built.
type AdminAppStacks struct {
	Console
	Stacks    []Stack
	CancelURL string
}

func (AdminAppStacks) template() string { return "admin_app_stacks" }

// AdminAppSetup asks for what an application of a stack needs.
//
// Fields: stack, client_name, redirect_uris, post_logout_redirect_uris, backchannel_logout_uri, scope, skip_consent,
// token_endpoint_auth_method (of "oidc").
type AdminAppSetup struct {
	Console
	Form
	Stack                    string
	Name                     string
	Redirects, PostRedirects string // one to a line
	Backchannel, Scope, Auth string
	SkipConsent              bool
	CancelURL                string
}

func (AdminAppSetup) template() string { return "admin_app_setup" }

// SignsIn tells that people sign in to it.
func (p AdminAppSetup) SignsIn() bool { return p.Stack != "curl" }

// Hears tells that it has a server that the back channel can reach.
func (p AdminAppSetup) Hears() bool { return slices.Contains([]string{"go", "node", "oidc"}, p.Stack) }

// AdminAppForm changes an application.
//
// Fields: the members of its registration by their names in RFC 7591, lists one to a line; grant_types as often as there are;
// version.
type AdminAppForm struct {
	Console
	Form
	ID                        string
	Kind                      string
	Name                      string
	Redirects, PostRedirects  string // one to a line
	Backchannel, Frontchannel string
	Scope                     string
	SkipConsent               bool

	Auth, JWKS                                   string
	Native, PKCENotRequired                      bool
	Grants                                       []string
	Alg                                          string
	RotateRefreshTokens, NoIDTokenOnRefresh      bool
	Lifetime, IdleTimeout, MaxAge, ACRValues     string // the first three in seconds
	BackchannelSession, FrontchannelSession      bool
	Origins                                      string // one to a line
	ClientURI, LogoURI, PolicyURI, TOSURI, Mails string

	Version   int64
	CancelURL string
}

func (AdminAppForm) template() string { return "admin_app_form" }

// Granted tells whether a grant is ticked.
func (p AdminAppForm) Granted(grant string) bool { return slices.Contains(p.Grants, grant) }

// Faulty tells whether one of these fields has a fault: what they stand in is opened.
func (p AdminAppForm) Faulty(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { _, ok := p.Errors[n]; return ok })
}

// AppFields lists the fields of AdminAppForm that a fault can stand at.
func AppFields() []string {
	return []string{"client_name", "redirect_uris", "post_logout_redirect_uris", "backchannel_logout_uri", "frontchannel_logout_uri", "scope",
		"token_endpoint_auth_method", "jwks", "pkce_not_required", "grant_types", "id_token_signed_response_alg", "session_lifetime",
		"session_idle_timeout", "default_max_age", "default_acr_values", "allowed_cors_origins", "client_uri", "logo_uri", "policy_uri",
		"tos_uri", "contacts"}
}

// Ways of client authentication, and algorithms of ID tokens, by their registered names.
var (
	authMethods   = []string{"client_secret_basic", "client_secret_post", "private_key_jwt", "none"}
	idTokenAlgs   = []string{"ES256", "RS256", "PS256", "EdDSA"}
	grantsOffered = []string{"authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"}
)

// AuthChoice is a Choice among ways of client authentication; of a library's, without keys.
func (v view) AuthChoice(form Form, value, hint string, keys bool) control {
	var list []Option
	for _, m := range authMethods {
		if keys || m != "private_key_jwt" {
			list = append(list, Option{m, m})
		}
	}
	c := v.Choice(form, "token_endpoint_auth_method", v.T("admin.app.auth"), value, list)
	c.Hint = hint
	return c
}

// AlgChoice is a Choice among algorithms of ID tokens.
func (v view) AlgChoice(form Form, value string) control {
	var list []Option
	for _, a := range idTokenAlgs {
		list = append(list, Option{a, a})
	}
	c := v.Choice(form, "id_token_signed_response_alg", v.T("admin.app.alg"), value, list)
	c.Hint = v.T("admin.app.alg_hint")
	return c
}

// NeededArea is an Area that cannot be left out.
func (v view) NeededArea(form Form, name, label, hint, value string, rows int) control {
	c := v.Area(form, name, label, hint, value, rows)
	c.Required = true
	return c
}

// tick is what the part "app-tick" shows: something that is so or is not.
type tick struct {
	field
	Checked bool
}

// Tick is something that is so or is not.
func (v view) Tick(form Form, name, label, hint string, checked bool) tick {
	f := v.field(form, name, false)
	f.Value, f.Label, f.Hint = "yes", label, hint
	return tick{f, checked}
}

// GrantTicks are the grants that can be registered, by their names.
func (v view) GrantTicks(p AdminAppForm) (list []tick) {
	for i, g := range grantsOffered {
		f := v.field(p.Form, "grant_types", false)
		f.ID, f.Value, f.Label, f.Fault, f.Focus = f.ID+"-"+string(rune('1'+i)), g, g, "", false
		if i == 0 { // where the summary leads to
			f.ID = "f-grant_types"
		}
		list = append(list, tick{f, p.Granted(g)})
	}
	return list
}

// FaultOf is the words of a field's fault, "" for none.
func (v view) FaultOf(form Form, name string) string { return v.field(form, name, false).Fault }

// Count is a number in words.
func (v view) Count(n int) string { return v.Number(int64(n)) }
