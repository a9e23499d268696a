package op_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

var (
	clientEnded = logout.Cause{Status: storage.StatusRevoked, Reason: logout.ClientEnded, By: "cli"}
	allEnded    = logout.Cause{Status: storage.StatusRevoked, Reason: logout.AllEnded, By: "cli"}
)

// wantAlive asks every endpoint about a browser's session and the tokens that clients have of it.
func (b *browser) wantAlive(want bool, tokens map[string]issued) {
	b.Helper()
	if b.isSignedIn() != want {
		b.Errorf("the cookie signs in: %v", !want)
	}
	for clientID, tok := range tokens {
		if a := b.userinfo(tok.AccessToken); (a.StatusCode == http.StatusOK) != want {
			b.Errorf("%s at userinfo: %d", clientID, a.StatusCode)
		}
		if b.active("gateway", tok.AccessToken) != want || b.active("gateway", tok.RefreshToken) != want {
			b.Errorf("%s: active %v", clientID, !want)
		}
		a := b.refresh(clientID, tok.RefreshToken)
		if want && a.StatusCode != http.StatusOK {
			b.Errorf("%s at refresh: %d %s", clientID, a.StatusCode, a.body)
		} else if !want {
			a.wantError(b.TB, 400, "invalid_grant")
		}
	}
}

// Promise 5: the sessions that a client took part in, or everybody's, are over at every endpoint, for every client in them, when
// the end has committed; no others are, and none that begins afterwards.
func TestEndsOfManyAreTrueAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		end func(k *kit) error
		all bool
	}{
		"client": {func(k *kit) error { return k.door.EndClient(k.Context(), k.store, "spa", clientEnded) }, false},
		"all":    {func(k *kit) error { return k.door.EndAll(k.Context(), k.store, allEnded) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, k *kit) {
				u := k.person("user@example.com")
				in, out, stranger := k.signedIn(u), k.signedIn(u), k.signedIn(k.person("other@example.com"))
				both := map[string]issued{"web": in.signInTo("web"), "spa": in.signInTo("spa")}
				web, strange := map[string]issued{"web": out.signInTo("web")}, map[string]issued{"web": stranger.signInTo("web")}
				code := in.code("web")
				k.must(c.end(k))
				in.wantAlive(false, both)
				k.redeem("web", code).wantError(t, 400, "invalid_grant")
				out.wantAlive(!c.all, web)
				stranger.wantAlive(!c.all, strange)
				fresh := k.signedIn(u)
				fresh.wantAlive(true, map[string]issued{"web": fresh.signInTo("web"), "spa": fresh.signInTo("spa")})
				want := 1
				if c.all {
					want = 3
				}
				if n, err := k.door.Sweep(t.Context(), 10); err != nil || n != want {
					t.Errorf("swept %d, want %d, %v", n, want, err)
				}
				fresh.wantAlive(true, nil)
			})
		})
	}
}

// Whoever came with a session that is among them is told of that; a client of its own, and of those it took part in one by one.
func TestSessionEventsOfAClientsEnd(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		u := k.person("user@example.com")
		in, out := k.signedIn(u), k.signedIn(u)
		spa := in.signInTo("spa")
		in.signInTo("web")
		out.signInTo("web")
		sid := in.current().ID
		base := k.listening()
		page, app, elsewhere := k.open(base, in.with).begun(), k.open(base, bearer(spa.AccessToken)).begun(), k.open(base, out.with).begun()
		backend, gateway := k.open(base, k.secretOf("web")).begun(), k.open(base, k.secretOf("gateway")).begun()
		k.must(k.door.EndClient(t.Context(), k.store, "spa", clientEnded))
		for _, s := range []*stream{page, app} {
			k.want(s.next(), sid, u.ID, "revoked", "ended_with_client", true)
			s.ended()
		}
		e := gateway.next()
		if e.name != "sessions.ended" || e.data["client_id"] != "spa" || e.data["reason"] != "ended_with_client" || e.data["status"] != "revoked" ||
			e.data["ended_at"] == nil || e.data["sub"] != nil || e.data["sid"] != nil {
			t.Errorf("%+v", e)
		}
		for _, s := range []*stream{elsewhere, backend} {
			s.nothing()
		}
		if _, err := k.door.Sweep(t.Context(), 10); err != nil {
			t.Fatal(err)
		}
		for _, s := range []*stream{backend, gateway, elsewhere} {
			k.want(s.next(), sid, u.ID, "revoked", "ended_with_client", false)
			s.nothing()
		}
	})
}

func TestSessionEventsOfEverybodysEnd(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		u := k.person("user@example.com")
		b := k.signedIn(u)
		tokens, sid := b.signInTo("web"), b.current().ID
		base := k.listening()
		page, app := k.open(base, b.with).begun(), k.open(base, bearer(tokens.AccessToken)).begun()
		web, rival := k.open(base, k.secretOf("web")).begun(), k.open(base, k.secretOf("other")).begun()
		k.must(k.door.EndAll(t.Context(), k.store, allEnded))
		for _, s := range []*stream{page, app} {
			k.want(s.next(), sid, u.ID, "revoked", "ended_with_all", true)
			s.ended()
		}
		for _, s := range []*stream{web, rival} {
			e := s.next()
			if e.name != "sessions.ended" || e.data["reason"] != "ended_with_all" || e.data["client_id"] != nil || e.data["sub"] != nil || e.data["sid"] != nil {
				t.Errorf("%+v", e)
			}
		}
		// A session of after it stands; its listener is told of those that the person had before, and no more.
		again := k.signedIn(u)
		fresh := k.open(base, func(r *http.Request) { again.with(r); r.Header.Set("Last-Event-ID", "0") }).begun()
		k.want(fresh.next(), "", u.ID, "revoked", "ended_with_all", false)
		fresh.nothing()
	})
}

// The deny list names the client, or everybody, with the instant of the end, to whom it may.
func TestSessionDenyListOfMany(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		k.signedIn(k.person("user@example.com")).signInTo("web")
		type list struct {
			Clients map[string]int64 `json:"clients"`
			All     int64            `json:"all"`
		}
		denied := func(clientID string) (l list) {
			t.Helper()
			a := k.send(k.authenticated(httptest.NewRequest("GET", issuer+pathDenied, nil), clientID))
			payload, err := k.ring.Verify(t.Context(), a.body, key.TypDeny)
			k.must(err)
			k.must(json.Unmarshal(payload, &l))
			return l
		}
		k.must(k.door.EndClient(t.Context(), k.store, "web", clientEnded))
		k.must(k.push.Read(t.Context()))
		now := k.clock.Now().Unix()
		for clientID, want := range map[string]int64{"web": now, "gateway": now, "other": 0} {
			if l := denied(clientID); l.Clients["web"] != want || l.All != 0 || l.Clients == nil {
				t.Errorf("%s: %+v", clientID, l)
			}
		}
		k.must(k.door.EndAll(t.Context(), k.store, allEnded))
		k.must(k.push.Read(t.Context()))
		k.clock.Advance(100 * time.Millisecond)
		for _, clientID := range []string{"web", "gateway", "other"} {
			if l := denied(clientID); l.All != now {
				t.Errorf("%s: %+v", clientID, l)
			}
		}
	})
}
