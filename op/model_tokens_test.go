package op_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

func (w *modelWorld) stepCode() {
	c := w.issueCode()
	if c != nil && pick(w.rt, "redeemed", []bool{true, true, true, false}) { // most codes are redeemed at once
		w.redeemCode(c)
	}
}

// issueCode stores a code as authflow.Finish does, for whom a browser is signed in; nil where nobody is.
func (w *modelWorld) issueCode() *modelCode {
	got, s := w.current(pick(w.rt, "browser", w.browsers))
	if got == nil {
		return nil
	}
	now := w.clock.Now()
	c := &modelCode{value: secret.New(32), family: id.New(id.Family), client: pick(w.rt, "client", w.clients), session: s,
		offline: pick(w.rt, "offline", []bool{true, false, false, false}), expires: now.Add(authflow.CodeTTL)}
	w.must(w.store.InsertCode(w.Context(), &storage.Code{Hash: secret.Hash(c.value), ClientID: c.client.id, UserID: s.user.id,
		SessionID: s.id, RedirectURI: w.redirectOf(c.client.id), CodeChallenge: challenge(), Scope: "openid", FamilyID: c.family,
		Offline: c.offline, CreatedAt: storage.At(now), ExpiresAt: storage.At(c.expires)}))
	w.codes = append(w.codes, c)
	return c
}

func (w *modelWorld) stepRedeem() {
	w.redeemCode(pick(w.rt, "code", filter(w.codes, func(c *modelCode) bool { return c.redeemed == nil })))
}

func (w *modelWorld) stepRedeemAgain() {
	w.redeemCode(pick(w.rt, "code", filter(w.codes, func(c *modelCode) bool { return c.redeemed != nil })))
}

// stepRedeemStolen presents a code by another client, or without its verifier: that changes nothing.
func (w *modelWorld) stepRedeemStolen() {
	c := pick(w.rt, "code", w.codes)
	if by := pick(w.rt, "thief", w.clients); by != c.client {
		w.kit.redeem(by.id, c.value).wantError(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	w.kit.redeem(c.client.id, c.value, "code_verifier", strings.Repeat("x", 43)).wantError(w, http.StatusBadRequest, "invalid_grant")
}

func (w *modelWorld) redeemCode(c *modelCode) {
	now := w.clock.Now()
	a := w.kit.redeem(c.client.id, c.value)
	if c.deleted || c.redeemed != nil || !c.expires.After(now) || !c.session.live(now) {
		a.wantError(w, http.StatusBadRequest, "invalid_grant")
		if c.redeemed != nil && !c.deleted { // RFC 6749 4.1.2
			c.reused++
			w.revoke(c.redeemed, logout.Cause{Status: storage.StatusRevoked, Reason: logout.CodeReused, By: logout.System})
		}
		return
	}
	got := a.tokens(w)
	s := c.session
	s.takePart(c.client.id)
	if c.offline {
		s = &modelSession{user: s.user, lastActive: now, idle: 30 * 24 * time.Hour, expires: now.Add(400 * 24 * time.Hour)}
		if s.user.admin {
			s.idle, s.expires = 15*time.Minute, now.Add(12*time.Hour)
		}
		s.takePart(c.client.id)
		w.sessions = append(w.sessions, s)
	}
	f := &modelFamily{id: c.family, session: s, client: c.client, generation: 1, rotated: now, tokens: map[int64]string{1: got.RefreshToken}}
	c.redeemed, w.families = f, append(w.families, f)
	w.accept(f, got)
}

// accept looks at an answer with tokens. An offline session is known from its first one.
func (w *modelWorld) accept(f *modelFamily, got issued) {
	now := w.clock.Now()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(got.AccessToken, ".")[1])
	w.must(err)
	var claims struct {
		Subject   string `json:"sub"`
		SessionID string `json:"sid"`
		ExpiresAt int64  `json:"exp"`
	}
	w.must(json.Unmarshal(payload, &claims))
	if f.session.id == "" {
		f.session.id = claims.SessionID
	}
	if claims.ExpiresAt > now.Add(time.Minute).Unix() || got.ExpiresIn > 60 {
		w.Fatalf("a token that lives until %d, read at %d", claims.ExpiresAt, now.Unix())
	}
	if claims.SessionID != f.session.id || claims.Subject != f.session.user.id {
		w.Fatalf("a token of %s in %s, want %+v", claims.Subject, claims.SessionID, f.session)
	}
	w.access = append(w.access, &modelAccess{got.AccessToken, f, claims.ExpiresAt})
}

// takeBack revokes by the protocol (RFC 7009) whatever the token is worth.
func (w *modelWorld) takeBack(f *modelFamily, by *modelClient, value string, known bool) {
	if a := w.call("/oauth/revoke", by.id, url.Values{"token": {value}}); a.StatusCode != http.StatusOK {
		w.Fatalf("revocation: %d %s", a.StatusCode, a.body)
	}
	if !known || by != f.client || f.revoked {
		return
	}
	f.revoke++
	w.revoke(f, logout.Cause{Status: storage.StatusEnded, Reason: logout.SignedOut, By: by.id})
}

func (w *modelWorld) stepRevokeRefresh() {
	f := pick(w.rt, "family", w.families)
	w.takeBack(f, pick(w.rt, "client", w.clients), f.tokens[f.generation], true)
}

func (w *modelWorld) stepRevokeAccess() {
	t := pick(w.rt, "token", w.access)
	w.takeBack(t.family, pick(w.rt, "client", w.clients), t.value, w.good(t))
}

func (w *modelWorld) good(t *modelAccess) bool {
	now := w.clock.Now()
	return now.Unix() < t.expires && t.family.live(now)
}

// stepIntrospectAccess also asks userinfo, which must say the same.
func (w *modelWorld) stepIntrospectAccess() {
	t := pick(w.rt, "token", w.access)
	if got, want := w.active("gateway", t.value), w.good(t); got != want {
		w.Fatalf("access token active: %t, want %t", got, want)
	}
	if a := w.userinfo(t.value); (a.StatusCode == http.StatusOK) != w.good(t) {
		w.Fatalf("userinfo: %d, want %t", a.StatusCode, w.good(t))
	}
}

func (w *modelWorld) stepIntrospectRefresh() {
	f := w.liveFamily()
	presented := rapid.Int64Range(1, f.generation).Draw(w.rt, "generation")
	value, err := w.tokens.Refresh(f.session.user.id, f.id, presented)
	w.must(err)
	want := presented == f.generation && f.live(w.clock.Now())
	if got := w.active("gateway", value); got != want {
		w.Fatalf("refresh token active: %t, want %t", got, want)
	}
}
