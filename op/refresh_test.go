package op_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// A forged refresh token is refused without a query: the database is not there any more.
func TestForgedRefreshTokensCostNoQuery(t *testing.T) {
	for _, clientID := range []string{"web", "spa"} {
		t.Run(clientID, func(t *testing.T) {
			store, err := storage.Open(t.Context(), storagetest.SQLite(t))
			if err != nil {
				t.Fatal(err)
			}
			_, err = store.Migrate(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			k := newKit(t, store)
			got := k.signedIn(k.person("user@example.com")).signInTo(clientID)
			got = k.refresh(clientID, got.RefreshToken).tokens(t)
			k.must(store.Close())
			raw, err := base64.RawURLEncoding.DecodeString(got.RefreshToken)
			k.must(err)
			for i := range raw { // every byte: version, user, family, generation, MAC
				for _, bit := range []byte{1, 0x80} {
					raw[i] ^= bit
					k.refresh(clientID, base64.RawURLEncoding.EncodeToString(raw)).wantError(t, 400, "invalid_grant")
					raw[i] ^= bit
				}
			}
			for _, bad := range []string{"x", got.AccessToken, got.RefreshToken + "A", got.RefreshToken[1:], got.RefreshToken + "=",
				got.RefreshToken[:40] + "\n" + got.RefreshToken[40:], strings.Repeat("A", len(got.RefreshToken)), strings.Repeat("A", 30_000), "\x7f"} {
				k.refresh(clientID, bad).wantError(t, 400, "invalid_grant")
			}
			// The good one needs the database, whose absence is told in no more words than these.
			a := k.refresh(clientID, got.RefreshToken)
			a.wantError(t, 500, "server_error")
			if strings.Contains(a.body, "sql") || strings.Contains(a.body, "closed") {
				t.Error(a.body)
			}
		})
	}
}

func TestRefreshTokenOfAnotherClientChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		u := k.person("user@example.com")
		b := k.signedIn(u)
		for _, clientID := range []string{"web", "spa", "rotating"} {
			got := b.signInTo(clientID)
			for _, thief := range []string{"web", "spa", "rotating", "other", "asking"} {
				if thief == clientID {
					continue
				}
				k.refresh(thief, got.RefreshToken).wantError(t, 400, "invalid_grant")
				if a := k.call("/oauth/revoke", thief, map[string][]string{"token": {got.RefreshToken}}); a.StatusCode != http.StatusOK {
					t.Errorf("revocation by %s: %d", thief, a.StatusCode) // RFC 7009 2.1
				}
			}
			k.clock.Advance(20 * time.Second)
			k.refresh(clientID, got.RefreshToken).tokens(t)
		}
		if n := k.events(u.ID, audit.FamilyReused) + k.events(u.ID, audit.FamilyRevoked); n != 0 {
			t.Errorf("%d events", n)
		}
	})
}

// Design section 5: one behind and within 10 s is a lost answer and gets the same successor.
func TestRotationForgivesALostAnswer(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		got := k.signedIn(k.person("user@example.com")).signInTo("spa")
		next := k.refresh("spa", got.RefreshToken).tokens(t).RefreshToken
		for _, wait := range []time.Duration{0, 4 * time.Second, 6 * time.Second} { // 10 s in all
			k.clock.Advance(wait)
			if again := k.refresh("spa", got.RefreshToken).tokens(t).RefreshToken; again != next {
				t.Fatal("another successor")
			}
		}
		k.refresh("spa", next).tokens(t)
	})
}

// RFC 9700 4.14.2: what is older than that is a copy; neither of the two gets more, and the audit says so.
func TestReuseEndsTheFamily(t *testing.T) {
	for name, reuse := range map[string]func(k *kit, first issued) (old, newest string){
		"late": func(k *kit, first issued) (string, string) {
			next := k.refresh("spa", first.RefreshToken).tokens(k)
			k.clock.Advance(10*time.Second + time.Microsecond)
			return first.RefreshToken, next.RefreshToken
		},
		"two generations": func(k *kit, first issued) (string, string) {
			next := k.refresh("spa", first.RefreshToken).tokens(k)
			return first.RefreshToken, k.refresh("spa", next.RefreshToken).tokens(k).RefreshToken
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, k *kit) {
				u := k.person("user@example.com")
				b := k.signedIn(u)
				first := b.signInTo("spa")
				other := b.signInTo("other")
				old, newest := reuse(k, first)
				k.refresh("spa", old).wantError(t, 400, "invalid_grant")
				k.refresh("spa", newest).wantError(t, 400, "invalid_grant")
				k.refresh("spa", old).wantError(t, 400, "invalid_grant")
				if a := k.userinfo(first.AccessToken); a.StatusCode != http.StatusUnauthorized {
					t.Errorf("userinfo: %d", a.StatusCode)
				}
				if n := k.events(u.ID, audit.FamilyReused); n != 1 {
					t.Errorf("%d events", n)
				}
				k.refresh("other", other.RefreshToken).tokens(t) // the session itself goes on
				b.signInTo("spa")
			})
		})
	}
}

