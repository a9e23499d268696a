package op

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/session"
)

// authorize is the authorization endpoint (OpenID Connect Core 3.1.2).
//
//  1. Until client and redirect URI are known to belong together, errors are shown here and sent nowhere: otherwise this
//     endpoint would redirect to whatever a link says (RFC 6749 4.1.2.1, RFC 9700 4.11).
//  2. Everything else that is wrong goes back to the client.
//  3. The request is stored, bound to this browser, and the sign-in begins; or it is answered at once.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	httpx.NoStore(w.Header())
	w.Header().Set("Referrer-Policy", "no-referrer")
	q, err := httpx.ReadQueryOrForm(r)
	if err != nil {
		p.badRequestPage(w, r, err)
		return
	}
	c, err := p.Clients.Get(r.Context(), q.Get("client_id"))
	if errors.Is(err, client.ErrUnknown) {
		p.Pages.Error(w, r, http.StatusBadRequest, "invalid_client", "The application that sent you here is not registered.")
		return
	}
	if err != nil {
		p.failPage(w, r, err)
		return
	}
	if !c.MatchRedirect(q.Get("redirect_uri")) {
		p.Pages.Error(w, r, http.StatusBadRequest, "invalid_request",
			"The application that sent you here asked to get you back at an address that it has not registered.")
		return
	}
	current, err := p.Sessions.Current(r)
	if err != nil && !errors.Is(err, session.ErrNone) {
		p.failPage(w, r, err)
		return
	}
	p.Sessions.KeepState(w, r, current)
	params, err := p.readAuthRequest(r, c, q)
	if err != nil {
		p.authorizeError(w, r, params, current, err)
		return
	}
	p.beginSignIn(w, r, params, current)
}

// authError is an error that goes back to the client (RFC 6749 4.1.2.1, OpenID Connect Core 3.1.2.6).
type authError struct{ code, description string }

func (e *authError) Error() string { return e.code + ": " + e.description }

func (p *Provider) authorizeError(w http.ResponseWriter, r *http.Request, params authflow.Params, current *session.Current, err error) {
	var known *authError
	if !errors.As(err, &known) {
		p.failPage(w, r, err)
		return
	}
	p.answer(w, r, p.Flows.Error(params, current, known.code, known.description))
}

// readAuthRequest checks what was asked for. The params it returns with an error are good enough to answer with.
func (p *Provider) readAuthRequest(r *http.Request, c *client.Client, q *httpx.Params) (authflow.Params, error) {
	a := authflow.Params{ClientID: c.ID, RedirectURI: q.Get("redirect_uri"), State: q.Get("state"), Nonce: q.Get("nonce"),
		CodeChallenge: q.Get("code_challenge"), Prompt: strings.Fields(q.Get("prompt")), LoginHint: q.Get("login_hint"),
		UILocales: strings.Fields(q.Get("ui_locales")), ACRValues: strings.Fields(q.Get("acr_values"))}
	switch mode := q.Get("response_mode"); mode {
	case "", authflow.ModeQuery, authflow.ModeFragment, authflow.ModeFormPost:
		a.ResponseMode = mode
	default:
		return a, &authError{"invalid_request", "response_mode is not supported"}
	}
	if q.Has("request") {
		return a, &authError{"request_not_supported", "request objects are not supported"}
	}
	if q.Has("request_uri") {
		return a, &authError{"request_uri_not_supported", "request_uri is not supported"}
	}
	if q.Has("registration") {
		return a, &authError{"registration_not_supported", "registration is not supported"}
	}
	switch q.Get("response_type") {
	case "code":
	case "":
		return a, &authError{"invalid_request", "response_type is missing"}
	default:
		return a, &authError{"unsupported_response_type", "only code is supported"}
	}
	if !c.Allows(client.GrantCode) {
		return a, &authError{"unauthorized_client", "the client may not use authorization_code"}
	}
	if err := checkPKCE(c, q); err != nil {
		return a, err
	}
	// All of these are stored, for whoever asks.
	for _, name := range []string{"state", "nonce", "login_hint", "prompt", "acr_values", "ui_locales"} {
		if len(q.Get(name)) > 2000 {
			return a, &authError{"invalid_request", name + " is longer than 2000 bytes"}
		}
	}
	if a.Scope = requestedScope(c, q.Get("scope")); a.Scope == "" {
		return a, &authError{"invalid_scope", "no scope that the client may ask for"}
	}
	if err := readPrompt(&a, q); err != nil {
		return a, err
	}
	return a, p.readHints(r, c, q, &a)
}

