package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/curfew-id/curfew/op/token"
)

// cause is one way in which a session ends.
type cause struct {
	name string
	// end asks for the end and returns when that was acknowledged. It is nil where the end comes by itself.
	end func(ctx context.Context, r *rig, h *held) error
	// What the session is seeded with: a user with a password, with a limit of one session, with another session at hand, with a
	// consent; a browser that is known; lasting access of an app, from a code.
	password, limited, hand, consent, device, offline, code bool
	role                                                    string // of the client, "" for the usual one
	whole                                                   bool   // one call ends all the sessions of the cause and kind
	job                                                     bool   // it is true at once, and a job takes the session through the door later
}

// Names that the harness itself asks about.
const (
	causeExpired = "expired"
	causeIdle    = "idle"
	causeDeleted = "user deleted"
	causeAll     = "everybody's epoch"
	causeBrowser = "sign-out in Chromium"
)

// causes are all of them but everybody's epoch, which comes last. Where a family of refresh tokens ends and not a browser's
// session (reuse, a consent), the session is the app's lasting access: that ends through the door.
var causes = []*cause{
	{name: "sign-out by a relying party", end: signOut},
	{name: "revoked by the API", end: func(ctx context.Context, r *rig, h *held) error {
		return r.api.call(ctx, http.MethodPost, "/v1/sessions/"+h.sessionID+"/revoke")
	}},
	{name: "ended on the account page", hand: true, end: func(ctx context.Context, r *rig, h *held) error {
		return r.onPage(ctx, h, h.seed.hand, "/account/sessions/"+h.sessionID+"/end", url.Values{"confirm": {"yes"}})
	}},
	{name: "replaced by the limit", password: true, limited: true, end: signInElsewhere},
	{name: causeExpired, job: true},
	{name: causeIdle, job: true},
	{name: "password changed", password: true, hand: true, end: func(ctx context.Context, r *rig, h *held) error {
		return r.onPage(ctx, h, h.seed.hand, "/account/security/password",
			url.Values{"current_password": {password}, "new_password": {newPassword}})
	}},
	{name: "user disabled", end: func(ctx context.Context, r *rig, h *held) error {
		return r.api.call(ctx, http.MethodPost, "/v1/users/"+h.userID+"/disable")
	}},
	{name: causeDeleted, end: func(ctx context.Context, r *rig, h *held) error {
		return r.api.call(ctx, http.MethodDelete, "/v1/users/"+h.userID)
	}},
	{name: "refresh token reused", offline: true, role: roleRotating, end: reuseRefresh},
	{name: "code reused", offline: true, code: true, end: reuseCode},
	{name: "user's epoch", job: true, end: func(ctx context.Context, r *rig, h *held) error {
		return r.api.call(ctx, http.MethodPost, "/v1/users/"+h.userID+"/end_sessions")
	}},
	{name: "client's epoch", role: roleRetired, whole: true, job: true, end: func(ctx context.Context, r *rig, h *held) error {
		return r.api.call(ctx, http.MethodPost, "/v1/oauth_applications/"+h.party.clientID+"/end_sessions")
	}},
	{name: "device forgotten", device: true, end: forgetDevice},
	{name: "consent withdrawn", offline: true, hand: true, consent: true, end: func(ctx context.Context, r *rig, h *held) error {
		return r.onPage(ctx, h, h.seed.hand, "/account/apps/"+h.party.clientID+"/withdraw", url.Values{})
	}},
}

// endAll ends everybody's sessions.
func endAll(ctx context.Context, r *rig) error {
	return r.api.call(ctx, http.MethodPost, "/v1/sessions/end_all")
}

// signOut is RP-Initiated Logout 1.0 on the word of an app: its ID token, which any app of the session has.
func signOut(ctx context.Context, r *rig, h *held) error {
	_, _, hint, _ := h.holds(ctx)
	status, body, err := r.do(ctx, http.MethodGet, "/oauth/logout?"+url.Values{"id_token_hint": {hint}}.Encode(), nil)
	if err == nil && (status != http.StatusOK || hint == "") {
		err = unexpected("sign out", status, body)
	}
	return err
}

// from makes a request come from a person's browser.
func from(h *held, cookies ...*http.Cookie) func(*http.Request) {
	return func(q *http.Request) {
		q.Header.Set("X-Forwarded-For", h.seed.address)
		for _, c := range cookies {
			q.AddCookie(c)
		}
	}
}

