package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/internal/pgtest"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// replica is a process that sends, on connections of its own. Killed, it sends no more, hears no answers and writes nothing
// down.
type replica struct {
	name   string
	store  *storage.Store
	doer   httpx.Doer
	dead   atomic.Bool
	lost   atomic.Int64 // answers that came after its death
	cancel context.CancelFunc
	done   chan struct{}
}

const sender = "Sender" // a header that says which replica sends

func (r *replica) Do(req *http.Request) (*http.Response, error) {
	if r.dead.Load() {
		return nil, errors.New("killed")
	}
	req.Header.Set(sender, r.name)
	resp, err := r.doer.Do(req)
	if r.dead.Load() && err == nil {
		if _ = resp.Body.Close(); resp.StatusCode < 300 {
			r.lost.Add(1)
		}
		return nil, errors.New("killed before the answer")
	}
	return resp, err
}

func (r *replica) kill() {
	r.dead.Store(true)
	_ = r.store.Close()
	r.cancel()
}

func (w *world) replica(url, name string) *replica {
	w.Helper()
	store, err := storage.Open(w.Context(), url)
	w.must(err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.Context()))
	r := &replica{name: name, store: store, doer: httpx.NewDoer(httpx.Options{AllowPrivate: httpx.Loopback()}), cancel: cancel, done: make(chan struct{})}
	options := w.options(store, r)
	options.Log = slog.New(slog.DiscardHandler) // a dead one complains
	o := webhook.New(options).QueueOptions()
	o.Poll = 10 * time.Millisecond
	go func() { defer close(r.done); delivery.NewQueue(o).Run(ctx) }()
	w.Cleanup(func() { cancel(); <-r.done; _ = store.Close() })
	return r
}

// party is somebody's endpoint that many requests reach at once. It keeps what it took, in the order in which it did.
type party struct {
	*httptest.Server
	e      *storage.WebhookEndpoint
	answer func(by string) int // decides on the status; nil: 200

	mu   sync.Mutex
	took []got
}

func (w *world) party(answer func(by string) int, events ...webhook.Event) *party {
	w.Helper()
	p := &party{answer: answer}
	p.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		g := got{ID: req.Header.Get(webhook.HeaderID)}
		g.raw, _ = io.ReadAll(req.Body)
		_ = json.Unmarshal(g.raw, &g)
		status := http.StatusOK
		if p.answer != nil {
			status = p.answer(req.Header.Get(sender))
		}
		if status < 300 { // before the answer: whoever sends the next one has that
			p.mu.Lock()
			p.took = append(p.took, g)
			p.mu.Unlock()
		}
		rw.WriteHeader(status)
	}))
	w.Cleanup(p.Close)
	p.e, _ = w.endpoint(webhook.Fields{URL: p.URL, Events: events})
	return p
}

func (p *party) list() []got {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]got(nil), p.took...)
}

// owed tells whether a party is owed something.
func (w *world) owed(p *party) bool {
	w.Helper()
	list, err := w.store.WebhookDeliveries(w.Context(), storage.WebhookDeliveryFilter{Kind: webhook.Kind, Receiver: p.e.ID,
		Outcome: "pending", Limit: 1})
	w.must(err)
	return len(list) > 0
}

// An hour with one receiver down, two replicas at work, each killed in the middle of a request whose answer it never hears, one
// while the receiver is down and one while it catches up; a receiver that is well all the time, and one that comes late and is
// slow: every event arrives, none of a user's out of order, at most 1% twice, and nobody waits for the slow one.
func TestAnHourDown(t *testing.T) {
	for name, url := range map[string]func() string{"sqlite": func() string { return storagetest.SQLite(t) }, "postgres": func() string { return pgtest.New(t) }} {
		t.Run(name, func(t *testing.T) { anHourDown(t, url()) })
	}
}

