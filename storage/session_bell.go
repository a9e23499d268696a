package storage

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// bell wakes whoever reads the feed of ended sessions: those of this process directly, those of other replicas through the
// database. Nothing depends on its being heard; readers look every second as well.
type bell struct {
	mu    sync.Mutex
	heard map[*func()]struct{}
	moved chan struct{} // an epoch has moved

	again, sending atomic.Bool
}

func newBell() *bell { return &bell{heard: map[*func()]struct{}{}, moved: make(chan struct{}, 1)} }

// EpochMoved receives after this process has moved an epoch, so that whoever takes the sessions through the door need not wait
// until it looks by itself. One that receives stands for all that moved before.
func (s *Store) EpochMoved() <-chan struct{} { return s.bell.moved }

// HearEnds calls wake after sessions may have ended, here or on another replica, until ctx ends or the line to the database
// breaks. wake must not block.
func (s *Store) HearEnds(ctx context.Context, wake func()) error {
	b := s.bell
	b.mu.Lock()
	b.heard[&wake] = struct{}{}
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.heard, &wake)
		b.mu.Unlock()
	}()
	return wrap(s.dialect.hearEnds(ctx, wake), "listen for ends")
}

// ring is called after the commit. A notification inside the transaction would make every commit that ends a session wait
// for the one lock that orders them; so it is sent behind, and one stands for all that came meanwhile.
func (s *Store) ring(moved bool) {
	b := s.bell
	if moved {
		select {
		case b.moved <- struct{}{}:
		default:
		}
	}
	b.mu.Lock()
	for wake := range b.heard {
		(*wake)()
	}
	b.mu.Unlock()
	b.again.Store(true)
	if b.sending.CompareAndSwap(false, true) {
		go s.sendRings()
	}
}

func (s *Store) sendRings() {
	b := s.bell
	for {
		for b.again.Swap(false) {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			_ = s.dialect.ringEnds(ctx) // costs the others a second
			cancel()
		}
		b.sending.Store(false)
		if !b.again.Load() || !b.sending.CompareAndSwap(false, true) {
			return
		}
	}
}
