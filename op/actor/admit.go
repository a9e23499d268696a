package actor

import (
	"context"
	"errors"

	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
)

// Admit tells whether whoever acts in a session may go on into an application, and returns what is left of the scope that it
// asks for. The policy is asked about the two as they are now. It returns a Refusal, also where nothing of the scope is left.
func (a *Actors) Admit(ctx context.Context, current *session.Current, clientID, scope string) (string, error) {
	p, _, err := a.Policy(ctx, a.Store)
	if err != nil {
		return "", err
	}
	by, err := a.Store.User(ctx, current.ActorSub)
	if errors.Is(err, storage.ErrNotFound) {
		return "", RefusedActor
	}
	if err != nil {
		return "", err
	}
	if why := Decide(p, Case{Action: ActSignIn, Actor: by, Subject: current.User, ClientID: clientID}); why != Allowed {
		return "", why
	}
	left := p.Reduce(scope, a.NeverScope)
	if left == "" {
		return "", RefusedScope
	}
	return left, nil
}

// Exchange is Admit for an access token that is made from another's, in tx: in an impersonation (ActSignIn), or by one person
// with the tokens of two (ActExchange).
func (a *Actors) Exchange(ctx context.Context, tx *storage.Store, do Action, userID, actorID, clientID, scope string) (string, error) {
	p, err := a.held(ctx, tx)
	if err != nil {
		return "", err
	}
	user, by, err := a.two(ctx, tx, userID, actorID)
	if errors.Is(err, ErrNoUser) || errors.Is(err, ErrNoActor) {
		return "", RefusedActor
	}
	if err != nil {
		return "", err
	}
	if why := Decide(p, Case{Action: do, Actor: by, Subject: user, ClientID: clientID}); why != Allowed {
		return "", why
	}
	return p.Reduce(scope, a.NeverScope), nil
}
