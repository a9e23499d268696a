package rp

import (
	"sync"
	"time"
)

// onceSet remembers which states have been used until they would have expired anyway. It holds at most
// limit of them and then forgets the oldest.
type onceSet struct {
	limit int
	now   func() time.Time

	mu    sync.Mutex
	until map[string]time.Time
	order []string // oldest first; all live equally long
}

func newOnceSet(limit int, now func() time.Time) *onceSet {
	return &onceSet{limit: limit, now: now, until: map[string]time.Time{}}
}

// take reports whether key is taken for the first time.
func (s *onceSet) take(key string, ttl time.Duration) bool {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, used := s.until[key]; used {
		return false
	}
	for len(s.order) > 0 && (len(s.order) >= s.limit || !now.Before(s.until[s.order[0]])) {
		delete(s.until, s.order[0])
		s.order = s.order[1:]
	}
	s.until[key] = now.Add(ttl)
	s.order = append(s.order, key)
	return true
}

// forget makes key as good as new: what it was taken for has failed.
func (s *onceSet) forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.until, key)
}
