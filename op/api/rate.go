package api

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/curfew-id/curfew/internal/clock"
)

// Rate is what one caller may ask of one replica: so many requests a second, and so many at once after a pause.
type Rate struct{ PerSecond, Burst int }

// DefaultRate holds where none is set.
var DefaultRate = Rate{PerSecond: 100, Burst: 200}

// limiter keeps a bucket of tokens for each caller, in memory: each replica counts for itself, so n of them allow n times
// the rate. That keeps one caller from starving the others, which is what it is for, without a write for each request.
type limiter struct {
	Rate
	clock clock.Clock

	mu      sync.Mutex
	buckets map[string]*bucket
	swept   time.Time
}

type bucket struct {
	tokens float64
	at     time.Time
}

func newLimiter(clk clock.Clock, r Rate) *limiter {
	if r.PerSecond == 0 {
		r = DefaultRate
	}
	r.Burst = max(r.Burst, 1)
	return &limiter{Rate: r, clock: clk, buckets: map[string]*bucket{}, swept: clk.Now()}
}

// take takes a token of the caller's, if there is one, and returns how many are left and how long until there is another.
func (l *limiter) take(caller string) (ok bool, left int, wait time.Duration) {
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(now)
	b := l.buckets[caller]
	if b == nil {
		b = &bucket{float64(l.Burst), now}
		l.buckets[caller] = b
	}
	b.fill(l.Rate, now)
	if b.tokens < 1 {
		return false, 0, time.Duration((1 - b.tokens) / float64(l.PerSecond) * float64(time.Second))
	}
	b.tokens--
	return true, int(b.tokens), 0
}

func (b *bucket) fill(r Rate, now time.Time) {
	if past := now.Sub(b.at).Seconds(); past > 0 {
		b.tokens = math.Min(float64(r.Burst), b.tokens+past*float64(r.PerSecond))
		b.at = now
	}
}

// sweep forgets buckets that are full again, once a minute: a new one is the same.
func (l *limiter) sweep(now time.Time) {
	if now.Sub(l.swept) < time.Minute {
		return
	}
	l.swept = now
	for caller, b := range l.buckets {
		if b.fill(l.Rate, now); b.tokens >= float64(l.Burst) {
			delete(l.buckets, caller)
		}
	}
}

// limitRate refuses a caller that asks for too much, and tells everybody what they have left (draft-ietf-httpapi-ratelimit-headers).
// It stands behind the guard: a stranger has no bucket to fill memory with, and cannot empty another's.
func (a *API) limitRate(ctx huma.Context, next func(huma.Context)) {
	caller := "user " + ownUser(ctx)
	if c := callerIn(ctx.Context()); c != nil {
		caller = c.kind + " " + c.id
	}
	ok, left, wait := a.limiter.take(caller)
	l := a.limiter
	r, w := humago.Unwrap(ctx)
	window := (l.Burst + l.PerSecond - 1) / l.PerSecond // seconds in which an empty bucket is full again
	w.Header().Set("RateLimit-Policy", fmt.Sprintf(`"default";q=%d;w=%d`, l.Burst, window))
	seconds := strconv.Itoa(max(1, int(math.Ceil(wait.Seconds()))))
	if ok {
		w.Header().Set("RateLimit", fmt.Sprintf(`"default";r=%d`, left))
		next(ctx)
		return
	}
	w.Header().Set("RateLimit", fmt.Sprintf(`"default";r=0;t=%s`, seconds))
	p := problem(http.StatusTooManyRequests, "rate_limited", "too many requests; try again in "+seconds+" s")
	p.header = http.Header{"Retry-After": {seconds}}
	p.write(r.Context(), w)
}

func ownUser(ctx huma.Context) string {
	if g := ownOf(ctx.Context()); g != nil {
		return g.UserID
	}
	return ""
}
