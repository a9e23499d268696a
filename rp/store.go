package rp

import (
	"context"
	"time"
)

// Store keeps web sessions. Share one between the processes of an application, or a user is signed in to
// one of them only. Implementations are safe for concurrent use and neither keep nor return a pointer that
// a caller may still change.
//
// A logout names the session or the user at the provider, not the cookie, so a store needs an index on SessionID and one on
// Subject. What has been deleted stays deleted: the methods must be atomic against each other, or a renewal under way brings
// an ended session back.
type Store interface {
	// Create adds a session under its ID. A store may remember for two minutes what was deleted by DeleteSession and return
	// ErrNoSession for it: an App does that for its own process, a store can for all of them.
	Create(ctx context.Context, s *WebSession) error
	// Get returns a session, or ErrNoSession.
	Get(ctx context.Context, id string) (*WebSession, error)
	// Update replaces a session. It returns ErrNoSession, and stores nothing, if the session is gone: a
	// renewal that ends after a sign-out must not bring it back.
	Update(ctx context.Context, s *WebSession) error
	// Delete removes a session. One that does not exist is no error.
	Delete(ctx context.Context, id string) error
	// DeleteSession removes the web sessions whose SessionID or LastingID is sid and returns how many there were; none is no error.
	DeleteSession(ctx context.Context, sid string) (n int, err error)
	// DeleteSubject removes the web sessions of a user whose BeganAt is before begunBefore, all of them if it is zero, and
	// returns how many there were. A person who has signed in again since must not be thrown out.
	DeleteSubject(ctx context.Context, sub string, begunBefore time.Time) (n int, err error)
}
