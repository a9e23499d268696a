package logout

import (
	"context"
	"fmt"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/storage"
)

// Cause is why a session ends.
type Cause struct {
	Status storage.SessionStatus
	Reason Reason
	// By names who ended it: a user's or client's id, or "system".
	By string
}

// Reason is the typed reason that an ended session keeps.
type Reason string

// Reasons.
const (
	SignedOut       Reason = "signed_out"
	Revoked         Reason = "revoked"
	Replaced        Reason = "replaced"
	Expired         Reason = "expired"
	Idle            Reason = "idle"
	PasswordChanged Reason = "password_changed"
	UserDisabled    Reason = "user_disabled"
	UserDeleted     Reason = "user_deleted"
	ConsentGone     Reason = "consent_withdrawn"
	RefreshReused   Reason = "refresh_token_reused"
	CodeReused      Reason = "code_reused"
	EpochMoved      Reason = "ended_with_others" // an epoch was moved and nobody said why, or the user is disabled
	ClientEnded     Reason = "ended_with_client"
	AllEnded        Reason = "ended_with_all"
	DeviceForgotten Reason = "device_forgotten"
	ActorStopped    Reason = "impersonation_stopped"
	ActorRevoked    Reason = "actor_token_revoked"
	ActorEnded      Reason = "actor_session_ended" // what the impersonation hung off is over
	PolicyChanged   Reason = "policy_changed"
)

// System stands for work that nobody asked for.
const System = "system"

// Door ends sessions.
type Door struct {
	store   *storage.Store
	clients *client.Registry
	clock   clock.Clock
}

// NewDoor returns the door of a store.
func NewDoor(store *storage.Store, clients *client.Registry, clk clock.Clock) *Door {
	return &Door{store: store, clients: clients, clock: clk}
}

// KindBackChannel is the kind of delivery that tells a relying party by the back channel.
const KindBackChannel = "backchannel_logout"

// End ends a session and returns it as it then stands. Ending one that has ended before is no error: it returns what the
// first end left. It must be called with the store, or with a transaction that commits before anybody is told.
func (d *Door) End(ctx context.Context, tx *storage.Store, s *storage.Session, c Cause) (*storage.Session, error) {
	ended, err := d.EndTogether(ctx, tx, []Ending{{s, c}})
	if err != nil {
		return nil, fmt.Errorf("end session: %w", err)
	}
	if len(ended) == 0 {
		return tx.Session(ctx, s.ID)
	}
	return ended[0], nil
}
