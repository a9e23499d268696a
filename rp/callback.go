package rp

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// callback takes the provider's answer:
//
//  1. it must belong to a sign-in that this browser began and has not finished (state);
//  2. it must come from the provider that was asked (iss, RFC 9207);
//  3. the code is exchanged, with the verifier that only this browser's cookie holds;
//  4. the ID token must be the one for this sign-in (nonce);
//  5. a new session begins under a new cookie.
func (a *App) callback(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer") // the address holds the code
	q, f := callbackParams(r)
	if f != nil {
		a.fail(w, r, f)
		return
	}
	p, f := a.takePending(w, r, q.Get("state"))
	if f != nil {
		a.fail(w, r, f)
		return
	}
	if f := a.checkAnswer(q); f != nil {
		a.fail(w, r, f)
		return
	}
	s, err := a.exchange(r.Context(), q.Get("code"), p)
	if err != nil {
		a.fail(w, r, signInFailure(err))
		return
	}
	if err := a.begin(w, r, s); errors.Is(err, ErrNoSession) {
		a.fail(w, r, &Failure{
			Status: http.StatusForbidden, Code: CodeSessionEnded,
			Message: "Your session was ended while you were signing in. Please sign in again.", Err: err,
		})
		return
	} else if err != nil {
		a.fail(w, r, unavailable(err))
		return
	}
	http.Redirect(w, r, p.ReturnTo, http.StatusSeeOther)
}

func callbackParams(r *http.Request) (url.Values, *Failure) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	for name, values := range q {
		if len(values) > 1 { // RFC 6749 3.1: each at most once
			err = fmt.Errorf("parameter %s repeated", name)
		}
	}
	if err != nil || q.Get("state") == "" || (q.Get("code") == "") == (q.Get("error") == "") {
		return nil, &Failure{
			Status: http.StatusBadRequest, Code: CodeInvalidRequest,
			Message: "This is not an answer of the sign-in service. Please sign in again.", Err: err,
		}
	}
	return q, nil
}

// takePending finds the sign-in that state belongs to and uses it up. The cookie is cleared, and the
// state remembered, for a copy of the cookie would survive the clearing.
func (a *App) takePending(w http.ResponseWriter, r *http.Request, state string) (pending, *Failure) {
	expired := &Failure{
		Status: http.StatusBadRequest, Code: CodeSignInExpired,
		Message: "This sign-in was begun in another browser, took too long or is already finished. Please sign in again.",
	}
	var p pending
	name := a.cookies.login(state)
	cookie, err := r.Cookie(name)
	if err != nil {
		return p, expired
	}
	if err := a.seal.open(name, cookie.Value, &p); err != nil {
		a.cookies.clear(w, name)
		return p, expired
	}
	if subtle.ConstantTimeCompare([]byte(p.State), []byte(state)) != 1 {
		return p, expired // another sign-in's cookie: leave it alone
	}
	a.cookies.clear(w, name)
	if age := a.cfg.Now().Sub(p.BeganAt); age > loginTTL || !a.used.take(state, loginTTL) {
		return p, expired
	}
	return p, nil
}

func (a *App) checkAnswer(q url.Values) *Failure {
	// RFC 9207 2.4: before anything is sent anywhere, or a malicious provider could collect our code.
	meta := a.provider.meta
	if iss, present := q["iss"]; present && iss[0] != meta.Issuer || !present && meta.ResponseIssParameter {
		return &Failure{
			Status: http.StatusBadRequest, Code: CodeSignInFailed,
			Message: "The answer came from another sign-in service than the one asked. Please sign in again.",
			Err:     fmt.Errorf("iss %q, want %q", q.Get("iss"), meta.Issuer),
		}
	}
	code := q.Get("error")
	if code == "" {
		return nil
	}
	err := fmt.Errorf("provider answered %q: %q", code, q.Get("error_description"))
	switch {
	case code == "temporarily_unavailable" || code == "server_error":
		return unavailable(err)
	case !errorCode.MatchString(code):
		code = CodeSignInFailed
	}
	f := &Failure{Status: http.StatusForbidden, Code: code, Message: "The sign-in was not completed.", Err: err}
	if code == "access_denied" {
		f.Message = "The sign-in was cancelled."
	}
	return f
}

// errorCode keeps what anybody can put into the address from being shown as ours.
var errorCode = regexp.MustCompile(`^[a-z_]{1,40}$`)

// exchange redeems the code and validates what comes back.
func (a *App) exchange(ctx context.Context, code string, p pending) (*WebSession, error) {
	t, err := a.redeem(ctx, code, p.Verifier)
	if err != nil {
		return nil, err
	}
	claims, err := a.verifyIDToken(ctx, t.IDToken, t.AccessToken)
	if err != nil {
		return nil, fmt.Errorf("ID token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(claims.String("nonce")), []byte(p.Nonce)) != 1 {
		return nil, fmt.Errorf("ID token: %w", invalid("nonce"))
	}
	if p.MaxAge > 0 { // OIDC Core 3.1.2.1: auth_time is required then, and checked here
		at, ok := claims.Time("auth_time")
		if !ok || a.cfg.Now().Sub(at) > p.MaxAge+a.cfg.Leeway+time.Minute {
			return nil, fmt.Errorf("ID token: %w", invalid("auth_time"))
		}
	}
	began, _ := claims.Time("iat") // verifyIDToken has read it
	s := &WebSession{
		Subject: claims.String("sub"), SessionID: claims.String("sid"),
		Nonce: p.Nonce, Claims: claims, BeganAt: began,
	}
	if sid := tokenSession(t.AccessToken); sid != s.SessionID {
		s.LastingID = sid
	}
	s.take(t)
	if a.cfg.Userinfo {
		if s.Profile, err = a.Userinfo(ctx, a.identity(s)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func signInFailure(err error) *Failure {
	if errors.Is(err, ErrUnavailable) {
		return unavailable(err)
	}
	return &Failure{
		Status: http.StatusBadGateway, Code: CodeSignInFailed,
		Message: "The sign-in could not be completed. Please sign in again.", Err: err,
	}
}

// tokenSession returns the sid of an access token that came from the provider itself, bound to an ID token that was checked;
// empty where it is not a JWT or names none. It is looked at for nothing but that.
func tokenSession(accessToken string) string {
	parts := strings.Split(accessToken, ".")
	if len(parts) != 3 {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	claims, err := parseClaims(payload)
	if err != nil {
		return ""
	}
	return claims.String("sid")
}
