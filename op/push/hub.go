package push

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/storage"
)

const (
	// Leeway is what relying parties may allow for clocks beside a token's life.
	Leeway = 30 * time.Second
	// Window is how long an end stays in the deny list: until its last token is dead everywhere.
	Window = token.TTL + Leeway
	// Keep is how long an end stays in the feed, and so how old a position may be that a listener resumes from.
	Keep = time.Hour

	pollEvery  = time.Second
	readLimit  = 500
	readWithin = 5 * time.Second
)

// Options of a Hub. All but Log are required.
type Options struct {
	Issuer string
	Store  *storage.Store
	Clock  clock.Clock
	Ring   *key.Ring
	Log    *slog.Logger // nil: the default
}

// Hub follows the feed for one process.
type Hub struct {
	Options
	wake chan struct{}
	deaf bool // hears no bell, for tests: what remains is looking every second

	reading sync.Mutex // one reader at a time

	receipts receipts

	mu        sync.Mutex
	started   bool
	position  int64                 // everything up to here has been read and handed on
	readAt    time.Time             // when that was last known to be all there is
	recent    []*storage.SessionEnd // of the last Window, in order
	before    int64                 // recent holds all that follows this position
	listeners map[string]map[*Listener]struct{}
	streams   map[string]int // open ones, by whom they are counted for
	open      int
	denials   map[denyKey]*DenyList
}

// New returns a Hub that knows nothing until Run or Read has read the feed.
func New(o Options) *Hub {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Hub{Options: o, wake: make(chan struct{}, 1), listeners: map[string]map[*Listener]struct{}{},
		streams: map[string]int{}, denials: map[denyKey]*DenyList{}, receipts: receipts{full: make(chan struct{}, 1)}}
}

// Run follows the feed and writes receipts until ctx ends.
func (h *Hub) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	if !h.deaf {
		wg.Go(func() { h.hear(ctx) })
	}
	wg.Go(func() { h.writeReceipts(ctx) })
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	failing := false
	for {
		err := h.Read(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			h.Log.WarnContext(ctx, "ended sessions not read, will be tried every second", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-h.wake:
		}
	}
}

// hear keeps the line to the store's bell.
func (h *Hub) hear(ctx context.Context) {
	for ctx.Err() == nil {
		err := h.Store.HearEnds(ctx, func() {
			select {
			case h.wake <- struct{}{}:
			default:
			}
		})
		if ctx.Err() != nil {
			return
		}
		h.Log.InfoContext(ctx, "listening for ended sessions again in a second", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// Read reads what has ended since the last time and hands it on.
func (h *Hub) Read(ctx context.Context) error {
	h.reading.Lock()
	defer h.reading.Unlock()
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	if err := h.start(ctx); err != nil {
		return err
	}
	for {
		now := h.Clock.Now() // before the question: what was committed until then is in the answer
		list, err := h.Store.SessionEnds(ctx, h.Position(), readLimit, now)
		if err != nil {
			return err
		}
		h.handOn(list)
		if len(list) < readLimit {
			h.settle(now)
			return nil
		}
	}
}

// start finds the place from which on the deny list needs to know everything. A feed that stands before our own position
// is another database's, restored from a copy: begin anew.
func (h *Hub) start(ctx context.Context) error {
	h.mu.Lock()
	started, position := h.started, h.position
	h.mu.Unlock()
	if started {
		_, last, err := h.Store.SessionFeed(ctx)
		if err != nil || position <= last {
			return err
		}
		h.Log.WarnContext(ctx, "the feed of ended sessions has gone back", "from", position, "to", last)
	}
	after, err := h.Store.SessionEndsSince(ctx, h.Clock.Now().Add(-Window))
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, set := range h.listeners {
		for l := range set {
			h.cut(l)
		}
	}
	h.started, h.position, h.before, h.recent = true, after, after, nil
	return nil
}

// handOn gives each end to the listeners that see it. Position and buffers change together: whoever reads the position has
// everything up to it in its buffer.
func (h *Hub) handOn(list []*storage.SessionEnd) {
	if len(list) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range list {
		if e.UserID == "" {
			h.giveMany(e)
			continue
		}
		for _, key := range keysOf(e) {
			for l := range h.listeners[key] {
				h.give(l, e)
			}
		}
	}
	h.recent = append(h.recent, list...)
	h.position = list[len(list)-1].Position
}

// giveMany gives an end that is of no single user to all who see it. The lock is held.
func (h *Hub) giveMany(e *storage.SessionEnd) {
	for _, set := range h.listeners {
		for l := range set {
			if l.scope.sees(e) {
				h.give(l, e)
			}
		}
	}
}

// settle notes that there was no more at an instant, and forgets what is too old for the deny list.
func (h *Hub) settle(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.readAt = now
	old := 0
	for old < len(h.recent) && !h.recent[old].NumberedAt.Add(Window).After(now) {
		old++
	}
	if old > 0 {
		h.before = h.recent[old-1].Position
		h.recent = append([]*storage.SessionEnd(nil), h.recent[old:]...)
	}
}

// Position is the place in the feed up to which everything has been handed on.
func (h *Hub) Position() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.position
}
