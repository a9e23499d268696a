package actor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
)

// Limits of an impersonation.
const (
	MaxDuration     = 30 * time.Minute // of the session
	DefaultTokenTTL = time.Hour
	MaxTokenTTL     = 30 * 24 * time.Hour
	MaxActorBytes   = 1 << 10 // of the JSON
	MaxReason       = 500     // in characters
)

// Path is the page that a ticket opens, Param its parameter.
const (
	Path  = "/impersonate"
	Param = "ticket"
)

// Why a ticket opens nothing.
var (
	ErrUnknown     = errors.New("there is no such actor token")
	ErrRedeemed    = errors.New("the actor token has been used")
	ErrExpired     = errors.New("the actor token has expired")
	ErrRevoked     = errors.New("the actor token has been revoked")
	ErrNotSignedIn = errors.New("whoever the actor token is for must sign in first")
	ErrNotYours    = errors.New("the actor token is for somebody else")
	ErrNested      = errors.New("whoever impersonates somebody cannot impersonate another")
	ErrNotApproved = errors.New("the actor token has not been approved yet")
	// ErrRefused: the policy does not allow it, any more. It wraps the Refusal.
	ErrRefused = errors.New("the policy does not allow it")
)

// Error implements error: a Refusal is one, and an ErrRefused.
func (r Refusal) Error() string { return string(r) }

// Is makes every Refusal an ErrRefused.
func (r Refusal) Is(target error) bool { return target == ErrRefused }

// Options of New. All are required but Notify.
type Options struct {
	Issuer   string
	Store    *storage.Store
	Clock    clock.Clock
	Sessions *session.Sessions
	Door     *logout.Door
	// NeverScopes are scopes that no impersonation has, whatever the policy, beside offline_access: those that change
	// things of curfew's own.
	NeverScopes []string
	// Notify tells a person by mail that somebody acts as them; nil tells nobody. It is called when the session has begun.
	Notify func(ctx context.Context, n Notice)
}

// Notice is what an impersonated person is told.
type Notice struct {
	User, Actor *storage.User
	Reason      string
	At          time.Time
}

// Actors makes actor tokens, redeems them, and keeps the policy.
type Actors struct{ Options }

// New returns the Actors of a store.
func New(o Options) *Actors { return &Actors{o} }

// NeverScope tells whether a scope cannot be had in an impersonation, whatever the policy says.
func (a *Actors) NeverScope(scope string) bool {
	return scope == "offline_access" || slices.Contains(a.NeverScopes, scope)
}

// Policy returns the policy as it is in tx, with its row.
func (a *Actors) Policy(ctx context.Context, tx *storage.Store) (Policy, *storage.Policy, error) {
	row, err := tx.Policy(ctx, storage.PolicyImpersonation)
	if err != nil {
		return Policy{}, nil, fmt.Errorf("read policy of impersonation: %w", err)
	}
	p, err := ParsePolicy(row.Document)
	return p, row, err
}

// held is Policy, and keeps it from changing before the transaction has committed.
func (a *Actors) held(ctx context.Context, tx *storage.Store) (Policy, error) {
	row, err := tx.HoldPolicy(ctx, storage.PolicyImpersonation)
	if err != nil {
		return Policy{}, fmt.Errorf("hold policy of impersonation: %w", err)
	}
	return ParsePolicy(row.Document)
}
