package push

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/curfew-id/curfew/storage"
)

// How many listeners there may be at once in one process: of one session, of one client, of all.
const (
	PerSession = 8
	PerClient  = 64
	AtAll      = 20_000

	buffered = 64 // ends that a listener may be behind
)

// Errors of Listen.
var (
	// ErrTooMany: as many listeners as there may be.
	ErrTooMany = errors.New("too many listeners")
	// ErrNotReady: nothing has been read yet, or not for long.
	ErrNotReady = errors.New("the feed of ended sessions is not being read")
	// ErrTooOld: the position has been forgotten, or never was.
	ErrTooOld = errors.New("the position is not in the feed")
)

// Listener hears of the ends that its scope sees.
type Listener struct {
	// Ends are in the order of their positions. The channel is closed when the listener was too slow, and what it has
	// missed must be read again from its last position.
	Ends <-chan *storage.SessionEnd

	hub   *Hub
	ends  chan *storage.SessionEnd
	scope Scope
	payer string
	gone  bool
}

// Listen begins to listen, until Close. payer is whom it counts for, at most most at once.
func (h *Hub) Listen(s Scope, payer string, most int) (*Listener, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.started {
		return nil, ErrNotReady
	}
	if h.streams[payer] >= most || h.open >= AtAll {
		return nil, ErrTooMany
	}
	l := &Listener{hub: h, ends: make(chan *storage.SessionEnd, buffered), scope: s, payer: payer}
	l.Ends = l.ends
	h.streams[payer]++
	h.open++
	if key := s.key(); key != "" {
		if h.listeners[key] == nil {
			h.listeners[key] = map[*Listener]struct{}{}
		}
		h.listeners[key][l] = struct{}{}
	}
	return l, nil
}

// Close ends the listening.
func (l *Listener) Close() {
	h := l.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cut(l)
	h.open--
	if h.streams[l.payer]--; h.streams[l.payer] == 0 {
		delete(h.streams, l.payer)
	}
}

// Missed returns what the listener's scope sees behind a position, up to about now; ErrTooOld where that is not known any
// more. What is under way in Ends may be among it: the positions tell.
func (l *Listener) Missed(ctx context.Context, after int64) ([]*storage.SessionEnd, error) {
	h := l.hub
	h.mu.Lock()
	position, before, recent := h.position, h.before, h.recent
	h.mu.Unlock()
	var missed []*storage.SessionEnd
	if after < 0 || after > position {
		// A replica may be ahead of this one by moments.
		if first, last, err := h.Store.SessionFeed(ctx); err != nil || after < first || after > last {
			return nil, errors.Join(ErrTooOld, err)
		}
		return nil, nil
	}
	if after < before {
		older, err := l.readFrom(ctx, after, before)
		if err != nil {
			return nil, err
		}
		missed = older
	}
	i, _ := slices.BinarySearchFunc(recent, after, func(e *storage.SessionEnd, p int64) int { return cmp.Compare(e.Position, p+1) })
	for _, e := range recent[i:] {
		if l.scope.sees(e) {
			missed = append(missed, e)
		}
	}
	return missed, nil
}

// readFrom reads what lies between a position and those in memory.
func (l *Listener) readFrom(ctx context.Context, after, until int64) (list []*storage.SessionEnd, err error) {
	first, _, err := l.hub.Store.SessionFeed(ctx)
	if err != nil {
		return nil, err
	}
	if after < first {
		return nil, ErrTooOld
	}
	for after < until {
		page, err := l.hub.Store.SessionEnds(ctx, after, readLimit, l.hub.Clock.Now())
		if err != nil {
			return nil, err
		}
		if len(page) == 0 || page[0].Position != after+1 { // positions are dense: what is not there was deleted meanwhile
			return nil, ErrTooOld
		}
		for _, e := range page {
			if after = e.Position; after > until {
				break
			}
			if l.scope.sees(e) {
				list = append(list, e)
			}
		}
	}
	return list, nil
}

// give puts an end into the listener's buffer, or cuts it off if that is full. The hub's lock is held.
func (h *Hub) give(l *Listener, e *storage.SessionEnd) {
	select {
	case l.ends <- e:
	default:
		h.cut(l)
	}
}

// cut takes a listener out and closes its channel, once. The hub's lock is held.
func (h *Hub) cut(l *Listener) {
	if l.gone {
		return
	}
	l.gone = true
	close(l.ends)
	key := l.scope.key()
	if delete(h.listeners[key], l); len(h.listeners[key]) == 0 {
		delete(h.listeners, key)
	}
}
