package session

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/storage"
)

// Activity collects in memory when sessions are used and writes it in batches, so that a refresh costs no write. A row is
// written at most once per hundredth of its idle timeout, no oftener than every 5 s and no rarer than every 5 min: an
// idle end is right to one percent. What a crash loses is at most that much of a session's last activity.
type Activity struct {
	store *storage.Store
	clock clock.Clock

	mu     sync.Mutex
	seen   map[string]storage.Activity // by session
	visits map[string]storage.Visit    // by session

	// narrow holds the idle timeouts of clients that are shorter than that of the session they use. It is what this process
	// has seen and may be forgotten: then the session is as precise as its own timeout until the client uses it again.
	hasNarrow atomic.Bool
	narrowMu  sync.RWMutex
	narrow    map[string]time.Duration // by session
}

// NewActivity returns an empty collection; Run writes it.
func NewActivity(store *storage.Store, clk clock.Clock) *Activity {
	return &Activity{store: store, clock: clk, seen: map[string]storage.Activity{}, visits: map[string]storage.Visit{},
		narrow: map[string]time.Duration{}}
}

// Used notes that a session was used at an instant, and tells whether that will be written. lastActive and idle are what the
// database says of it.
func (a *Activity) Used(userID, sessionID string, at, lastActive time.Time, idle time.Duration) bool {
	if a.hasNarrow.Load() {
		a.narrowMu.RLock()
		if n, ok := a.narrow[sessionID]; ok {
			idle = min(idle, n)
		}
		a.narrowMu.RUnlock()
	}
	every := min(max(idle/100, 5*time.Second), 5*time.Minute)
	if at.Sub(lastActive) < every {
		return false
	}
	a.mu.Lock()
	a.seen[sessionID] = storage.Activity{UserID: userID, SessionID: sessionID, At: at}
	a.mu.Unlock()
	return true
}

// maxNarrow bounds what is remembered; beyond it everything is forgotten.
const maxNarrow = 100_000

// Narrow notes that a client with an idle timeout of its own takes part in a session: from now on whatever uses the session
// is written as often as the shorter timeout needs it.
func (a *Activity) Narrow(sessionID string, idle time.Duration) {
	a.narrowMu.RLock()
	known, ok := a.narrow[sessionID]
	a.narrowMu.RUnlock()
	if ok && known <= idle {
		return
	}
	a.narrowMu.Lock()
	defer a.narrowMu.Unlock()
	if len(a.narrow) >= maxNarrow {
		clear(a.narrow)
	}
	a.narrow[sessionID] = idle
	a.hasNarrow.Store(true)
}

// Visited notes where a session's own browser is, to be written with the rest.
func (a *Activity) Visited(v storage.Visit) {
	a.mu.Lock()
	a.visits[v.SessionID] = v
	a.mu.Unlock()
}

// Flush writes what was collected. What could not be written is kept for the next time.
func (a *Activity) Flush(ctx context.Context) error {
	if err := a.flushVisits(ctx); err != nil {
		return err
	}
	a.mu.Lock()
	seen := a.seen
	a.seen = map[string]storage.Activity{}
	a.mu.Unlock()
	batch := make([]storage.Activity, 0, min(len(seen), 1000))
	for sessionID, v := range seen {
		batch = append(batch, v)
		delete(seen, sessionID)
		if len(batch) < 1000 && len(seen) > 0 {
			continue
		}
		if err := a.store.Touch(ctx, batch, a.clock.Now()); err != nil {
			a.putBack(batch, seen)
			return err
		}
		batch = batch[:0]
	}
	return nil
}

func (a *Activity) putBack(batch []storage.Activity, rest map[string]storage.Activity) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, v := range batch {
		rest[v.SessionID] = v
	}
	for k, v := range rest {
		if newer, ok := a.seen[k]; !ok || newer.At.Before(v.At) {
			a.seen[k] = v
		}
	}
}

// flushVisits writes one by one: they are as many as people load pages of curfew, not as many as sessions are refreshed.
func (a *Activity) flushVisits(ctx context.Context) error {
	a.mu.Lock()
	visits := a.visits
	a.visits = map[string]storage.Visit{}
	a.mu.Unlock()
	for sessionID, v := range visits {
		if err := a.store.Visited(ctx, v); err != nil {
			a.mu.Lock()
			for id, v := range visits {
				if _, newer := a.visits[id]; !newer {
					a.visits[id] = v
				}
			}
			a.mu.Unlock()
			return err
		}
		delete(visits, sessionID)
	}
	return nil
}

// Run flushes every 5 seconds until ctx ends, and once more then.
func (a *Activity) Run(ctx context.Context) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := a.Flush(ctx); err != nil && ctx.Err() == nil {
				slog.WarnContext(ctx, "activity of sessions not written yet", "error", err)
			}
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			if err := a.Flush(last); err != nil {
				slog.WarnContext(ctx, "last activity of sessions lost", "error", err)
			}
			return
		}
	}
}
