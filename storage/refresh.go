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
	laneWidth   = 4 // statements under way at once
	laneLate    = 10 * time.Millisecond
	laneBatch   = 128
	laneTimeout = 10 * time.Second
)

// lane has one statement under way, so that what comes meanwhile gathers: a row in a batch of 32 costs a tenth of one on
// its own. Another sets out beside it only when it is late, because one that waits for a row's lock must not hold up
// everybody.
type lane struct {
	store   *Store
	mu      sync.Mutex
	waiting []*refreshAsk
	running int // statements under way
	late    int // those of them that are late
	inBatch map[string]bool
}

func (l *lane) join(a *refreshAsk) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, a)
	l.send()
}

// send lets a statement set out if anybody waits and all those under way are late.
func (l *lane) send() {
	if len(l.waiting) > 0 && l.running == l.late && l.running < laneWidth {
		l.running++
		go l.run()
	}
}

// run answers batch after batch until nobody waits or somebody else is on the way.
func (l *lane) run() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.waiting) > 0 && l.running-l.late == 1 {
		batch := l.take()
		over := l.watch()
		l.mu.Unlock()
		l.answer(batch)
		l.mu.Lock()
		over()
	}
	l.running--
}

// watch counts a statement as late, and lets another set out, when it has been under way for laneLate. What it returns
// ends that; both are called with the lock held.
func (l *lane) watch() (over func()) {
	late, ended := false, false
	alarm := time.AfterFunc(laneLate, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if !ended {
			late = true
			l.late++
			l.send()
		}
	})
	return func() {
		ended = true
		alarm.Stop()
		if late {
			l.late--
		}
	}
}

// take removes the next asks from the queue. A family stands in a batch that rotates at most once, because one statement
// moves a row at most once; its second ask waits for the next statement.
func (l *lane) take() []*refreshAsk {
	if !l.waiting[0].rotate && len(l.waiting) <= laneBatch || len(l.waiting) == 1 {
		batch := l.waiting
		l.waiting = nil
		return batch
	}
	if l.inBatch == nil {
		l.inBatch = map[string]bool{}
	}
	clear(l.inBatch)
	var batch, rest []*refreshAsk
	for _, a := range l.waiting {
		if len(batch) == laneBatch || l.inBatch[a.familyID] {
			rest = append(rest, a)
			continue
		}
		l.inBatch[a.familyID] = true
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
