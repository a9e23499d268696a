package session

import (
	"errors"
	"net/http"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// ActingIdle is how long an impersonation may go unused.
const ActingIdle = 10 * time.Minute

// Acting is an impersonation that is about to begin.
type Acting struct {
	User     *storage.User // who is impersonated
	Actor    *Current      // in their own session
	TokenID  string        // what allows it
	Duration time.Duration
}

// Impersonated tells that somebody else acts as the user. Then nothing of the account can be changed: no password, factor,
// address, profile or consent, no session of the user's ended, and nobody else impersonated.
func (c *Current) Impersonated() bool { return c.Kind == storage.KindImpersonation }

// By is who acts in the session.
func (c *Current) By() string {
	if c.Impersonated() {
		return c.ActorSub
	}
	return c.UserID
}

// Act starts a session in which somebody acts as another, and makes it the browser's active one. It is on no device: the
// browser is not one that its user has signed in on, and must not be taken for one later. It does not count in the user's
// limit, is no sign-in of theirs, and says of its authentication what is true: when the actor proved who they are, and
// nothing of how, since it was not the user. prepare and then run in the transaction that starts it.
func (s *Sessions) Act(w http.ResponseWriter, r *http.Request, prepare func(*storage.Store) (Acting, error),
	then func(*storage.Store, *storage.Session) error) (*Current, error) {
	ctx, now := r.Context(), s.clock.Now()
	key := secret.Bytes(32)
	var c *Current
	err := s.store.Tx(ctx, func(tx *storage.Store) error {
		a, err := prepare(tx)
		if err != nil {
			return err
		}
		// The actor's own session cannot end meanwhile: its end takes those along that hang off it.
		if err := tx.HoldSession(ctx, a.Actor.UserID, a.Actor.ID); err != nil {
			return noneIfMissing(err)
		}
		own, _, err := tx.LiveSession(ctx, a.Actor.UserID, a.Actor.ID, now)
		if err != nil {
			return noneIfMissing(err)
		}
		row := &storage.Session{
			UserID: a.User.ID, ID: id.New(id.Session), Kind: storage.KindImpersonation, SecretHash: secret.Hash(string(key)),
			AuthenticatedAt: own.AuthenticatedAt, CreatedAt: storage.At(now), LastActiveAt: storage.At(now),
			IdleTTL: ActingIdle.Microseconds(), ExpiresAt: storage.At(now.Add(a.Duration)),
			ActorSub: own.UserID, ActorSessionID: own.ID, ActorTokenID: a.TokenID,
		}
		s.locate(ctx, row)
		if err := tx.StartSession(ctx, row); err != nil {
			return noneIfMissing(err)
		}
		if err := audit.Write(ctx, tx, audit.SessionStart(row, own.UserID, own.UserID)); err != nil {
			return err
		}
		c = &Current{row, a.User}
		return then(tx, row)
	})
	if err != nil {
		return nil, err
	}
	s.show(w, c.Session, key, c.ExpiresAt.Sub(now))
	return c, nil
}

// Return makes the session of whoever impersonated somebody the active one of the browser again, under a new cookie secret;
// ErrNone, and a browser without a session, where it is over or was never this browser's.
func (s *Sessions) Return(w http.ResponseWriter, r *http.Request, c *Current) (*Current, error) {
	back, err := s.onDevice(r, func(row *storage.Session) bool { return row.ID == c.ActorSessionID && row.UserID == c.ActorSub })
	if err != nil {
		return nil, err
	}
	if len(back) == 0 {
		s.ClearShown(w, r)
		return nil, ErrNone
	}
	return s.activate(w, r, back[0])
}

// Leave takes the cookies of a session that has ended away, and of an impersonation gives those of the actor's own back.
func (s *Sessions) Leave(w http.ResponseWriter, r *http.Request, c *Current) error {
	if !c.Impersonated() {
		s.Clear(w)
		return nil
	}
	_, err := s.Return(w, r, c)
	if errors.Is(err, ErrNone) {
		return nil
	}
	return err
}

func noneIfMissing(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return ErrNone
	}
	return err
}