func anHourDown(t *testing.T, url string) {
	const users, rounds, late = 120, 20, 2
	w := newWorld(t, storagetest.Open(t, url))
	var down atomic.Bool
	var first, second atomic.Pointer[replica]
	var killFirst, killSecond sync.Once
	var tried atomic.Int64
	down.Store(true)
	well := w.party(func(by string) int { // half an hour in, the first replica dies before it hears the answer
		if r := first.Load(); w.clock.Now().After(start.Add(30*time.Minute)) && by == r.name {
			killFirst.Do(r.kill)
		}
		return http.StatusOK
	}, webhook.UserUpdated)
	var back *party
	back = w.party(func(by string) int {
		if tried.Add(1); down.Load() {
			return http.StatusServiceUnavailable
		}
		if r := second.Load(); by == r.name && len(back.list()) > users*rounds/3 { // and the second one here
			killSecond.Do(r.kill)
		}
		return http.StatusOK
	}, webhook.UserUpdated)
	var people []*storage.User
	for i := range users {
		people = append(people, w.person(fmt.Sprintf("user%d@example.com", i)))
	}
	change := func(round int) {
		for _, u := range people {
			u.Name = fmt.Sprint(round)
			w.must(w.users.Update(w.Context(), w.store, w.door, u, "test"))
		}
	}
	var gone *replica
	first.Store(w.replica(url, "first"))
	second.Store(w.replica(url, "second"))
	for round := range rounds {
		change(round)
		// A lease is 20 s. Where the clock jumps over that, nothing that will be taken may be under way.
		w.until("the receiver that is well has all", func() bool {
			if died := first.Load(); died.dead.Load() {
				gone = died
				first.Store(w.replica(url, "third"))
				time.Sleep(300 * time.Millisecond) // the living settle what they have
				w.clock.Advance(21 * time.Second)  // and get what the dead one held
			}
			return !w.owed(well)
		})
		w.clock.Advance(time.Hour / rounds)
	}
	if gone == nil || gone.lost.Load() == 0 {
		w.Error("the first replica lost no answer")
	}
	if n := len(back.list()); n > 0 || tried.Load() == 0 {
		w.Fatalf("down, and has taken %d of %d", n, tried.Load())
	}
	down.Store(false)
	w.until("reached again", func() bool { // within a pause of the receiver's, each with time to try
		w.clock.Advance(5 * time.Minute)
		for patience := time.Now().Add(time.Second); len(back.list()) == 0 && time.Now().Before(patience); time.Sleep(5 * time.Millisecond) {
		}
		return len(back.list()) > 0
	})
	w.until("the second one is killed", func() bool { w.clock.Advance(10 * time.Millisecond); return second.Load().dead.Load() })
	w.replica(url, "fourth")
	quick := make(chan struct{})
	behind := w.party(func(string) int {
		select {
		case <-quick:
		case <-time.After(3 * time.Second): // a sender waits for five
		}
		return http.StatusOK
	}, webhook.UserUpdated)
	for round := range late {
		change(rounds + round)
	}
	others := func() bool { return !w.owed(well) && !w.owed(back) }
	step := func(done func() bool) func() bool {
		seen := time.Now()
		return func() bool {
			// Three times as fast as the machine's own: whoever holds a lease has seconds of that for it.
			w.clock.Advance(3 * time.Since(seen))
			seen = time.Now()
			return done()
		}
	}
	w.until("all but the slow one have all", step(others))
	if n := len(behind.list()); n == users*late || !w.owed(behind) {
		w.Errorf("the slow one has all, too: %d", n)
	}
	held := len(behind.list())
	close(quick)
	w.until("the slow one has all", step(func() bool { return !w.owed(behind) }))
	lost := second.Load().lost.Load()
	if lost == 0 {
		w.Error("the second replica lost no answer")
	}
	all, twice := 0, 0
	for name, p := range map[string]*party{"well": well, "back": back, "behind": behind} {
		from, n := 0, users*(rounds+late)
		if p == behind {
			from, n = rounds, users*late
		}
		again := judge(w, p.list(), from, n)
		w.Logf("%s: %d events, %d twice", name, n, again)
		all, twice = all+n, twice+again
	}
	if twice*100 > all {
		w.Errorf("%d of %d twice", twice, all)
	}
	w.Logf("%d events of %d users to 3 receivers: %d deliveries, %d twice; the replicas died with %d and %d answers under way; the slow "+
		"receiver had %d of %d when the others had all", users*(rounds+late), users, all, twice, gone.lost.Load(), lost, held, users*late)
}

// judge fails unless a party took n events, those of a user one after the other from a round on, and returns how many twice.
func judge(w *world, list []got, from, n int) (twice int) {
	w.Helper()
	at, seen := map[string]int{}, map[string]bool{}
	for _, g := range list {
		var round int
		_, err := fmt.Sscan(g.Data["name"].(string), &round)
		w.must(err)
		who := g.Data["id"].(string)
		switch last, begun := at[who]; {
		case seen[g.ID]:
			if twice++; round != last {
				w.Errorf("%s: %d again after %d", who, round, last)
			}
		case begun && round != last+1, !begun && round != from:
			w.Errorf("%s: %d after %d", who, round, last)
		}
		seen[g.ID], at[who] = true, round
	}
	if len(seen) != n {
		w.Errorf("%d events of %d", len(seen), n)
	}
	return twice
}
