package rp

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// endTimeout is how long a Store may take. A provider waits no longer for its answer.
const endTimeout = 5 * time.Second

// end drops the web sessions that an end is about and returns how many there were. The order matters: what is under way,
// a sign-in or a renewal, either finds the tombstone or has stored its session before this deletes it.
func (a *App) end(ctx context.Context, e SessionEnd) (n int, err error) {
	// Whoever told may be gone before it is done.
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer stop()
	a.ended.add(e)
	switch {
	case e.SessionID != "":
		n, err = a.cfg.Store.DeleteSession(ctx, e.SessionID)
	case e.Subject != "":
		// Whole seconds of the provider's clock, as in BeganAt: within the same one nobody can say which was first.
		n, err = a.cfg.Store.DeleteSubject(ctx, e.Subject, e.EndedAt.Truncate(time.Second).Add(time.Second))
	default:
		// All at once: each goes when it is used next. Tokens of those that nobody uses cannot be renewed.
	}
	a.cfg.OnSessionEnd(ctx, e)
	if err != nil {
		return n, fmt.Errorf("delete web sessions: %w", err)
	}
	if n > 0 {
		a.cfg.Logger.InfoContext(ctx, "web sessions ended", "sid", e.SessionID, "sub", e.Subject, "channel", e.Channel, "reason", e.Reason)
	}
	return n, nil
}

// over reports whether a web session is known to have ended.
func (a *App) over(s *WebSession) bool {
	return a.ended.refuses(s.SessionID, s.Subject, a.cfg.ClientID, s.BeganAt) ||
		s.LastingID != "" && a.ended.refuses(s.LastingID, s.Subject, a.cfg.ClientID, s.BeganAt)
}

// unsure holds since when nothing is doubtful any more: what was issued before must be renewed before it is used.
type unsure struct{ until atomic.Pointer[time.Time] }

// doubt is called when ends may have been missed: every web session is renewed before its next use, which asks the provider.
func (a *App) doubt() {
	now := a.cfg.Now()
	a.unsure.until.Store(&now)
}

// doubtful reports whether a session has to be renewed before it is used. A renewal that was tried in vain is enough: the
// provider does not answer, and the token's life is the limit as always.
func (a *App) doubtful(s *WebSession) bool {
	t := a.unsure.until.Load()
	return t != nil && s.RefreshToken != "" && s.IssuedAt.Before(*t) && s.TriedAt.Before(*t)
}
