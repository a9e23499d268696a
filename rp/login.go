package rp

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// loginTTL is how long a person may take on the provider's pages, a sign-up with mail included.
	loginTTL = 30 * time.Minute
	// maxLogins bounds the cookies that abandoned sign-ins leave in one browser.
	maxLogins = 6
)

// SignInOptions shape one authorization request (OIDC Core 3.1.2.1). The zero value is the usual one.
type SignInOptions struct {
	ReturnTo  string        // path on this application to come back to; anything else becomes "/"
	Prompt    string        // none, login, consent, select_account
	LoginHint string        // the identifier the user is likely to sign in with
	ACRValues []string      // how sure the provider must be of the user
	MaxAge    time.Duration // the sign-in at the provider may be no older; zero means any age
	UILocales string        // languages of the pages, best first, separated by spaces
}

// pending is a sign-in under way. It travels in a sealed cookie of the browser that began it: a callback in
// another browser finds none, so nobody can be signed in to a stranger's account (login CSRF, RFC 9700 4.7).
type pending struct {
	State    string        `json:"s"`
	Nonce    string        `json:"n"`
	Verifier string        `json:"v"`
	ReturnTo string        `json:"r"`
	MaxAge   time.Duration `json:"m,omitempty"`
	BeganAt  time.Time     `json:"t"`
}

func (a *App) login(w http.ResponseWriter, r *http.Request) {
	a.SignIn(w, r, SignInOptions{ReturnTo: r.URL.Query().Get("return_to")})
}

// SignIn sends the browser to the provider. Use it for a step-up or another account; Require and the login
// route call it for the ordinary case.
func (a *App) SignIn(w http.ResponseWriter, r *http.Request, o SignInOptions) {
	p := pending{
		State: random(), Nonce: random(), Verifier: random(),
		ReturnTo: a.returnPath(o.ReturnTo), MaxAge: o.MaxAge, BeganAt: a.cfg.Now(),
	}
	name := a.cookies.login(p.State)
	value, err := a.seal.seal(name, p)
	if err != nil {
		a.fail(w, r, unavailable(err))
		return
	}
	if others := a.cookies.logins(r); len(others) >= maxLogins {
		for _, old := range others {
			a.cookies.clear(w, old)
		}
	}
	a.cookies.set(w, name, value, loginTTL)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, a.authorizeURL(p, o), http.StatusFound)
}

func (a *App) authorizeURL(p pending, o SignInOptions) string {
	challenge := sha256.Sum256([]byte(p.Verifier))
	q := url.Values{
		"response_type":         {"code"},
		"client_id":             {a.cfg.ClientID},
		"redirect_uri":          {a.cfg.RedirectURI},
		"scope":                 {strings.Join(a.cfg.Scopes, " ")},
		"state":                 {p.State},
		"nonce":                 {p.Nonce},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(challenge[:])},
		"code_challenge_method": {"S256"},
	}
	for name, value := range map[string]string{
		"prompt": o.Prompt, "login_hint": o.LoginHint, "acr_values": strings.Join(o.ACRValues, " "), "ui_locales": o.UILocales,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if o.MaxAge > 0 {
		q.Set("max_age", strconv.Itoa(int(o.MaxAge/time.Second)))
	}
	return withQuery(a.provider.meta.AuthorizationEndpoint, q)
}

// withQuery adds parameters to an endpoint that may have some of its own (RFC 6749 3.1).
func withQuery(endpoint string, q url.Values) string {
	sep := "?"
	if strings.Contains(endpoint, "?") {
		sep = "&"
	}
	return endpoint + sep + q.Encode()
}
