package actor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// Spec is the actor token that somebody asks for.
type Spec struct {
	UserID   string
	ActorSub string
	Actor    json.RawMessage // with sub, which is ActorSub, and whatever else is to be remembered
	Reason   string
	TTL      time.Duration // of the token; 0: DefaultTokenTTL
	Duration time.Duration // of the session; 0: MaxDuration
	By       string
}

// Errors of what is asked for.
var (
	ErrNoUser  = errors.New("there is no such user")
	ErrNoActor = errors.New("there is no such user to act")
)

// Create makes an actor token and returns its ticket, which is not kept. It returns ErrNoUser, ErrNoActor or a Refusal.
func (a *Actors) Create(ctx context.Context, tx *storage.Store, s Spec) (t *storage.ActorToken, ticket string, err error) {
	if s.TTL == 0 {
		s.TTL = DefaultTokenTTL
	}
	if s.Duration == 0 {
		s.Duration = MaxDuration
	}
	key, now := secret.New(32), a.Clock.Now()
	err = tx.Tx(ctx, func(tx *storage.Store) error {
		p, _, err := a.Policy(ctx, tx)
		if err != nil {
			return err
		}
		user, actor, err := a.two(ctx, tx, s.UserID, s.ActorSub)
		if err != nil {
			return err
		}
		if why := Decide(p, Case{Action: ActCreate, Actor: actor, Subject: user, Reason: s.Reason}); why != Allowed {
			return why
		}
		var kept bytes.Buffer
		if err := json.Compact(&kept, s.Actor); err != nil {
			return err
		}
		t = &storage.ActorToken{ID: id.New(id.ActorToken), UserID: user.ID, ActorSub: actor.ID, Actor: kept.String(), Reason: s.Reason,
			SecretHash: secret.Hash(key), Status: storage.ActorTokenPending, NeedsApproval: p.SecondApprover,
			MaxDuration: min(s.Duration, MaxDuration).Microseconds(), CreatedBy: s.By,
			ExpiresAt: storage.At(now.Add(min(s.TTL, MaxTokenTTL))), CreatedAt: storage.At(now), UpdatedAt: storage.At(now)}
		if err := tx.InsertActorToken(ctx, t); err != nil {
			return err
		}
		return a.write(ctx, tx, audit.ActorTokenCreated, t, s.By, map[string]any{"reason": t.Reason, "expires_at": t.ExpiresAt.UnixMicro()})
	})
	if err != nil {
		return nil, "", err
	}
	return t, ticketOf(t.ID, key), nil
}

// two reads the impersonated user and the actor.
func (a *Actors) two(ctx context.Context, tx *storage.Store, userID, actorID string) (user, actor *storage.User, err error) {
	if user, err = tx.User(ctx, userID); errors.Is(err, storage.ErrNotFound) {
		return nil, nil, ErrNoUser
	} else if err != nil {
		return nil, nil, err
	}
	if actor, err = tx.User(ctx, actorID); errors.Is(err, storage.ErrNotFound) {
		return nil, nil, ErrNoActor
	}
	return user, actor, err
}

// ErrApprover: the second person must be another than the actor, the user and whoever made the token, and may impersonate
// the user themself.
var ErrApprover = errors.New("the approver must be somebody else who may impersonate the user")

// ErrNotNeeded: the token needs no approval, or has one.
var ErrNotNeeded = errors.New("the actor token needs no approval")

