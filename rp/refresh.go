package rp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	refreshTimeout = 10 * time.Second
	refreshPause   = 2 * time.Second // between two attempts while the provider does not answer
)

// flights holds the renewals under way, one a session.
type flights struct {
	mu sync.Mutex
	m  map[string]*flight
}

type flight struct {
	done chan struct{} // closed when session and err are set
	s    *WebSession
	err  error
}

// current returns a session whose token lives. Until the token expires nobody waits: the first request
// after RefreshAt starts the renewal and goes on with the token at hand.
func (a *App) current(ctx context.Context, id string) (*WebSession, error) {
	s, err := a.cfg.Store.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	now := a.cfg.Now()
	alive := now.Before(s.ExpiresAt)
	doubtful := a.doubtful(s)
	switch {
	case a.over(s): // the store of another process, or one that could not delete it
		return nil, a.drop(ctx, s, "ended at the provider")
	case doubtful:
	case now.Before(s.RefreshAt) && alive:
		return s, nil
	case s.RefreshToken == "" && alive:
		return s, nil
	case s.RefreshToken == "":
		return nil, a.drop(ctx, s, "token expired, no refresh token")
	case now.Before(s.RefreshAt):
		// Expired, and the last attempt failed a moment ago. Refusing is what the promise asks for.
		return nil, fmt.Errorf("%w: renewal failed, next attempt soon", ErrUnavailable)
	}
	f := a.fly(ctx, id)
	if alive && !doubtful {
		return s, nil
	}
	select {
	case <-f.done:
		if alive && errors.Is(f.err, ErrUnavailable) {
			return s, nil // doubtful, and nobody can say: its token's life decides
		}
		return f.s, f.err
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
}

// fly joins the session's renewal, or starts it. It outlives the request that started it, whose browser
// may go away: a rotated refresh token must reach the store.
func (a *App) fly(ctx context.Context, id string) *flight {
	a.flights.mu.Lock()
	defer a.flights.mu.Unlock()
	if f, ok := a.flights.m[id]; ok {
		return f
	}
	f := &flight{done: make(chan struct{})}
	a.flights.m[id] = f
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshTimeout)
		defer cancel()
		f.s, f.err = a.refresh(ctx, id)
		a.flights.mu.Lock()
		delete(a.flights.m, id)
		a.flights.mu.Unlock()
		close(f.done)
	}()
	return f
}

// refresh renews a session once, unless somebody has done so since the caller looked.
func (a *App) refresh(ctx context.Context, id string) (*WebSession, error) {
	s, err := a.cfg.Store.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if now := a.cfg.Now(); now.Before(s.RefreshAt) && !a.doubtful(s) {
		if now.Before(s.ExpiresAt) {
			return s, nil
		}
		return nil, fmt.Errorf("%w: renewal failed, next attempt soon", ErrUnavailable)
	}
	t, err := a.renew(ctx, s.RefreshToken)
	if err == nil {
		err = a.checkRenewed(ctx, s, t)
	}
	var refused *TokenError
	switch {
	case err == nil:
	case errors.Is(err, ErrInvalidToken):
		// Whatever came back is not this user's session. There is nothing left to trust.
		return nil, a.drop(ctx, s, err.Error())
	case errors.As(err, &refused) && refused.Code == "invalid_grant":
		err := a.drop(ctx, s, "ended by the provider")
		if s.SessionID != "" { // without it the user would be meant
			a.cfg.OnSessionEnd(ctx, SessionEnd{SessionID: s.SessionID, Subject: s.Subject, Channel: ChannelRenewal})
		}
		return nil, err
	default:
		return nil, a.postpone(ctx, s, err)
	}
	if a.over(s) { // it ended while the answer was under way
		return nil, a.drop(ctx, s, "ended at the provider")
	}
	s.take(t)
	if err := a.cfg.Store.Update(ctx, s); err != nil {
		return nil, fmt.Errorf("update web session: %w", err)
	}
	return s, nil
}

// checkRenewed validates the ID token of a renewal, if there is one, and takes its claims over (OIDC Core
// 12.2). The session must stay the one that it was: a token of another would escape its revocation.
func (a *App) checkRenewed(ctx context.Context, s *WebSession, t *tokens) error {
	if t.IDToken == "" {
		return nil
	}
	claims, err := a.verifyIDToken(ctx, t.IDToken, t.AccessToken)
	if err != nil {
		return fmt.Errorf("renewed ID token: %w", err)
	}
	if sid := claims.String("sid"); claims.String("sub") != s.Subject || sid != s.SessionID && (sid != s.LastingID || sid == "") {
		return fmt.Errorf("renewed ID token: %w", invalid("of another session"))
	}
	if nonce := claims.String("nonce"); nonce != "" && nonce != s.Nonce {
		return fmt.Errorf("renewed ID token: %w", invalid("nonce"))
	}
	s.Claims = claims
	return nil
}

// drop ends the web session and returns ErrNoSession.
func (a *App) drop(ctx context.Context, s *WebSession, reason string) error {
	a.cfg.Logger.InfoContext(ctx, "web session ended", "sid", s.SessionID, "reason", reason)
	if err := a.cfg.Store.Delete(ctx, s.ID); err != nil {
		return fmt.Errorf("delete web session: %w", err)
	}
	return ErrNoSession
}

// postpone lets the session live as long as its token and sets the time of the next attempt.
func (a *App) postpone(ctx context.Context, s *WebSession, cause error) error {
	a.cfg.Logger.WarnContext(ctx, "renewal failed", "sid", s.SessionID, "err", cause)
	s.TriedAt = a.cfg.Now()
	s.RefreshAt = s.TriedAt.Add(refreshPause)
	if err := a.cfg.Store.Update(ctx, s); err != nil {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, cause)
}
