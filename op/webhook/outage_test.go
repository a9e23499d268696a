package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
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
	store  *storage.Store
	doer   httpx.Doer
	dead   atomic.Bool
	cancel context.CancelFunc
	done   chan struct{}
}

func (r *replica) Do(req *http.Request) (*http.Response, error) {
	if r.dead.Load() {
		return nil, errors.New("killed")
	}
	resp, err := r.doer.Do(req)
	if r.dead.Load() && err == nil {
		_ = resp.Body.Close()
		return nil, errors.New("killed before the answer")
	}
	return resp, err
}

func (r *replica) kill() {
	r.dead.Store(true)
	_ = r.store.Close()
	r.cancel()
}

func (w *world) replica(url string) *replica {
	w.Helper()
	store, err := storage.Open(w.Context(), url)
	w.must(err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.Context()))
	r := &replica{store: store, doer: httpx.NewDoer(httpx.Options{AllowPrivate: httpx.Loopback()}), cancel: cancel, done: make(chan struct{})}
	options := w.options(store, r)
	options.Log = slog.New(slog.DiscardHandler) // a dead one complains
	o := webhook.New(options).QueueOptions()
	o.Poll = 10 * time.Millisecond
	go func() { defer close(r.done); delivery.NewQueue(o).Run(ctx) }()
	w.Cleanup(func() { cancel(); <-r.done; _ = store.Close() })
	return r
}

// An hour with the receiver down, two replicas at work, both killed, one while it is down and one while it catches up:
// every event arrives, none of a user's out of order, at most 1% twice.
func TestAnHourDown(t *testing.T) {
	for name, url := range map[string]func() string{"sqlite": func() string { return storagetest.SQLite(t) }, "postgres": func() string { return pgtest.New(t) }} {
		t.Run(name, func(t *testing.T) { anHourDown(t, url()) })
	}
}

func anHourDown(t *testing.T, url string) {
	const users, rounds = 12, 100 // whatever dies, of one user one event at most is told and not written down
	w := newWorld(t, storagetest.Open(t, url))
	var down atomic.Bool
	r := w.receiver(func(int, got) int {
		if down.Load() {
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	})
	e, _ := w.endpoint(webhook.Fields{URL: r.URL, Events: []webhook.Event{webhook.UserUpdated}})
	var people []*storage.User
	for i := range users {
		people = append(people, w.person(fmt.Sprintf("user%d@example.com", i)))
	}
	first, second := w.replica(url), w.replica(url)
	down.Store(true)
	for round := range rounds { // an hour, in which everybody changes a hundred times
		for _, u := range people {
			u.Name = fmt.Sprint(round)
			w.must(w.users.Update(w.Context(), w.store, w.door, u, "test"))
		}
		w.clock.Advance(time.Hour / rounds)
		if round == rounds/2 {
			first.kill()
			first = w.replica(url)
		}
	}
	tried := len(r.got())
	down.Store(false)
	fresh := func() (n int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.list) - tried
	}
	killed := sync.OnceFunc(func() {
		second.kill()
		w.replica(url)
	})
	w.until("reached again", func() bool { // within a pause of the receiver's, each with time to try
		w.clock.Advance(5 * time.Minute)
		for patience := time.Now().Add(time.Second); fresh() == 0 && time.Now().Before(patience); time.Sleep(5 * time.Millisecond) {
		}
		return fresh() > 0
	})
	w.until("all delivered", func() bool {
		// Slowly: a lease is 20 s, and whoever holds one is to have seconds of the machine's own time for it.
		if w.clock.Advance(20 * time.Millisecond); fresh() > users*rounds/3 {
			killed()
		}
		n, err := w.store.CountOwed(w.Context(), webhook.Kind)
		w.must(err)
		return n == 0
	})
	judge(w, e.ID, r.got()[tried:], people, rounds)
}

func judge(w *world, endpointID string, list []got, people []*storage.User, rounds int) {
	w.Helper()
	at, seen, twice := map[string]int{}, map[string]bool{}, 0
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
		case begun && round != last+1, !begun && round != 0:
			w.Errorf("%s: %d after %d", who, round, last)
		}
		seen[g.ID], at[who] = true, round
	}
	if want := len(people) * rounds; len(seen) != want || twice*100 > want {
		w.Errorf("%d events of %d, %d twice", len(seen), want, twice)
	}
	w.Logf("%d events, %d twice", len(seen), twice)
}
