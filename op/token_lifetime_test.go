package op_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/session"
)

// registerLimited adds clients with limits of their own: "short" an hour after the authentication, "strict" ten minutes without
// use; both also as public ones, whose refresh tokens rotate.
func (k *kit) registerLimited() {
	k.Helper()
	m := client.Metadata{SkipConsent: true, RedirectURIs: []string{"https://rp.example.com/cb"}}
	for name, limit := range map[string]func(*client.Metadata){
		"short":  func(m *client.Metadata) { m.SessionLifetime = 3600 },
		"strict": func(m *client.Metadata) { m.SessionIdleTimeout = 600 },
	} {
		limited := m
		limit(&limited)
		k.register(name, limited)
		limited.TokenEndpointAuthMethod = client.AuthNone
		k.register(name+"-public", limited)
	}
}

// proveAgain is what a person does on the pages when they are asked to.
func (b *browser) proveAgain() {
	b.Helper()
	rec := httptest.NewRecorder()
	b.must(b.sessions.StepUp(rec, httptest.NewRequest("POST", issuer, nil), b.current(), session.Proof{ACR: "urn:curfew:acr:1", AMR: "pwd"}))
	for _, c := range rec.Result().Cookies() {
		b.cookies[c.Name] = c.Value
	}
}

func (k *kit) flush() { k.Helper(); k.must(k.activity.Flush(k.Context())) }

// Past the client's own lifetime its refresh is refused, no token lives beyond it, and the person has to authenticate again,
// in the same session; other clients notice nothing.
func TestSessionLifetimeOfAClient(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		k.registerLimited()
		u := k.person("user@example.com")
		b := k.signedIn(u)
		sid := b.current().ID
		web := b.signInTo("web")
		held := map[string]string{"short": b.signInTo("short").RefreshToken, "short-public": b.signInTo("short-public").RefreshToken}
		k.clock.Advance(time.Hour - 20*time.Second)
		for clientID := range held {
			got := k.refresh(clientID, held[clientID]).tokens(t)
			held[clientID] = got.RefreshToken
			until := start.Add(time.Hour).Unix()
			for name, raw := range map[string]string{"access": got.AccessToken, "ID": got.IDToken} {
				if _, claims := parts(t, raw); claims["exp"] != float64(until) {
					t.Errorf("%s: the %s token lives until %v, want %d", clientID, name, claims["exp"], until)
				}
			}
			if got.ExpiresIn != 20 {
				t.Errorf("%s: expires in %d", clientID, got.ExpiresIn)
			}
			if !k.active("gateway", held[clientID]) {
				t.Errorf("%s: not active to introspection", clientID)
			}
		}
		if got := b.authorize("short").outcome(t); got != "code" {
			t.Error(got)
		}
		late := b.code("short")
		k.clock.Advance(20 * time.Second)
		k.redeem("short", late).wantError(t, http.StatusBadRequest, "invalid_grant")
		for clientID, refresh := range held {
			if k.active("gateway", refresh) {
				t.Errorf("%s: active to introspection", clientID)
			}
			k.refresh(clientID, refresh).wantError(t, http.StatusBadRequest, "invalid_grant")
			if got := b.authorize(clientID).outcome(t); got != "sign-in" {
				t.Errorf("%s: %s", clientID, got)
			}
			if got := b.authorize(clientID, "prompt", "none").outcome(t); got != "login_required" {
				t.Errorf("%s: %s", clientID, got)
			}
		}
		if got := k.events(u.ID, audit.FamilyReused); got != 0 {
			t.Errorf("%d families were taken for reused", got)
		}
		k.refresh("web", web.RefreshToken).tokens(t)
		if got := b.authorize("web").outcome(t); got != "code" {
			t.Errorf("web: %s", got)
		}

		b.proveAgain()
		if got := b.current().ID; got != sid {
			t.Errorf("session %s, want %s", got, sid)
		}
		for clientID, refresh := range held {
			fresh := b.signInTo(clientID)
			if _, claims := parts(t, fresh.AccessToken); claims["sid"] != sid || fresh.ExpiresIn != 60 {
				t.Errorf("%s: %v, expires in %d", clientID, claims, fresh.ExpiresIn)
			}
			k.refresh(clientID, fresh.RefreshToken).tokens(t)
			k.refresh(clientID, refresh).wantError(t, http.StatusBadRequest, "invalid_grant") // what was refused stays so
		}
	})
}

