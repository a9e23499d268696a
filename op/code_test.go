package op_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// RFC 6749 4.1.2: of twenty that present a code at once one wins, and because the others had it too, even that one's
// tokens are revoked.
func TestCodeIsRedeemedOnce(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		u := k.person("user@example.com")
		code := k.signedIn(u).code("web")
		var mu sync.Mutex
		var won []issued
		var wg sync.WaitGroup
		begin := make(chan struct{})
		for range 20 {
			wg.Go(func() {
				<-begin
				a := k.redeem("web", code)
				if a.StatusCode != http.StatusOK {
					a.wantError(t, 400, "invalid_grant")
					return
				}
				mu.Lock()
				defer mu.Unlock()
				won = append(won, a.tokens(t))
			})
		}
		close(begin)
		wg.Wait()
		if len(won) != 1 {
			t.Fatalf("%d redemptions won", len(won))
		}
		k.refresh("web", won[0].RefreshToken).wantError(t, 400, "invalid_grant")
		if a := k.userinfo(won[0].AccessToken); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("userinfo: %d", a.StatusCode)
		}
		if k.events(u.ID, audit.CodeReused) == 0 {
			t.Error("the audit says nothing")
		}
	})
}

// The session goes on: it is the application's tokens that two people had, not the person's browser.
func TestCodeReuseLeavesOtherClientsAlone(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		b := k.signedIn(k.person("user@example.com"))
		other := b.signInTo("other")
		code := b.code("web")
		first := k.redeem("web", code).tokens(t)
		k.redeem("web", code).wantError(t, 400, "invalid_grant")
		k.refresh("web", first.RefreshToken).wantError(t, 400, "invalid_grant")
		k.refresh("other", other.RefreshToken).tokens(t)
		b.code("web")
	})
}

func TestCodeReuseEndsLastingAccess(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		u := k.person("user@example.com")
		b := k.signedIn(u)
		k.must(k.consents.Grant(t.Context(), u.ID, "web", "openid offline_access"))
		code := b.code("web", "scope", "openid offline_access")
		k.redeem("web", code).tokens(t)
		k.redeem("web", code).wantError(t, 400, "invalid_grant")
		list, err := k.store.Sessions(t.Context(), storage.SessionFilter{UserID: u.ID, Status: string(storage.StatusActive)})
		if err != nil || len(list) != 1 || list[0].Kind != storage.KindBrowser {
			t.Fatalf("sessions left: %v, %v", list, err)
		}
	})
}

// What a code is not bound to changes nothing: neither before its redemption nor, by somebody who has seen the code in
// a URL but lacks the verifier, after it (OAuth 2.1 4.1.3 speaks of a second valid request).
func TestCodeIsBoundToClientRedirectAndVerifier(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		b := k.signedIn(k.person("user@example.com"))
		wrong := func(code string) {
			t.Helper()
			k.redeem("other", code).wantError(t, 400, "invalid_grant")
			k.redeem("spa", code, "redirect_uri", k.redirectOf("web")).wantError(t, 400, "invalid_grant")
			k.redeem("web", code, "redirect_uri", k.redirectOf("web")+"/").wantError(t, 400, "invalid_grant")
			k.redeem("web", code, "redirect_uri", "").wantError(t, 400, "invalid_request")
			k.redeem("web", code, "code_verifier", verifier+"x").wantError(t, 400, "invalid_grant")
			k.redeem("web", code, "code_verifier", "").wantError(t, 400, "invalid_grant")
			k.redeem("web", code+"A").wantError(t, 400, "invalid_grant")
			k.redeem("web", code[1:]).wantError(t, 400, "invalid_grant")
		}
		code := b.code("web")
		wrong(code)
		got := k.redeem("web", code).tokens(t)
		wrong(code)
		k.refresh("web", got.RefreshToken).tokens(t)
	})
}

func TestCodeRunsOutAfterAMinute(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	code := b.code("web")
	k.clock.Advance(60 * time.Second)
	k.redeem("web", code).wantError(t, 400, "invalid_grant")
	code = b.code("web")
	k.clock.Advance(59 * time.Second)
	k.redeem("web", code).tokens(t)
}

// Promise 8: there is no token without a session.
func TestCodeOfAnEndedSessionIsRefused(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		u := k.person("user@example.com")
		b := k.signedIn(u)
		k.must(k.consents.Grant(t.Context(), u.ID, "web", "openid offline_access"))
		code, lasting := b.code("web"), b.code("web", "scope", "openid offline_access")
		k.end(b.current().Session)
		k.redeem("web", code).wantError(t, 400, "invalid_grant")
		k.redeem("web", lasting).wantError(t, 400, "invalid_grant")
		list, err := k.store.Sessions(t.Context(), storage.SessionFilter{UserID: u.ID, Status: string(storage.StatusActive)})
		if err != nil || len(list) != 0 {
			t.Fatalf("sessions: %v, %v", list, err)
		}
	})
}

// Promise 5: whoever gets a token before the end is told of it, whichever of the two was faster.
func TestCodeAgainstEnd(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		u := k.person("user@example.com")
		for range 20 {
			b := k.signedIn(u)
			code, s := b.code("web"), b.current().Session
			var a answer
			var wg sync.WaitGroup
			begin := make(chan struct{})
			wg.Go(func() { <-begin; a = k.redeem("web", code) })
			wg.Go(func() { <-begin; k.end(s) })
			close(begin)
			wg.Wait()
			owed, err := k.store.SessionDeliveries(t.Context(), s.ID)
			k.must(err)
			if a.StatusCode == http.StatusOK && len(owed) != 1 {
				t.Fatalf("a client got a token and %d messages about the end", len(owed))
			}
			if a.StatusCode != http.StatusOK && len(owed) != 0 {
				t.Fatalf("a client got no token and %d messages about the end", len(owed))
			}
			if a.StatusCode == http.StatusOK {
				k.refresh("web", a.tokens(t).RefreshToken).wantError(t, 400, "invalid_grant")
			}
		}
	})
}
