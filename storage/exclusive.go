package storage

import (
	"context"
	"sync"
)

// exclusive are the names that somebody holds in this process.
type exclusive struct {
	mu   sync.Mutex
	held map[string]bool
}

// Exclusively runs fn unless somebody runs something under the same name already, here or on another replica, and returns
// whether it did. It spares the replicas doing the same work at the same time and is no more than that: a holder whose line to
// the database breaks goes on while another begins, so whatever must be right has to be right for two.
func (s *Store) Exclusively(ctx context.Context, name string, fn func(context.Context) error) (ran bool, err error) {
	x := s.exclusive
	x.mu.Lock()
	taken := x.held[name]
	x.held[name] = true
	x.mu.Unlock()
	if taken {
		return false, nil
	}
	defer func() {
		x.mu.Lock()
		delete(x.held, name)
		x.mu.Unlock()
	}()
	unlock, ok, err := s.dialect.tryLock(ctx, name)
	if err != nil || !ok {
		return false, wrap(err, "ask for the lock of "+name)
	}
	defer unlock()
	return true, fn(ctx)
}
