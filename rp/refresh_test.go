package rp_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/curfew-id/curfew/rp"
	"github.com/curfew-id/curfew/rp/rptest"
)

// pass moves both clocks.
func (w *world) pass(d time.Duration) {
	w.clock.advance(d)
	w.theirs.advance(d)
}

func TestRefreshAheadOfTimeWithoutWaiting(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	first := w.visit(b, "/")
	w.pass(39 * time.Second)
	w.visit(b, "/")
	if n := w.provider.Requests("/token"); n != 1 {
		t.Fatalf("renewed before two thirds of its life: %d requests", n)
	}
	w.pass(2 * time.Second)
	if p := w.visit(b, "/"); p.Token != first.Token {
		t.Error("the request that starts the renewal waited for it")
	}
	w.eventually("a new token", func() bool { return w.visit(b, "/").Token != first.Token })
	if n := w.provider.Requests("/token"); n != 2 {
		t.Errorf("%d token requests, want 2", n)
	}
}

func TestTwentyParallelRequestsRefreshOnce(t *testing.T) {
	for name, idle := range map[string]time.Duration{"due": 45 * time.Second, "expired": time.Hour} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b := w.browser()
			first := w.visit(b, "/")
			w.pass(idle)
			var wg sync.WaitGroup
			tokens := make([]string, 20)
			for i := range tokens {
				wg.Go(func() { tokens[i] = w.visit(b, "/").Token })
			}
			wg.Wait()
			w.eventually("a new token", func() bool { return w.visit(b, "/").Token != first.Token })
			if n := w.provider.Requests("/token"); n != 2 {
				t.Errorf("%d token requests, want the sign-in and one renewal", n)
			}
			for _, token := range tokens {
				if name == "expired" && token == first.Token {
					t.Error("a request was served with an expired token")
				}
			}
		})
	}
}

func TestTransientFailureIsRetriedUntilExpiry(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	first := w.visit(b, "/")
	w.wire.cut.Store(true)
	w.pass(45 * time.Second)
	calls := w.wire.calls.Load()
	w.visit(b, "/") // served while the token lives
	w.eventually("an attempt", func() bool { return w.wire.calls.Load() == calls+1 })
	w.eventually("the pause", func() bool { // within it nobody asks again
		before := w.wire.calls.Load()
		w.visit(b, "/")
		time.Sleep(10 * time.Millisecond)
		return w.wire.calls.Load() == before
	})
	w.pass(3 * time.Second)
	calls = w.wire.calls.Load()
	w.visit(b, "/")
	w.eventually("the next attempt", func() bool { return w.wire.calls.Load() > calls })

	w.pass(13 * time.Second) // past exp: nobody may be served, and the session is not lost
	res, _ := w.get(b, "/")
	w.wantFailure(res, http.StatusServiceUnavailable, rp.CodeProviderUnavailable)
	if res.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	w.wire.cut.Store(false)
	w.pass(3 * time.Second)
	p := w.visit(still(b), "/")
	if p.Token == first.Token || p.SessionID != first.SessionID {
		t.Errorf("after the outage: %+v", p)
	}
}

func TestServerErrorsAreTransient(t *testing.T) {
	for _, refusal := range []struct {
		status int
		code   string
	}{{500, "server_error"}, {503, "invalid_grant"}, {429, "slow_down"}, {401, "invalid_client"}, {400, ""}} {
		w := newWorld(t)
		b := w.browser()
		w.visit(b, "/")
		w.provider.Set(func(p *rptest.Provider) {
			p.Tamper.TokenRefusal = func(string) (int, string) { return refusal.status, refusal.code }
		})
		w.pass(time.Minute)
		res, _ := w.get(still(b), "/")
		w.wantFailure(res, http.StatusServiceUnavailable, rp.CodeProviderUnavailable)
		if w.store.Len() != 1 {
			t.Errorf("%v ended the session", refusal)
		}
	}
}

func TestInvalidGrantEndsTheSession(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	p := w.visit(b, "/")
	w.provider.End(p.SessionID)
	w.pass(41 * time.Second)
	w.visit(still(b), "/") // starts the renewal
	w.eventually("the end", func() bool { return w.store.Len() == 0 })
	res, _ := w.get(still(b), "/")
	if res.StatusCode != http.StatusFound {
		t.Errorf("after the end: %d, want a redirect to sign in", res.StatusCode)
	}
	if n := w.provider.Requests("/token"); n != 2 {
		t.Errorf("%d token requests, want 2", n)
	}
	if again := w.visit(b, "/"); again.SessionID == p.SessionID {
		t.Error("the ended session came back")
	}
}

func TestRenewalMustBeOfTheSameSession(t *testing.T) {
	for name, bend := range map[string]func(c map[string]any){
		"another user":    func(c map[string]any) { c["sub"] = "usr_02" },
		"another session": func(c map[string]any) { c["sid"] = "ses_other" },
		"no session":      func(c map[string]any) { delete(c, "sid") },
		"another nonce":   func(c map[string]any) { c["nonce"] = "n" },
		"another issuer":  func(c map[string]any) { c["iss"] = "https://evil.example.com" },
		"wrong at_hash":   func(c map[string]any) { c["at_hash"] = "x" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b := w.browser()
			w.visit(b, "/")
			w.provider.Set(func(p *rptest.Provider) { p.Tamper.IDToken = bend })
			w.pass(time.Minute)
			res, _ := w.get(still(b), "/")
			if res.StatusCode != http.StatusFound || w.store.Len() != 0 {
				t.Errorf("%d, %d sessions", res.StatusCode, w.store.Len())
			}
		})
	}
}

func TestRenewalWithoutIDToken(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	first := w.visit(b, "/")
	w.provider.Set(func(p *rptest.Provider) {
		p.Tamper.TokenAnswer = func(_ string, a map[string]any) { delete(a, "id_token"); delete(a, "scope") }
	})
	w.pass(time.Minute)
	if p := w.visit(still(b), "/"); p.Token == first.Token || p.Subject != first.Subject || p.SessionID != first.SessionID {
		t.Errorf("after the renewal: %+v", p)
	}
}

func TestWithoutRefreshTokenTheSessionEndsWithItsToken(t *testing.T) {
	w := newWorld(t)
	w.provider.Tamper.TokenAnswer = func(_ string, a map[string]any) { delete(a, "refresh_token") }
	b := w.browser()
	w.visit(b, "/")
	w.pass(59 * time.Second)
	w.visit(still(b), "/")
	w.pass(time.Second)
	if res, _ := w.get(still(b), "/"); res.StatusCode != http.StatusFound || w.store.Len() != 0 {
		t.Errorf("%d, %d sessions", res.StatusCode, w.store.Len())
	}
}

// TestSignOutDuringRenewal: the renewal ends after the session has, and must not bring it back.
func TestSignOutDuringRenewal(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	w.visit(b, "/")
	w.pass(45 * time.Second)
	answering := make(chan struct{})
	w.provider.Set(func(p *rptest.Provider) {
		p.Tamper.TokenAnswer = func(string, map[string]any) { <-answering }
	})
	w.visit(b, "/")
	w.eventually("the renewal to be under way", func() bool { return w.wire.calls.Load() >= 4 })
	res, err := still(b).PostForm(w.url+"/auth/logout", nil)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	close(answering)
	time.Sleep(50 * time.Millisecond)
	if n := w.store.Len(); n != 0 {
		t.Errorf("%d sessions after sign-out", n)
	}
}
