package rp

import (
	"crypto/subtle"
	"html/template"
	"net/http"
	"net/url"
	"time"
)

// signOutTTL is how long a person may take on the provider's confirmation page.
const signOutTTL = 15 * time.Minute

// logout ends the web session here and then, by RP-Initiated Logout 1.0, the session at the provider. Only
// a form of this application may ask for it.
//
// The way on is a page and not a redirect: browsers hold every redirect after a form against the
// application's own form-action policy, and one with form-action 'self' would go nowhere at all.
func (a *App) logout(w http.ResponseWriter, r *http.Request) {
	var csrf http.CrossOriginProtection
	if err := csrf.Check(r); err != nil {
		a.fail(w, r, &Failure{
			Status: http.StatusForbidden, Code: CodeInvalidRequest,
			Message: "Sign-out was asked for by another site.", Err: err,
		})
		return
	}
	hint := ""
	if id, ok := a.cookieID(r); ok {
		if s, err := a.cfg.Store.Get(r.Context(), id); err == nil {
			hint = s.IDToken
		}
		if err := a.cfg.Store.Delete(r.Context(), id); err != nil {
			a.fail(w, r, unavailable(err)) // still signed in: say so
			return
		}
	}
	a.cookies.clear(w, a.cookies.session())
	onward(w, a.endSessionURL(w, hint))
}

// endSessionURL is where the browser goes next: to the provider, or home if the provider has no such place.
func (a *App) endSessionURL(w http.ResponseWriter, hint string) string {
	back := a.cfg.PostLogoutRedirectURI
	if a.provider.meta.EndSessionEndpoint == "" {
		if back == "" {
			return "/"
		}
		return back
	}
	q := url.Values{"client_id": {a.cfg.ClientID}}
	if hint != "" {
		q.Set("id_token_hint", hint)
	}
	if back != "" {
		state := random()
		a.cookies.set(w, a.cookies.signedOut(), state, signOutTTL)
		q.Set("post_logout_redirect_uri", back)
		q.Set("state", state)
	}
	return withQuery(a.provider.meta.EndSessionEndpoint, q)
}

// SignedOut reports, at PostLogoutRedirectURI, whether this browser comes back from a sign-out that it
// began here. It answers true once.
func (a *App) SignedOut(w http.ResponseWriter, r *http.Request) bool {
	c, err := r.Cookie(a.cookies.signedOut())
	state := r.URL.Query().Get("state")
	if err != nil || state == "" || subtle.ConstantTimeCompare([]byte(c.Value), []byte(state)) != 1 {
		return false
	}
	a.cookies.clear(w, a.cookies.signedOut())
	return true
}

var onwardPage = template.Must(template.New("onward").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Signing out</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="0; url={{.}}"></head>
<body><p><a href="{{.}}">Continue</a></p></body></html>
`))

func onward(w http.ResponseWriter, address string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
	// An error here is a browser that went away.
	_ = onwardPage.Execute(w, address)
}