// checkPKCE: S256 only (RFC 9700 2.1.1). A challenge without a method means plain (RFC 7636 4.3), which is refused like any
// other method, not taken for S256.
func checkPKCE(c *client.Client, q *httpx.Params) error {
	challenge, method := q.Get("code_challenge"), q.Get("code_challenge_method")
	if challenge == "" && method == "" && c.PKCENotRequired {
		return nil
	}
	if challenge == "" {
		return &authError{"invalid_request", "code_challenge is required (PKCE, S256)"}
	}
	if method != "S256" {
		return &authError{"invalid_request", "code_challenge_method must be S256"}
	}
	if len(challenge) != 43 || strings.ContainsFunc(challenge, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_'
	}) {
		return &authError{"invalid_request", "code_challenge is malformed"}
	}
	return nil
}

// requestedScope narrows to what the client registered (RFC 6749 3.3: less may be granted than was asked for). Lasting
// access is for clients that can keep it.
func requestedScope(c *client.Client, scope string) string {
	var out []string
	for _, s := range strings.Fields(c.MayScope(scope)) {
		if s == "offline_access" && !c.Allows(client.GrantRefresh) {
			continue
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func readPrompt(a *authflow.Params, q *httpx.Params) error {
	for _, v := range a.Prompt {
		switch v {
		case "none":
			if len(a.Prompt) > 1 { // Core 3.1.2.1
				return &authError{"invalid_request", "prompt none stands alone"}
			}
		case "login", "consent", "select_account":
		case "create":
			a.Create = true
		default:
			return &authError{"invalid_request", "prompt is not supported"}
		}
	}
	if text := q.Get("max_age"); text != "" {
		n, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return &authError{"invalid_request", "max_age is not a number of seconds"}
		}
		age := int64(n)
		a.MaxAge = &age
	}
	return nil
}

func (p *Provider) readHints(r *http.Request, c *client.Client, q *httpx.Params, a *authflow.Params) error {
	if hint := q.Get("id_token_hint"); hint != "" {
		claims, err := p.Tokens.ReadHint(r.Context(), hint)
		if err != nil || claims.Audience != c.ID {
			return &authError{"invalid_request", "id_token_hint is not an ID token of this client"}
		}
		a.HintSubject = claims.Subject
	}
	text := q.Get("claims")
	if text == "" {
		return nil
	}
	claims, err := parseClaims(text)
	if err != nil {
		return &authError{"invalid_request", "claims is not the JSON of OpenID Connect Core 5.5"}
	}
	if sub := claims.subject(); sub != "" {
		if a.HintSubject != "" && a.HintSubject != sub {
			return &authError{"invalid_request", "claims and id_token_hint name two users"}
		}
		a.HintSubject = sub
	}
	if values, essential := claims.acr(); len(values) > 0 {
		a.ACRValues, a.ACREssential = values, essential
	}
	a.ClaimScope = claims.allowed(c)
	a.Claims, err = json.Marshal(claims)
	return err
}

// beginSignIn stores the request and goes to its first step, or answers it at once. current is the browser's active
// session, nil for none.
func (p *Provider) beginSignIn(w http.ResponseWriter, r *http.Request, params authflow.Params, current *session.Current) {
	ctx := r.Context()
	flow, err := p.Flows.Begin(ctx, params, p.Sessions.Browser(w, r))
	if err != nil {
		p.failPage(w, r, err)
		return
	}
	step, err := p.Flows.Next(ctx, flow, current)
	if err != nil {
		p.failPage(w, r, err)
		return
	}
	if step == authflow.StepDone {
		a, err := p.Flows.Finish(ctx, flow, current)
		if err != nil {
			p.failPage(w, r, err)
			return
		}
		p.answer(w, r, a)
		return
	}
	if slices.Contains(params.Prompt, "none") {
		p.answer(w, r, p.Flows.Error(params, current, silentError(step), "the user would have to be asked"))
		return
	}
	http.Redirect(w, r, pathSignIn+flow.ID, http.StatusSeeOther)
}

// silentError says why prompt=none cannot be answered (OpenID Connect Core 3.1.2.6).
func silentError(step authflow.Step) string {
	switch step {
	case authflow.StepConsent:
		return "consent_required"
	case authflow.StepChooseAccount:
		return "account_selection_required"
	case authflow.StepSecondFactor:
		return "interaction_required"
	default:
		return "login_required"
	}
}

// answer sends the browser back to the client.
func (p *Provider) answer(w http.ResponseWriter, r *http.Request, a *authflow.Answer) {
	if a.Mode == authflow.ModeFormPost {
		p.Pages.FormPost(w, r, a)
		return
	}
	// 303, not 307: whatever was posted here must not be posted there (RFC 9700 4.12).
	http.Redirect(w, r, a.URL(), http.StatusSeeOther)
}
