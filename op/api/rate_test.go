package api_test

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/apikey"
	"github.com/curfew-id/curfew/storage"
)

func TestRateOfACaller(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.Rate = api.Rate{PerSecond: 2, Burst: 3}
		w.remake(t)
		one, other := w.tokenOf(t, w.service, api.ScopeUsersRead), w.tokenOf(t, w.newService(t, api.ScopeUsersRead), api.ScopeUsersRead)
		for _, left := range []string{"2", "1", "0"} {
			got := w.send(t, one, "GET", "/v1/users", "").want(t, 200)
			if got.header.Get("RateLimit") != `"default";r=`+left || got.header.Get("RateLimit-Policy") != `"default";q=3;w=2` {
				t.Errorf("headers %v", got.header)
			}
		}
		got := w.send(t, one, "GET", "/v1/users", "").want(t, 429)
		if got.header.Get("Retry-After") != "1" || got.header.Get("RateLimit") != `"default";r=0;t=1` || got.text("code") != "rate_limited" {
			t.Errorf("%s, headers %v", got.raw, got.header)
		}
		w.send(t, other, "GET", "/v1/users", "").want(t, 200)
		// Strangers do not use up anybody's.
		w.send(t, "garbage", "GET", "/v1/users", "").want(t, 401)
		w.clock.Advance(500 * time.Millisecond)
		w.send(t, one, "GET", "/v1/users", "").want(t, 200)
		w.send(t, one, "GET", "/v1/users", "").want(t, 429)
		// A pause fills the bucket, and no further.
		w.clock.Advance(50 * time.Second)
		for range 3 {
			w.send(t, one, "GET", "/v1/users", "").want(t, 200)
		}
		w.send(t, one, "GET", "/v1/users", "").want(t, 429)
	})
}

// A caller has one bucket, over however many connections they come, by whichever token of theirs, and nobody has part of it.
func TestRateIsOfTheCallerNotOfTheConnection(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const burst = 20
		w.Rate = api.Rate{PerSecond: 1, Burst: burst}
		w.remake(t)
		srv := httptest.NewServer(w.handler)
		defer srv.Close()
		other := w.newService(t, api.ScopeUsersRead)
		_, key, err := w.Keys.Create(t.Context(), w.Store, apikey.NewKey{Name: "k", Scopes: []string{api.ScopeUsersRead}, By: w.service, Kind: storage.MadeByClient})
		if err != nil {
			t.Fatal(err)
		}
		callers := map[string]func() string{
			"a client":       func() string { return w.tokenOf(t, w.service, api.ScopeUsersRead) },
			"another client": func() string { return w.tokenOf(t, other, api.ScopeUsersRead) },
			"a key":          func() string { return key }, // which its maker has no part of
		}
		var mu sync.Mutex
		passed, addresses := map[string]int{}, map[string]bool{}
		var wg sync.WaitGroup
		for name, token := range callers {
			for range 2 * burst {
				bearer := token()
				wg.Go(func() {
					to := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
						c, err := new(net.Dialer).DialContext(ctx, network, address)
						if err == nil {
							mu.Lock()
							addresses[c.LocalAddr().String()] = true
							mu.Unlock()
						}
						return c, err
					}}
					r, err := http.NewRequest(http.MethodGet, srv.URL+"/v1/users?limit=1", nil)
					if err != nil {
						t.Error(err)
						return
					}
					r.Header.Set("Authorization", "Bearer "+bearer)
					r.Header.Set("X-Forwarded-For", rand.Text()) // says nothing either
					res, err := to.RoundTrip(r)
					if err != nil {
						t.Error(err)
						return
					}
					_ = res.Body.Close()
					mu.Lock()
					defer mu.Unlock()
					switch res.StatusCode {
					case http.StatusOK:
						passed[name]++
					case http.StatusTooManyRequests:
					default:
						t.Errorf("%s: %d", name, res.StatusCode)
					}
				})
			}
		}
		wg.Wait()
		if d := cmp.Diff(map[string]int{"a client": burst, "another client": burst, "a key": burst}, passed); d != "" {
			t.Error(d)
		}
		if len(addresses) < 2*burst {
			t.Errorf("only %d connections", len(addresses))
		}
	})
}
