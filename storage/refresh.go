package storage

import (
	"context"
	"time"
)

// refreshAsk is one caller waiting for a Grant.
type refreshAsk struct {
	userID, familyID string
	clientID         string // with rotate: whose the family must be
	presented        int64
	rotate           bool
	now              time.Time // taken before the statement is sent

	grant Grant
	err   error
	done  chan struct{}
}

// versionAsk is one caller waiting for the version of a client; 0 if there is no such client.
type versionAsk struct {
	clientID string
	version  int64
	err      error
	done     chan struct{}
}

// hotLanes gather the asks that every request makes.
type hotLanes struct {
	dialect  dialect
	reads    lane[*refreshAsk]
	rotates  lane[*refreshAsk]
	versions lane[*versionAsk]
}

func newHotLanes(d dialect) *hotLanes {
	h := &hotLanes{dialect: d}
	h.reads.answer = h.answerRefresh
	h.rotates.answer = h.answerRefresh
	h.rotates.key = func(a *refreshAsk) string { return a.familyID }
	h.versions.answer = h.answerVersions
	return h
}

func (h *hotLanes) grant(ctx context.Context, a *refreshAsk) (*Grant, error) {
	a.done = make(chan struct{})
	if a.rotate {
		h.rotates.join(a)
	} else {
		h.reads.join(a)
	}
	select {
	case <-a.done:
		return &a.grant, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (h *hotLanes) clientVersion(ctx context.Context, clientID string) (int64, error) {
	a := &versionAsk{clientID: clientID, done: make(chan struct{})}
	h.versions.join(a)
	select {
	case <-a.done:
		return a.version, a.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (h *hotLanes) answerRefresh(batch []*refreshAsk) {
	// The oldest reading in the batch is the one that all of it counts from: it was taken before the statement is
	// sent, and being older it can only shorten a token's life.
	now := batch[0].now
	for _, a := range batch {
		if a.now.Before(now) {
			now = a.now
		}
		a.err = ErrNotFound
	}
	err := h.try(func(ctx context.Context) error { return h.dialect.refresh(ctx, now, batch) })
	for _, a := range batch {
		if err != nil {
			a.err = wrap(err, "read grant")
		}
		a.grant.At = now
		close(a.done)
	}
}

func (h *hotLanes) answerVersions(batch []*versionAsk) {
	err := h.try(func(ctx context.Context) error { return h.dialect.clientVersions(ctx, batch) })
	for _, a := range batch {
		a.err = wrap(err, "read client version")
		close(a.done)
	}
}

// try runs a statement that belongs to nobody's request, and again where it failed only because of others.
func (h *hotLanes) try(statement func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), laneTimeout)
	defer cancel()
	err := statement(ctx)
	for again := 0; err != nil && again < 3 && h.dialect.transient(err); again++ {
		err = statement(ctx)
	}
	return err
}
