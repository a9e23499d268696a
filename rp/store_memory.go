package rp

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// MemoryStore keeps sessions in this process, up to a limit; then the one unused for longest goes.
type MemoryStore struct {
	limit int

	mu        sync.Mutex
	byID      map[string]*list.Element
	bySession index
	bySubject index
	order     *list.List // of WebSession, last used first
}

// index finds the ids of web sessions by something that several of them share.
type index map[string]map[string]struct{}

func (x index) put(key, id string) {
	if x[key] == nil {
		x[key] = map[string]struct{}{}
	}
	x[key][id] = struct{}{}
}

func (x index) drop(key, id string) {
	if delete(x[key], id); len(x[key]) == 0 {
		delete(x, key)
	}
}

// defaultSessions at a few KiB each is a few hundred MiB at most.
const defaultSessions = 100_000

// NewMemoryStore returns a store for up to limit sessions; zero means 100,000.
func NewMemoryStore(limit int) *MemoryStore {
	if limit <= 0 {
		limit = defaultSessions
	}
	return &MemoryStore{limit: limit, byID: map[string]*list.Element{}, bySession: index{}, bySubject: index{}, order: list.New()}
}

// Create adds a session under its ID.
func (m *MemoryStore) Create(_ context.Context, s *WebSession) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.remove(s.ID)
	for m.order.Len() >= m.limit {
		m.remove(m.order.Back().Value.(WebSession).ID)
	}
	m.byID[s.ID] = m.order.PushFront(*s)
	m.file(s)
	return nil
}

// Get returns a session, or ErrNoSession.
func (m *MemoryStore) Get(_ context.Context, id string) (*WebSession, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.byID[id]
	if !ok {
		return nil, ErrNoSession
	}
	m.order.MoveToFront(e)
	s := e.Value.(WebSession)
	return &s, nil
}

// Update replaces a session, or returns ErrNoSession.
func (m *MemoryStore) Update(_ context.Context, s *WebSession) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.byID[s.ID]
	if !ok {
		return ErrNoSession
	}
	old := e.Value.(WebSession)
	m.unfile(&old)
	m.file(s)
	e.Value = *s
	return nil
}

// Delete removes a session.
func (m *MemoryStore) Delete(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.remove(id)
	return nil
}

// DeleteSession removes the web sessions of a session at the provider.
func (m *MemoryStore) DeleteSession(_ context.Context, sid string) (n int, err error) {
	if sid == "" { // of a provider that names no sessions: it is not one session
		return 0, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for id := range m.bySession[sid] {
		m.remove(id)
		n++
	}
	return n, nil
}

// DeleteSubject removes the web sessions of a user that had begun before a moment.
func (m *MemoryStore) DeleteSubject(_ context.Context, sub string, begunBefore time.Time) (n int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id := range m.bySubject[sub] {
		s := m.byID[id].Value.(WebSession)
		if begunBefore.IsZero() || s.BeganAt.Before(begunBefore) {
			m.remove(id)
			n++
		}
	}
	return n, nil
}

// Len returns how many sessions there are.
func (m *MemoryStore) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.order.Len()
}

func (m *MemoryStore) remove(id string) {
	e, ok := m.byID[id]
	if !ok {
		return
	}
	s := e.Value.(WebSession)
	m.order.Remove(e)
	delete(m.byID, id)
	m.unfile(&s)
}

func (m *MemoryStore) file(s *WebSession) {
	m.bySession.put(s.SessionID, s.ID)
	if s.LastingID != "" {
		m.bySession.put(s.LastingID, s.ID)
	}
	m.bySubject.put(s.Subject, s.ID)
}

func (m *MemoryStore) unfile(s *WebSession) {
	m.bySession.drop(s.SessionID, s.ID)
	m.bySession.drop(s.LastingID, s.ID)
	m.bySubject.drop(s.Subject, s.ID)
}
