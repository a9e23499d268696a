package op_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// OpenID Connect Core 11: lasting access is for clients that can keep it, and only with consent, even where nobody is
// asked for anything else.
func TestOfflineAccessNeedsConsentAndTheRefreshGrant(t *testing.T) {
	k := light(t)
	u := k.person("user@example.com")
	b := k.signedIn(u)
	scope := []string{"scope", "openid offline_access"}
	if q := b.authorize("web", append(scope, "prompt", "none")...).location(t).Query(); q.Get("error") != "consent_required" {
		t.Errorf("without consent: %v", q)
	}
	if a := b.authorize("web", scope...); a.location(t).Path[:8] != "/signin/" {
		t.Errorf("without consent: %s", a.Header.Get("Location"))
	}
	k.must(k.consents.Grant(t.Context(), u.ID, "other", "openid offline_access")) // another client's consent
	if q := b.authorize("web", append(scope, "prompt", "none")...).location(t).Query(); q.Get("error") != "consent_required" {
		t.Errorf("with another client's consent: %v", q)
	}
	// A client without the refresh grant does not get it, and no refresh token.
	got := b.signInTo("brief", "scope", "openid offline_access")
	if got.Scope != "openid" || got.RefreshToken != "" {
		t.Errorf("brief: %+v", got)
	}
	if list, err := k.store.Sessions(t.Context(), storage.SessionFilter{UserID: u.ID}); err != nil || len(list) != 1 {
		t.Errorf("%d sessions, %v", len(list), err)
	}
}

// Promise 8: a session of its own, which outlives the browser's and ends through the same door.
func TestOfflineAccessOutlivesTheBrowserSession(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		u := k.person("user@example.com")
		b := k.signedIn(u)
		k.must(k.consents.Grant(t.Context(), u.ID, "web", "openid offline_access"))
		got := b.signInTo("web", "scope", "openid offline_access")
		browserSession := b.current().ID
		_, id := parts(t, got.IDToken)
		_, access := parts(t, got.AccessToken)
		if id["sid"] != browserSession || access["sid"] == browserSession {
			t.Errorf("ID token of session %v, access token of %v, browser of %s", id["sid"], access["sid"], browserSession)
		}
		k.end(b.current().Session)
		k.clock.Advance(8 * 24 * time.Hour)
		next := k.refresh("web", got.RefreshToken).tokens(t)
		if _, claims := parts(t, next.AccessToken); claims["sid"] != access["sid"] || claims["auth_time"] != float64(start.Unix()) {
			t.Errorf("claims %v", claims)
		}
		// The consent was for it: withdrawing it ends it.
		k.must(k.consents.Withdraw(t.Context(), u.ID, "web", u.ID))
		k.refresh("web", got.RefreshToken).wantError(t, 400, "invalid_grant")
		if a := k.userinfo(next.AccessToken); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("userinfo: %d", a.StatusCode)
		}
		s, err := k.store.Session(t.Context(), access["sid"].(string))
		if err != nil || s.Status != storage.StatusRevoked || s.EndReason != "consent_withdrawn" || s.EndedBy != u.ID {
			t.Errorf("%+v, %v", s, err)
		}
		if k.events(u.ID, audit.ConsentWithdrawn) != 1 || k.events(u.ID, audit.SessionEnded) != 2 {
			t.Error("audit")
		}
	})
}

// Its cookie would sign in for ever: there is none, and the browser's cookie does not name it.
func TestOfflineSessionsSignNobodyIn(t *testing.T) {
	k := light(t)
	u := k.person("user@example.com")
	b := k.signedIn(u)
	k.must(k.consents.Grant(t.Context(), u.ID, "web", "openid offline_access"))
	b.signInTo("web", "scope", "openid offline_access")
	k.end(b.current().Session)
	if q := b.authorize("web", "prompt", "none").location(t).Query(); q.Get("error") != "login_required" {
		t.Errorf("%v", q)
	}
	r, _ := http.NewRequest("GET", issuer, nil)
	for name, v := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: v})
	}
	if list, err := k.sessions.OnDevice(r); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestWithdrawnConsentEndsTheClientsTokens(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		u := k.person("user@example.com")
		b := k.signedIn(u)
		if q := b.authorize("asking", "prompt", "none").location(t).Query(); q.Get("error") != "consent_required" {
			t.Fatalf("%v", q)
		}
		k.must(k.consents.Grant(t.Context(), u.ID, "asking", "openid email"))
		got, other := b.signInTo("asking"), b.signInTo("other")
		if q := b.authorize("asking", "prompt", "none", "scope", "openid email profile").location(t).Query(); q.Get("error") != "consent_required" {
			t.Errorf("more than was granted: %v", q)
		}
		code := b.code("asking")
		k.must(k.consents.Withdraw(t.Context(), u.ID, "asking", u.ID))
		k.refresh("asking", got.RefreshToken).wantError(t, 400, "invalid_grant")
		if a := k.userinfo(got.AccessToken); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("userinfo: %d", a.StatusCode)
		}
		k.redeem("asking", code).wantError(t, 400, "invalid_grant") // a code under way goes with it
		if q := b.authorize("asking", "prompt", "none").location(t).Query(); q.Get("error") != "consent_required" {
			t.Errorf("after withdrawal: %v", q)
		}
		k.refresh("other", other.RefreshToken).tokens(t)
		b.current()
	})
}