// onPage posts a form of the account pages. They answer what was done by a redirect within themselves.
func (r *rig) onPage(ctx context.Context, h *held, session, path string, form url.Values) error {
	res, body, err := r.exchange(ctx, http.MethodPost, path, form, from(h, &http.Cookie{Name: "curfew_session", Value: session}))
	if err == nil && (res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(res.Header.Get("Location"), "/account")) {
		err = unexpected(path+" -> "+res.Header.Get("Location"), res.StatusCode, body)
	}
	return err
}

// signInElsewhere signs the person in on another browser.
func signInElsewhere(ctx context.Context, r *rig, h *held) error {
	res, body, err := r.exchange(ctx, http.MethodGet, "/signin?goal=account", nil, from(h))
	if err != nil {
		return err
	}
	flow, cookies := res.Header.Get("Location"), res.Cookies()
	if !strings.HasPrefix(flow, "/signin/") {
		return unexpected("begin to sign in", res.StatusCode, body)
	}
	for _, step := range []struct {
		path string
		form url.Values
	}{
		{"/identify", url.Values{"email": {h.seed.email}}},
		{"/password", url.Values{"password": {password}}},
	} {
		if res, body, err = r.exchange(ctx, http.MethodPost, flow+step.path, step.form, from(h, cookies...)); err != nil {
			return err
		}
		if res.StatusCode != http.StatusSeeOther {
			return unexpected("sign in at "+step.path, res.StatusCode, body)
		}
	}
	for _, c := range res.Cookies() {
		if c.Name == "curfew_session" && c.Value != "" {
			return nil
		}
	}
	return unexpected("sign in", res.StatusCode, "no session cookie")
}

// reuseRefresh presents a refresh token that the family has left behind long ago.
func reuseRefresh(ctx context.Context, r *rig, h *held) error {
	old, err := token.New(r.issuer, nil, nil, nil, r.master).Refresh(h.userID, h.familyID, 1)
	if err != nil {
		return err
	}
	if _, err = r.refresh(ctx, h.party, old); errors.Is(err, errRefused) {
		return nil
	}
	if err == nil {
		return fmt.Errorf("an old refresh token was taken")
	}
	return err
}

// reuseCode presents a code that was redeemed before.
func reuseCode(ctx context.Context, r *rig, h *held) error {
	status, body, err := r.post(ctx, "/oauth/token", url.Values{"grant_type": {"authorization_code"}, "code": {h.seed.code},
		"redirect_uri": {r.base(h.party.clientID) + "/auth/callback"}, "code_verifier": {h.seed.verifier}},
		func(q *http.Request) {
			q.SetBasicAuth(url.QueryEscape(h.party.clientID), url.QueryEscape(h.party.secret))
		})
	if err == nil && (status != http.StatusBadRequest || !strings.Contains(body, "invalid_grant")) {
		err = unexpected("redeem a code again", status, body)
	}
	return err
}

// forgetDevice takes the account off the list of its browser.
func forgetDevice(ctx context.Context, r *rig, h *held) error {
	device := &http.Cookie{Name: "curfew_device", Value: h.seed.device}
	res, body, err := r.exchange(ctx, http.MethodGet, "/signin?goal=account", nil, from(h, device))
	if err != nil {
		return err
	}
	flow := res.Header.Get("Location")
	if !strings.HasPrefix(flow, "/signin/") {
		return unexpected("look at the accounts of a browser", res.StatusCode, body)
	}
	res, body, err = r.exchange(ctx, http.MethodPost, flow+"/forget", url.Values{"account": {h.sessionID}}, from(h, device))
	if err == nil && res.StatusCode != http.StatusSeeOther {
		err = unexpected("forget", res.StatusCode, body)
	}
	return err
}

// instant asks the database when a session that ends by itself did, to the microsecond, with what was last written of it.
func (r *rig) instant(ctx context.Context, h *held) (time.Time, error) {
	var micro int64
	err := r.query(ctx, `SELECT least(expires_at, last_active_at + idle_ttl) FROM sessions WHERE id = $1`, []any{h.sessionID}, &micro)
	return time.UnixMicro(micro), err
}
