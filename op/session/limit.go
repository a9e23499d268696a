package session

import (
	"context"
	"errors"
	"time"

	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// ErrLimit: the user has as many sessions as they may, and the new one is the one refused.
var ErrLimit = errors.New("too many sessions")

// makeRoom keeps to the limit of concurrent sessions for one more: it ends those that were idle longest, through the door,
// or returns ErrLimit. It must run in the transaction that starts the session, after a statement that locks the user's
// row, so that two sign-ins at once cannot both find room for one. Lasting access of apps does not count: it is no sign-in.
func (s *Sessions) makeRoom(ctx context.Context, tx *storage.Store, user *storage.User, now time.Time) error {
	limit := s.opts.Limit
	if user.SessionLimit > 0 {
		limit = int(user.SessionLimit)
	}
	if limit == 0 {
		return nil
	}
	live, err := tx.BrowserSessions(ctx, user.ID, now)
	if err != nil || len(live) < limit {
		return err
	}
	if s.opts.RefuseBeyondLimit {
		return ErrLimit
	}
	for _, old := range live[limit-1:] {
		if _, err := s.door.End(ctx, tx, old, logout.Cause{Status: storage.StatusReplaced, Reason: logout.Replaced,
			By: logout.System}); err != nil {
			return err
		}
	}
	return nil
}
