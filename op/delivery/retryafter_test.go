package delivery_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/storage"
)

// asking is a receiver that is not well and says for how long.
func asking(t *testing.T, status int, after func() string) (send delivery.Sender) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if s := after(); s != "" {
			w.Header().Set("Retry-After", s)
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(srv.Close)
	doer := httpx.NewDoer(httpx.Options{AllowPrivate: httpx.Loopback()})
	return func(ctx context.Context, _ *storage.Delivery) (int, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL, nil)
		if err != nil {
			return 0, err
		}
		return delivery.Exchange(doer, req)
	}
}

// RFC 9110 10.2.3: seconds or a date, of which recipients accept three forms (5.6.7); anything else says nothing.
func TestRetryAfter(t *testing.T) {
	for said, want := range map[string]time.Duration{
		"": 0, "0": 0, "120": 2 * time.Minute, " 7 ": 7 * time.Second, "9223372036854775807": math.MaxInt64,
		"99999999999999999999999": math.MaxInt64, "-1": 0, "1.5": 0, "1e3": 0, "+5": 0, "soon": 0, "60, 120": 0, "0x10": 0,
		"Sun, 01 Mar 2026 12:30:00 GMT": 30 * time.Minute, "Sunday, 01-Mar-26 12:30:00 GMT": 30 * time.Minute,
		"Sun Mar  1 12:30:00 2026": 30 * time.Minute, "Sun, 01 Mar 2026 11:00:00 GMT": 0, "2026-03-01T12:30:00Z": 0,
	} {
		_, err := asking(t, http.StatusServiceUnavailable, func() string { return said })(t.Context(), nil)
		f := (*delivery.Failure)(nil)
		if !errors.As(err, &f) || f.Class != delivery.ReceiverFault {
			t.Fatalf("%q: %v", said, err)
		}
		if got := f.RetryAfter(start); got != want {
			t.Errorf("%q: %s, want %s", said, got, want)
		}
	}
	for status, heard := range map[int]bool{429: true, 503: true, 500: false, 502: false, 404: false, 301: false, 400: false} {
		_, err := asking(t, status, func() string { return "60" })(t.Context(), nil)
		f := (*delivery.Failure)(nil)
		if !errors.As(err, &f) || f.RetryAfter(start) > 0 != heard {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// A receiver gets the pause that it asks for, never less than our own, and never so long that what it is owed dies of it. The
// pause counts for all that it is owed.
func TestQueueHonoursRetryAfter(t *testing.T) {
	const most = time.Hour
	for said, want := range map[string][2]time.Duration{ // from the first attempt to the next, at least and at most
		"":         {time.Second, 2 * time.Second},
		"0":        {time.Second, 2 * time.Second},
		"600":      {10 * time.Minute, 10 * time.Minute},
		"86400":    {most, most},
		"31536000": {most, most},
	} {
		eachPost(t, func(p *post) {
			var mu sync.Mutex
			var tries []time.Time
			send := asking(t, http.StatusTooManyRequests, func() string { return said })
			o := p.options(func(ctx context.Context, d *storage.Delivery) (int, error) {
				mu.Lock()
				tries = append(tries, p.clock.Now())
				mu.Unlock()
				return send(ctx, d)
			})
			o.RetryAfterMax = most
			d := p.owe("busy", "", 1)[0]
			stop := p.run(o)
			p.until("tried", func() bool { return p.read()[d.ID].LastStatus == 429 })
			stop()
			if wait := p.read()[d.ID].NextAt.Sub(start); wait < want[0] || wait > want[1] {
				p.Errorf("%q: tried again after %s, want %v", said, wait, want)
			}
			if want[0] < time.Minute {
				return
			}
			other := p.owe("busy", "", 1)[0]
			p.clock.Advance(want[0] - time.Second)
			claimed := func() int {
				list, err := p.store.ClaimDeliveries(p.Context(), storage.DeliveryClaim{Kind: kind, Now: p.clock.Now(),
					Until: p.clock.Now().Add(time.Second), PerReceiver: 8, Limit: 8})
				p.must(err)
				return len(list)
			}
			if n := claimed(); n != 0 || p.read()[other.ID].Attempts != 0 {
				p.Errorf("%q: %d sent while the receiver wants to be left alone", said, n)
			}
			p.clock.Advance(time.Second)
			if n := claimed(); n != 1 {
				p.Errorf("%q: %d sent as a trial", said, n)
			}
		})
	}
}

// What is about to expire is tried once more before that, however long the receiver wants to be left alone.
func TestRetryAfterIsNotTheEnd(t *testing.T) {
	eachPost(t, func(p *post) {
		d := p.owe("busy", "", 1)[0]
		o := p.options(asking(t, http.StatusServiceUnavailable, func() string { return "3600" }))
		o.RetryAfterMax = time.Hour
		p.clock.Advance(delivery.TTL - 10*time.Minute)
		p.run(o)
		p.until("tried", func() bool { return p.read()[d.ID].Attempts == 1 && p.read()[d.ID].LastStatus == 503 })
		if got := p.read()[d.ID]; got.ExpiresAt.Sub(got.NextAt.Time) != time.Minute {
			p.Errorf("tried again %s before the end", got.ExpiresAt.Sub(got.NextAt.Time))
		}
		p.clock.Advance(9 * time.Minute)
		p.until("tried again", func() bool { return p.read()[d.ID].Attempts == 2 })
		p.clock.Advance(time.Minute)
		p.until("given up", p.settled(delivery.Failed))
	})
}

// Answers to what was on its way already do not lift a pause that the receiver asked for, in whichever order they are written.
func TestRetryAfterOutlivesOtherAnswers(t *testing.T) {
	eachPost(t, func(p *post) {
		list := p.owe("busy", "", 4)
		now := p.clock.Now()
		claimed, err := p.store.ClaimDeliveries(p.Context(), storage.DeliveryClaim{Kind: kind, Now: now, Until: now.Add(time.Minute),
			PerReceiver: 3, Limit: 3})
		p.must(err)
		if len(claimed) != 3 {
			p.Fatal(len(claimed))
		}
		taken := func(d *storage.Delivery) storage.DeliveryResult {
			d.SentAt, d.SettledAt, d.Outcome, d.ClaimedUntil = storage.At(now), storage.At(now), delivery.Delivered, storage.Time{}
			return storage.DeliveryResult{Delivery: d}
		}
		refused := claimed[1]
		refused.SentAt, refused.NextAt, refused.ClaimedUntil = storage.At(now), storage.At(now.Add(10*time.Minute)), storage.Time{}
		asked := storage.DeliveryResult{Delivery: refused, ReceiverFailed: true, Pause: 10 * time.Minute}
		pause := func(int64) time.Duration { return time.Second }
		p.must(p.store.RecordDeliveries(p.Context(), []storage.DeliveryResult{taken(claimed[0]), asked}, now, pause))
		p.must(p.store.RecordDeliveries(p.Context(), []storage.DeliveryResult{taken(claimed[2])}, now, pause))
		claim := func() (ids []string) {
			got, err := p.store.ClaimDeliveries(p.Context(), storage.DeliveryClaim{Kind: kind, Now: p.clock.Now(),
				Until: p.clock.Now().Add(time.Minute), PerReceiver: 8, Limit: 8})
			p.must(err)
			for _, d := range got {
				ids = append(ids, d.ID)
			}
			return ids
		}
		p.clock.Advance(10*time.Minute - time.Second)
		if ids := claim(); len(ids) > 0 {
			p.Errorf("claimed %v", ids)
		}
		p.must(p.store.ForgetReceiver(p.Context(), kind, "busy", p.clock.Now()))
		if ids := claim(); len(ids) != 2 {
			p.Errorf("%s: %s of %d", "forgotten", strconv.Itoa(len(ids)), len(list))
		}
	})
}
