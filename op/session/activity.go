package session

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/curfew-id/curfew/storage"
)

// Activity collects in memory when sessions are used and writes it in batches, so that a refresh costs no write. A row is
// written at most once per hundredth of its idle timeout, no oftener than every 5 s and no rarer than every 5 min: an
// idle end is right to one percent. What a crash loses is at most that much of a session's last activity.
type Activity struct {
	store *storage.Store

	mu   sync.Mutex
	seen map[string]storage.Activity // by session
}

// NewActivity returns an empty collection; Run writes it.
func NewActivity(store *storage.Store) *Activity {
	return &Activity{store: store, seen: map[string]storage.Activity{}}
}

// Used notes that a session was used at an instant. lastActive and idle are what the database says of it.
func (a *Activity) Used(userID, sessionID string, at, lastActive time.Time, idle time.Duration) {
	every := min(max(idle/100, 5*time.Second), 5*time.Minute)
	if at.Sub(lastActive) < every {
		return
	}
	a.mu.Lock()
	a.seen[sessionID] = storage.Activity{UserID: userID, SessionID: sessionID, At: at}
	a.mu.Unlock()
}

// Flush writes what was collected. What could not be written is kept for the next time.
func (a *Activity) Flush(ctx context.Context) error {
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
		if err := a.store.Touch(ctx, batch); err != nil {
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
