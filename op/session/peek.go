package session

import (
	"errors"
	"net/http"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/storage"
)

// Peek is Current without counting as a use: for what a page does on its own while nobody looks at it, which must not keep a
// session from ending idle.
func (s *Sessions) Peek(r *http.Request) (*Current, error) {
	userID, sessionID, key, ok := decodeSessionCookie(s.readCookie(r, sessionCookie))
	if !ok {
		return nil, ErrNone
	}
	row, user, err := s.store.LiveSession(r.Context(), userID, sessionID, s.clock.Now())
	if errors.Is(err, storage.ErrNotFound) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, err
	}
	if row.Kind == storage.KindOffline || !secret.Equal(secret.Hash(string(key)), row.SecretHash) {
		return nil, ErrNone
	}
	return &Current{row, user}, nil
}
