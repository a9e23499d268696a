package rp

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Bearer lets requests with a valid access token, granted all of the scopes, through to next.
func (a *App) Bearer(next http.Handler, scopes ...string) http.Handler {
	return a.verifier.Bearer(next, scopes...)
}

// Bearer lets requests with a valid access token, granted all of the scopes, through to next. Others are
// answered as RFC 6750 3 says: 401 without a token or with a bad one, 403 with too narrow a scope. When the
// provider's keys cannot be read the answer is 503, for the token may well be good.
func (v *Verifier) Bearer(next http.Handler, scopes ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Authorization")
		raw, given, wrong := bearerToken(r)
		if wrong != "" {
			refuse(w, http.StatusBadRequest, "invalid_request", wrong, "")
			return
		}
		if !given {
			// RFC 6750 3.1: no error code for one who did not try.
			refuse(w, http.StatusUnauthorized, "", "", "")
			return
		}
		id, err := v.Verify(r.Context(), raw)
		switch {
		case errors.Is(err, ErrUnavailable):
			w.Header().Set("Retry-After", "2")
			http.Error(w, "The token cannot be checked right now.", http.StatusServiceUnavailable)
			return
		case errors.Is(err, ErrExpiredToken):
			refuse(w, http.StatusUnauthorized, "invalid_token", "The access token expired", "")
			return
		case errors.Is(err, ErrEndedSession):
			refuse(w, http.StatusUnauthorized, "invalid_token", "The session has ended", "")
			return
		case err != nil:
			refuse(w, http.StatusUnauthorized, "invalid_token", "The access token is not valid", "")
			return
		}
		for _, s := range scopes {
			if !slices.Contains(id.Scopes, s) {
				refuse(w, http.StatusForbidden, "insufficient_scope", "", strings.Join(scopes, " "))
				return
			}
		}
		next.ServeHTTP(w, r.WithContext(NewContext(r.Context(), id)))
	})
}

// bearerToken takes the token from the Authorization header alone: in an address or a form it would end
// up in logs and histories (RFC 9700 4.3.2). wrong says what is wrong with the request, for its sender.
func bearerToken(r *http.Request) (token string, given bool, wrong string) {
	values := r.Header.Values("Authorization")
	if len(values) > 1 {
		return "", false, "More than one Authorization header"
	}
	if len(values) == 0 {
		return "", false, ""
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", false, ""
	}
	if token = strings.TrimSpace(token); token == "" {
		return "", false, "The Authorization header has no token"
	}
	return token, true, ""
}

// refuse writes the challenge. All arguments are this file's or the application's own words.
func refuse(w http.ResponseWriter, status int, code, description, scope string) {
	challenge := "Bearer"
	sep := " "
	for _, p := range [][2]string{{"error", code}, {"error_description", description}, {"scope", scope}} {
		if p[1] != "" {
			challenge += fmt.Sprintf(`%s%s=%q`, sep, p[0], p[1])
			sep = ", "
		}
	}
	h := w.Header()
	h.Set("WWW-Authenticate", challenge)
	h.Set("Cache-Control", "no-store")
	http.Error(w, http.StatusText(status), status)
}