// Approve records the second person's word. It returns storage.ErrNotFound, ErrApprover, ErrNotNeeded, ErrRedeemed, ErrRevoked
// or ErrExpired.
func (a *Actors) Approve(ctx context.Context, tx *storage.Store, tokenID, approver, by string) (t *storage.ActorToken, err error) {
	now := a.Clock.Now()
	err = tx.Tx(ctx, func(tx *storage.Store) error {
		if t, err = tx.ActorToken(ctx, tokenID); err != nil {
			return err
		}
		if err := pending(t, now); err != nil {
			return err
		}
		if !t.NeedsApproval || t.ApprovedBy != "" {
			return ErrNotNeeded
		}
		p, _, err := a.Policy(ctx, tx)
		if err != nil {
			return err
		}
		own, err := madeBy(ctx, tx, t, approver)
		if err != nil {
			return err
		}
		if own || approver == t.ActorSub || approver == t.UserID {
			return ErrApprover
		}
		user, second, err := a.two(ctx, tx, t.UserID, approver)
		if errors.Is(err, ErrNoActor) || errors.Is(err, ErrNoUser) {
			return ErrApprover
		}
		if err != nil {
			return err
		}
		if Decide(p, Case{Action: ActCreate, Actor: second, Subject: user, Reason: t.Reason}) != Allowed {
			return ErrApprover
		}
		if err := tx.ApproveActorToken(ctx, t.ID, approver, now); err != nil {
			return err
		}
		if err := a.write(ctx, tx, audit.ActorTokenApproved, t, by, map[string]any{"approver": approver}); err != nil {
			return err
		}
		t, err = tx.ActorToken(ctx, tokenID)
		return err
	})
	return t, err
}

// madeBy tells whether a person made a token, themself or by an API key that they made.
func madeBy(ctx context.Context, tx *storage.Store, t *storage.ActorToken, userID string) (bool, error) {
	if t.CreatedBy == userID {
		return true, nil
	}
	k, err := tx.APIKey(ctx, t.CreatedBy)
	if errors.Is(err, storage.ErrNotFound) { // a client, or the command line
		return false, nil
	}
	return err == nil && k.CreatedByKind == storage.MadeByUser && k.CreatedBy == userID, err
}

// ErrOver: the session that an accepted token began has ended.
var ErrOver = errors.New("the session of the actor token has ended")

// Revoke takes a pending token back, or ends the session of an accepted one. It returns storage.ErrNotFound, ErrRevoked,
// ErrExpired or ErrOver.
func (a *Actors) Revoke(ctx context.Context, tx *storage.Store, tokenID, by string) (t *storage.ActorToken, err error) {
	now := a.Clock.Now()
	err = tx.Tx(ctx, func(tx *storage.Store) error {
		if t, err = tx.ActorToken(ctx, tokenID); err != nil {
			return err
		}
		data := map[string]any{}
		switch err := pending(t, now); {
		case errors.Is(err, ErrRedeemed):
			list, err := tx.SessionViews(ctx, storage.SessionViewFilter{ID: t.SessionID, UserID: t.UserID, Limit: 1}, now)
			if err != nil {
				return err
			}
			if len(list) == 0 || list[0].Stands != storage.StatusActive {
				return ErrOver
			}
			if _, err := a.Door.End(ctx, tx, &list[0].Session, logout.Cause{Status: storage.StatusRevoked,
				Reason: logout.ActorRevoked, By: by}); err != nil {
				return err
			}
			data["session"] = t.SessionID
		case err != nil:
			return err
		default:
			if err := tx.RevokeActorToken(ctx, t.ID, now); err != nil {
				return err
			}
		}
		if err := a.write(ctx, tx, audit.ActorTokenRevoked, t, by, data); err != nil {
			return err
		}
		t, err = tx.ActorToken(ctx, tokenID)
		return err
	})
	return t, err
}

// pending returns why a token is not.
func pending(t *storage.ActorToken, now time.Time) error {
	switch t.Stands(now) {
	case storage.ActorTokenPending:
		return nil
	case storage.ActorTokenAccepted:
		return ErrRedeemed
	case storage.ActorTokenRevoked:
		return ErrRevoked
	}
	return ErrExpired
}

// write appends an event about a token to the history of the impersonated user.
func (a *Actors) write(ctx context.Context, tx *storage.Store, kind audit.Kind, t *storage.ActorToken, by string, data map[string]any) error {
	data["actor_token"], data["actor"] = t.ID, t.ActorSub
	return audit.Write(ctx, tx, audit.Event{Kind: kind, At: a.Clock.Now(), UserID: t.UserID, By: by, Data: data})
}
