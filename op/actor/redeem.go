package actor

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
)

// Offer is what a ticket opens, for the question that is asked before.
type Offer struct {
	Token       *storage.ActorToken
	User, Actor *storage.User // who is impersonated by whom
	Reason      string
	Duration    time.Duration // of the session at most
	ExpiresAt   time.Time     // of the ticket
}

// Look returns what a ticket opens for the browser's active session, nil for none: one of ErrUnknown, ErrRedeemed,
// ErrExpired, ErrRevoked, ErrNotSignedIn, ErrNested, ErrNotYours, ErrNotApproved and ErrRefused, or the offer. What a ticket
// is about is told to the actor alone.
func (a *Actors) Look(ctx context.Context, ticket string, current *session.Current) (*Offer, error) {
	return a.look(ctx, a.Store, ticket, current)
}

func (a *Actors) look(ctx context.Context, tx *storage.Store, ticket string, current *session.Current) (*Offer, error) {
	tokenID, key, ok := parseTicket(ticket)
	if !ok {
		return nil, ErrUnknown
	}
	t, err := tx.ActorToken(ctx, tokenID)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !secret.Equal(secret.Hash(key), t.SecretHash) {
		return nil, ErrUnknown
	}
	if err != nil {
		return nil, err
	}
	switch {
	case current == nil:
		return nil, ErrNotSignedIn
	case current.Kind != storage.KindBrowser:
		return nil, ErrNested
	case current.UserID != t.ActorSub:
		return nil, ErrNotYours
	}
	if err := pending(t, a.Clock.Now()); err != nil {
		return nil, err
	}
	user, actor, err := a.two(ctx, tx, t.UserID, t.ActorSub)
	if errors.Is(err, ErrNoUser) || errors.Is(err, ErrNoActor) {
		return nil, ErrUnknown
	}
	if err != nil {
		return nil, err
	}
	p, _, err := a.Policy(ctx, tx)
	if err != nil {
		return nil, err
	}
	if t.NeedsApproval && t.ApprovedBy == "" {
		return nil, ErrNotApproved
	}
	switch why := Decide(p, Case{Action: ActRedeem, Actor: actor, Subject: user, Reason: t.Reason, Approved: t.ApprovedBy != ""}); why {
	case Allowed:
	case RefusedApproval:
		return nil, ErrNotApproved
	default:
		return nil, why
	}
	return &Offer{Token: t, User: user, Actor: actor, Reason: t.Reason, ExpiresAt: t.ExpiresAt.Time,
		Duration: min(time.Duration(t.MaxDuration)*time.Microsecond, MaxDuration)}, nil
}

// Redeem starts the session that a ticket allows and makes it the browser's active one; the actor's own goes on beside it.
// Its errors are those of Look. Of any number of redemptions one succeeds.
func (a *Actors) Redeem(w http.ResponseWriter, r *http.Request, ticket string, current *session.Current) (*session.Current, error) {
	ctx, now := r.Context(), a.Clock.Now()
	var offer *Offer
	var p Policy
	begin := func(tx *storage.Store) (session.Acting, error) {
		var err error
		if p, err = a.held(ctx, tx); err != nil {
			return session.Acting{}, err
		}
		if err := holdBoth(ctx, tx, ticket); err != nil {
			return session.Acting{}, err
		}
		if offer, err = a.look(ctx, tx, ticket, current); err != nil {
			return session.Acting{}, err
		}
		return session.Acting{User: offer.User, Actor: current, TokenID: offer.Token.ID, Duration: offer.Duration}, nil
	}
	began := func(tx *storage.Store, s *storage.Session) error {
		err := tx.AcceptActorToken(ctx, offer.Token, s.ID, now)
		if errors.Is(err, storage.ErrConflict) {
			return ErrRedeemed
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Kind: audit.ImpersonationStarted, At: now, UserID: s.UserID, SessionID: s.ID,
			By: s.ActorSub, Data: map[string]any{"actor": s.ActorSub, "actor_session": s.ActorSessionID, "actor_token": s.ActorTokenID,
				"reason": offer.Reason, "expires_at": s.ExpiresAt.UnixMicro()}})
	}
	acting, err := a.Sessions.Act(w, r, begin, began)
	if err != nil {
		return nil, err
	}
	if p.NotifyUser && a.Notify != nil {
		a.Notify(context.WithoutCancel(ctx), Notice{User: offer.User, Actor: offer.Actor, Reason: offer.Reason, At: now})
	}
	return acting, nil
}

// holdBoth keeps both people as they are before the transaction has committed: whoever takes a role from one of them would
// not see the session that is just beginning.
func holdBoth(ctx context.Context, tx *storage.Store, ticket string) error {
	tokenID, _, ok := parseTicket(ticket)
	if !ok {
		return ErrUnknown
	}
	t, err := tx.ActorToken(ctx, tokenID)
	if errors.Is(err, storage.ErrNotFound) {
		return ErrUnknown
	}
	if err != nil {
		return err
	}
	return tx.HoldUsers(ctx, t.UserID, t.ActorSub)
}

// ErrNotActing: the browser's active session is nobody's impersonation.
var ErrNotActing = errors.New("nobody is impersonated here")

// Stop ends an impersonation through the door and makes the actor's own session the browser's active one again. It returns
// session.ErrNone where the actor has none here any more: then they are signed out.
func (a *Actors) Stop(w http.ResponseWriter, r *http.Request, current *session.Current) (*session.Current, error) {
	if current == nil || !current.Impersonated() {
		return nil, ErrNotActing
	}
	if _, err := a.Door.End(r.Context(), a.Store, current.Session, logout.Cause{Status: storage.StatusEnded,
		Reason: logout.ActorStopped, By: current.ActorSub}); err != nil {
		return nil, err
	}
	return a.Sessions.Return(w, r, current)
}
