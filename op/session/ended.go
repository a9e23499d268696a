package session

import (
	"net/http"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/storage"
)

// Ended returns the session that the request's cookie names if it is over, as it stands now; nil where there is none, or it
// lives. Whoever shows the cookie of a session may learn why it ended: the cookie's secret is compared as for a live one.
func (s *Sessions) Ended(r *http.Request) (*storage.SessionView, error) {
	userID, sessionID, key, ok := decodeSessionCookie(s.readCookie(r, sessionCookie))
	if !ok {
		return nil, nil
	}
	list, err := s.store.SessionViews(r.Context(), storage.SessionViewFilter{ID: sessionID, UserID: userID, Limit: 1}, s.clock.Now())
	if err != nil || len(list) == 0 {
		return nil, err
	}
	v := list[0]
	if v.Stands == storage.StatusActive || v.Stands == storage.StatusPending || !secret.Equal(secret.Hash(string(key)), v.SecretHash) {
		return nil, nil
	}
	return v, nil
}
