package rp

import (
	"errors"
	"net/http"
	"strings"
)

// Require lets signed-in users through to next and sends others to sign in: by redirect where a person
// navigates, by 401 where a script asks. While the provider does not answer and the token has expired it
// is 503: the session may be good, but nobody can say so.
func (a *App) Require(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := a.session(r)
		switch {
		case err == nil:
			a.serve(w, r, next, s)
		case errors.Is(err, ErrNoSession):
			a.challenge(w, r)
		default:
			a.fail(w, r, unavailable(err))
		}
	})
}

// Identify is Require for pages that strangers see too: FromContext tells whether somebody is signed in.
func (a *App) Identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := a.session(r)
		switch {
		case err == nil:
			a.serve(w, r, next, s)
		case errors.Is(err, ErrNoSession):
			a.forget(w, r)
			w.Header().Add("Vary", "Cookie")
			next.ServeHTTP(w, r)
		default:
			a.fail(w, r, unavailable(err))
		}
	})
}

func (a *App) serve(w http.ResponseWriter, r *http.Request, next http.Handler, s *WebSession) {
	// What a signed-in user sees must not be seen by going back after the session has ended.
	w.Header().Set("Cache-Control", "no-store")
	next.ServeHTTP(w, r.WithContext(NewContext(r.Context(), a.identity(s))))
}

func (a *App) challenge(w http.ResponseWriter, r *http.Request) {
	a.forget(w, r)
	if navigates(r) {
		a.SignIn(w, r, SignInOptions{ReturnTo: r.URL.RequestURI()})
		return
	}
	a.fail(w, r, &Failure{
		Status: http.StatusUnauthorized, Code: CodeSignInRequired,
		Message: "You are not signed in, or the session has ended. Please sign in.",
	})
}

// forget clears the cookie of a session that is over.
func (a *App) forget(w http.ResponseWriter, r *http.Request) {
	if _, err := r.Cookie(a.cookies.session()); err == nil {
		a.cookies.clear(w, a.cookies.session())
	}
}

// navigates reports whether a redirect to the provider's pages would reach a person: fetch cannot show
// them, a frame may not, and what a form carried would be lost.
func navigates(r *http.Request) bool {
	if r.Method != http.MethodGet {
		return false
	}
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		dest := r.Header.Get("Sec-Fetch-Dest")
		return mode == "navigate" && (dest == "" || dest == "document") && r.Header.Get("Sec-Purpose") == ""
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}
