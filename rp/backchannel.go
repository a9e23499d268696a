package rp

import (
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"time"
)

// logoutEvent is the member of events that makes a token a logout token (Back-Channel Logout 1.0, 2.4).
const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// backChannelLogout takes a logout token from the provider (Back-Channel Logout 1.0, 2.5):
//
//  1. the form has one logout_token;
//  2. the token is what 2.6 asks for, and its jti has not been seen;
//  3. the web sessions are dropped, by sid, or without one all that the user had by then.
//
// Anybody may post here, so nothing is believed before the signature is.
func (a *App) backChannelLogout(w http.ResponseWriter, r *http.Request) {
	raw, wrong := logoutParam(w, r)
	if wrong != "" {
		answerLogout(w, "invalid_request", wrong)
		return
	}
	claims, err := a.verifyLogoutToken(r.Context(), raw)
	if errors.Is(err, ErrUnavailable) {
		a.cfg.Logger.WarnContext(r.Context(), "logout token not checked", "err", err)
		answerLogout(w, "temporarily_unavailable", "The keys of the issuer cannot be read")
		return
	}
	if err != nil {
		a.cfg.Logger.WarnContext(r.Context(), "logout token refused", "err", err)
		answerLogout(w, "invalid_request", "The logout token is not valid")
		return
	}
	if err := a.backChannelEnd(r.Context(), claims); err != nil {
		a.cfg.Logger.ErrorContext(r.Context(), "back-channel logout failed", "sid", claims.String("sid"), "err", err)
		answerLogout(w, "server_error", "The session could not be ended")
		return
	}
	answerLogout(w, "", "")
}

// logoutParam returns the token. wrong says what is wrong with the request, for its sender.
func logoutParam(w http.ResponseWriter, r *http.Request) (raw, wrong string) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/x-www-form-urlencoded" {
		return "", "The request is not a form"
	}
	r.Body = http.MaxBytesReader(w, r.Body, 2*maxToken)
	if err := r.ParseForm(); err != nil {
		return "", "The form cannot be read"
	}
	// From the body alone: an address stands in logs.
	if v := r.PostForm["logout_token"]; len(v) == 1 && v[0] != "" {
		return v[0], ""
	}
	return "", "The form needs one logout_token"
}

// verifyLogoutToken follows Back-Channel Logout 1.0, 2.6; the numbers are those of its list.
func (a *App) verifyLogoutToken(ctx context.Context, raw string) (Claims, error) {
	// 2, 3: signed with one of the algorithms that ID tokens may have, never none. 2.4, 4.1: typ is logout+jwt or absent.
	// Any other would be a token of another kind.
	claims, _, err := a.provider.verify(ctx, raw, "logout+jwt", "")
	if err != nil {
		return nil, err
	}
	// 4: iss, aud, iat and exp as in ID tokens.
	if err := a.provider.checkOrigin(claims, []string{a.cfg.ClientID}); err != nil {
		return nil, err
	}
	if err := a.checkParty(claims); err != nil {
		return nil, err
	}
	// 5: sub, sid or both, and each a name.
	if claims.String("sub") == "" && claims.String("sid") == "" {
		return nil, invalid("neither sub nor sid")
	}
	for _, name := range []string{"sub", "sid"} {
		if _, present := claims[name]; present && claims.String(name) == "" {
			return nil, invalid("%s %v", name, claims[name])
		}
	}
	// 6: a JSON object with the member, which is an object too (2.4).
	events, _ := claims["events"].(map[string]any)
	if _, ok := events[logoutEvent].(map[string]any); !ok {
		return nil, invalid("events %v", claims["events"])
	}
	// 7: with a nonce it could be an ID token, taken from a browser.
	if _, present := claims["nonce"]; present {
		return nil, invalid("nonce in a logout token")
	}
	if claims.String("jti") == "" { // 2.4
		return nil, invalid("no jti")
	}
	exp, err := a.provider.checkTimes(claims)
	if err != nil {
		return nil, err
	}
	// 8: last, so that a stranger cannot use up a jti. It is remembered while the token could be used again.
	if !a.logouts.take(claims.String("jti"), min(exp.Add(a.cfg.Leeway).Sub(a.cfg.Now()), 24*time.Hour)) {
		return nil, invalid("jti %q seen before", claims.String("jti"))
	}
	return claims, nil
}

func (a *App) backChannelEnd(ctx context.Context, claims Claims) error {
	at, _ := claims.Time("iat")
	e := SessionEnd{SessionID: claims.String("sid"), Subject: claims.String("sub"), EndedAt: at, Channel: ChannelBack,
		Reason: claims.String("end_reason")}
	if _, err := a.end(ctx, e); err != nil {
		a.logouts.forget(claims.String("jti")) // the provider may try again with the same token
		return err
	}
	return nil
}

// answerLogout answers as 2.8 says: 200, or 400 for a request that is not valid and for a logout that failed alike.
func answerLogout(w http.ResponseWriter, code, description string) {
	w.Header().Set("Cache-Control", "no-store")
	if code == "" {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	// An error here is a provider that went away.
	_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": description})
}