// A session that was not used for a client's own idle timeout counts for it no more, also when another client has used it
// meanwhile.
func TestIdleTimeoutOfAClient(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		k.registerLimited()
		u := k.person("user@example.com")
		b := k.signedIn(u)
		web := b.signInTo("web")
		held := map[string]string{"strict": b.signInTo("strict").RefreshToken, "strict-public": b.signInTo("strict-public").RefreshToken}
		for range 20 { // used by one of them every nine minutes
			k.clock.Advance(9 * time.Minute)
			held["strict"] = k.refresh("strict", held["strict"]).tokens(t).RefreshToken
			k.flush()
		}
		k.clock.Advance(5 * time.Minute)
		k.refresh("web", web.RefreshToken).tokens(t) // and by another client: written as finely as "strict" needs it
		k.flush()
		k.clock.Advance(9 * time.Minute)
		for clientID := range held {
			held[clientID] = k.refresh(clientID, held[clientID]).tokens(t).RefreshToken
		}
		k.flush()

		k.clock.Advance(10 * time.Minute)
		k.refresh("web", web.RefreshToken).tokens(t)
		k.flush()
		k.clock.Advance(time.Minute)
		for clientID, refresh := range held {
			k.refresh(clientID, refresh).wantError(t, http.StatusBadRequest, "invalid_grant")
			if got := b.authorize(clientID).outcome(t); got != "sign-in" {
				t.Errorf("%s: %s", clientID, got)
			}
		}
		k.flush()
		if got := b.authorize("strict").outcome(t); got != "sign-in" { // to have come here was no proof
			t.Error(got)
		}
		if got := b.authorize("web").outcome(t); got != "code" {
			t.Errorf("web: %s", got)
		}
		b.proveAgain()
		for clientID := range held {
			fresh := b.signInTo(clientID)
			k.clock.Advance(9 * time.Minute)
			k.refresh(clientID, fresh.RefreshToken).tokens(t)
			k.flush()
		}
	})
}

// A limit counts from the next request on, whoever has read the client before, and never for more than the session's own.
func TestLifetimeThatIsChanged(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		b := k.signedIn(k.person("user@example.com"))
		got := b.signInTo("web")
		k.clock.Advance(2 * time.Hour)
		got = k.refresh("web", got.RefreshToken).tokens(t)
		set := func(lifetime int64) {
			c, err := k.clients.Get(t.Context(), "web")
			k.must(err)
			m := c.Metadata
			m.SessionLifetime = lifetime
			_, err = k.clients.Update(t.Context(), k.store, c, m)
			k.must(err)
		}
		set(3 * 3600)
		if _, claims := parts(t, k.refresh("web", got.RefreshToken).tokens(t).AccessToken); claims["exp"] != float64(k.clock.Now().Unix()+60) {
			t.Errorf("%v", claims)
		}
		set(3600)
		k.refresh("web", got.RefreshToken).wantError(t, http.StatusBadRequest, "invalid_grant")
		set(400 * 86400)
		if got := b.authorize("web").outcome(t); got != "code" {
			t.Error(got)
		}
		k.clock.Advance(31 * 24 * time.Hour) // the session's own
		if got := b.authorize("web").outcome(t); got != "sign-in" {
			t.Error(got)
		}
	})
}

// Lasting access of a client is held to the client's lifetime as well, and is nothing beyond it: its session ends.
func TestLifetimeOfLastingAccess(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		k.registerLimited()
		u := k.person("user@example.com")
		k.must(k.consents.Grant(t.Context(), u.ID, "short", "openid offline_access"))
		b := k.signedIn(u)
		got := b.signInTo("short", "scope", "openid offline_access")
		_, claims := parts(t, got.AccessToken)
		k.clock.Advance(time.Hour)
		k.refresh("short", got.RefreshToken).wantError(t, http.StatusBadRequest, "invalid_grant")
		row, err := k.store.Session(t.Context(), claims["sid"].(string))
		if err != nil || row.Kind != "offline" || row.Status != "expired" || row.EndReason != "expired" {
			t.Errorf("%+v, %v", row, err)
		}
		b.current() // lives
	})
}