func TestReuseEndsLastingAccess(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		u := k.person("user@example.com")
		b := k.signedIn(u)
		k.must(k.consents.Grant(t.Context(), u.ID, "spa", "offline_access"))
		got := b.signInTo("spa", "scope", "openid offline_access")
		_, access := parts(t, got.AccessToken)
		k.refresh("spa", got.RefreshToken).tokens(t)
		k.clock.Advance(time.Minute)
		k.refresh("spa", got.RefreshToken).wantError(t, 400, "invalid_grant")
		s, err := k.store.Session(t.Context(), access["sid"].(string))
		if err != nil || s.Kind != storage.KindOffline || s.Status != storage.StatusRevoked || s.EndReason != "refresh_token_reused" {
			t.Fatalf("%+v, %v", s, err)
		}
		if owed, err := k.store.SessionDeliveries(t.Context(), s.ID); err != nil || len(owed) != 1 {
			t.Errorf("deliveries: %v, %v", owed, err)
		}
		b.current()
	})
}

// Twenty at once: every answer holds the same successor, and that one is good.
func TestConcurrentRotationsAgree(t *testing.T) {
	for _, clientID := range []string{"spa", "rotating"} {
		t.Run(clientID, func(t *testing.T) {
			each(t, func(t *testing.T, k *kit) {
				got := k.signedIn(k.person("user@example.com")).signInTo(clientID)
				for range 3 {
					var mu sync.Mutex
					successors := map[string]int{}
					var wg sync.WaitGroup
					begin := make(chan struct{})
					for range 20 {
						wg.Go(func() {
							<-begin
							next := k.refresh(clientID, got.RefreshToken).tokens(t).RefreshToken
							mu.Lock()
							defer mu.Unlock()
							successors[next]++
						})
					}
					close(begin)
					wg.Wait()
					if len(successors) != 1 || successors[got.RefreshToken] != 0 {
						t.Fatalf("%d successors", len(successors))
					}
					for next := range successors {
						got.RefreshToken = next
					}
				}
			})
		})
	}
}

// A crash can lose the last rotation, which is not flushed by itself: the client is ahead then, and is not punished.
func TestRotationAheadOfTheDatabaseIsGood(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		got := k.signedIn(k.person("user@example.com")).signInTo("spa")
		userID, family, generation, err := k.tokens.ParseRefresh(got.RefreshToken)
		k.must(err)
		ahead, err := k.tokens.Refresh(userID, family, generation+1)
		k.must(err)
		next := k.refresh("spa", ahead).tokens(t).RefreshToken
		if _, _, n, err := k.tokens.ParseRefresh(next); err != nil || n != generation+2 {
			t.Fatalf("generation %d, %v", n, err)
		}
	})
}

// RFC 7009: revoking either token takes the family, at once and only it.
func TestRevocation(t *testing.T) {
	for _, clientID := range []string{"web", "spa"} {
		t.Run(clientID, func(t *testing.T) {
			each(t, func(t *testing.T, k *kit) {
				u := k.person("user@example.com")
				b := k.signedIn(u)
				for _, which := range []func(issued) string{func(i issued) string { return i.AccessToken }, func(i issued) string { return i.RefreshToken }} {
					got, other := b.signInTo(clientID), b.signInTo("other")
					for range 2 { // twice is harmless
						if a := k.call("/oauth/revoke", clientID, map[string][]string{"token": {which(got)}, "token_type_hint": {"garbage"}}); a.StatusCode != http.StatusOK {
							t.Fatalf("%d %s", a.StatusCode, a.body)
						}
					}
					k.refresh(clientID, got.RefreshToken).wantError(t, 400, "invalid_grant")
					if a := k.userinfo(got.AccessToken); a.StatusCode != http.StatusUnauthorized {
						t.Errorf("userinfo: %d", a.StatusCode)
					}
					k.refresh("other", other.RefreshToken).tokens(t)
				}
				if n := k.events(u.ID, audit.FamilyRevoked); n != 2 {
					t.Errorf("%d events", n)
				}
				k.call("/oauth/revoke", clientID, nil).wantError(t, 400, "invalid_request")
			})
		})
	}
}
