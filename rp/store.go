package rp

import (
	"container/list"
	"context"
	"sync"
)

// Store keeps web sessions. Share one between the processes of an application, or a user is signed in to
// one of them only. Implementations are safe for concurrent use and neither keep nor return a pointer that
// a caller may still change.
type Store interface {
	// Create adds a session under its ID.
	Create(ctx context.Context, s *WebSession) error
	// Get returns a session, or ErrNoSession.
	Get(ctx context.Context, id string) (*WebSession, error)
	// Update replaces a session. It returns ErrNoSession, and stores nothing, if the session is gone: a
	// renewal that ends after a sign-out must not bring it back.
	Update(ctx context.Context, s *WebSession) error
	// Delete removes a session. One that does not exist is no error.
	Delete(ctx context.Context, id string) error
}

// MemoryStore keeps sessions in this process, up to a limit; then the one unused for longest goes.
type MemoryStore struct {
	limit int

	mu    sync.Mutex
	byID  map[string]*list.Element
	order *list.List // of WebSession, last used first
}

// defaultSessions at a few KiB each is a few hundred MiB at most.
const defaultSessions = 100_000

// NewMemoryStore returns a store for up to limit sessions; zero means 100,000.
func NewMemoryStore(limit int) *MemoryStore {
	if limit <= 0 {
		limit = defaultSessions
	}
	return &MemoryStore{limit: limit, byID: map[string]*list.Element{}, order: list.New()}
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

// Len returns how many sessions there are.
func (m *MemoryStore) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.order.Len()
}

func (m *MemoryStore) remove(id string) {
	if e, ok := m.byID[id]; ok {
		m.order.Remove(e)
		delete(m.byID, id)
	}
}
