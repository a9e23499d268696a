package storage

import (
	"context"
	"sync"
	"time"
)

// refreshAsk is one caller waiting for a Grant.
type refreshAsk struct {
	userID, familyID string
	clientID         string // with rotate: whose the family must be
	presented        int64
	rotate           bool
	now              time.Time // taken before the statement is sent; the caller's, or the lane's where it has none

	grant Grant
	err   error
	done  chan struct{}
}

// hotLane gathers concurrent asks into one statement while the previous one is under way. With no load an ask goes out at
// once, so gathering costs no wait.
type hotLane struct {
	read, rotate lane
}

func newHotLane(s *Store) *hotLane {
	return &hotLane{read: lane{store: s}, rotate: lane{store: s}}
}

func (h *hotLane) ask(ctx context.Context, a *refreshAsk) (*Grant, error) {
	a.done = make(chan struct{})
	if a.rotate {
		h.rotate.join(a)
	} else {
		h.read.join(a)
	}
	select {
	case <-a.done:
		return &a.grant, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

const (
	laneWidth   = 2 // statements under way at once: one that waits for a row's lock must not hold up everybody
	laneBatch   = 128
	laneTimeout = 10 * time.Second
)

type lane struct {
	store   *Store
	mu      sync.Mutex
	waiting []*refreshAsk
	running int
}

func (l *lane) join(a *refreshAsk) {
	l.mu.Lock()
	l.waiting = append(l.waiting, a)
	start := l.running < laneWidth
	if start {
		l.running++
	}
	l.mu.Unlock()
	if start {
		go l.run()
	}
}

// run answers until nobody waits.
func (l *lane) run() {
	for {
		l.mu.Lock()
		batch := l.take()
		if len(batch) == 0 {
			l.running--
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		l.answer(batch)
	}
}

// take removes the next asks from the queue. A family stands in a batch at most once, because one statement moves a row
// at most once; its second ask waits for the next statement.
func (l *lane) take() (batch []*refreshAsk) {
	if len(l.waiting) <= 1 {
		batch, l.waiting = l.waiting, nil
		return batch
	}
	seen := make(map[string]bool, len(l.waiting))
	var rest []*refreshAsk
	for _, a := range l.waiting {
		if len(batch) == laneBatch || seen[a.familyID] {
			rest = append(rest, a)
			continue
		}
		seen[a.familyID] = true
		batch = append(batch, a)
	}
	l.waiting = rest
	return batch
}

func (l *lane) answer(batch []*refreshAsk) {
	// The oldest reading in the batch is the one that all of it counts from: it was taken before the statement is
	// sent, and being older it can only shorten a token's life.
	now := batch[0].now
	for _, a := range batch {
		if a.now.Before(now) {
			now = a.now
		}
		a.err = ErrNotFound
	}
	ctx, cancel := context.WithTimeout(context.Background(), laneTimeout)
	defer cancel()
	err := l.store.dialect.refresh(ctx, now, batch)
	for try := 0; err != nil && try < 3 && l.store.dialect.transient(err); try++ {
		err = l.store.dialect.refresh(ctx, now, batch)
	}
	for _, a := range batch {
		if err != nil {
			a.err = wrap(err, "read grant")
		}
		a.grant.At = now
		close(a.done)
	}
}
