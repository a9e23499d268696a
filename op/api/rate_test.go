package api_test

import (
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/api"
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
