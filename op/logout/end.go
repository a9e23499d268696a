package logout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/delivery"
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
	ended := *s
	now := d.clock.Now()
	ended.Status, ended.EndedAt, ended.EndReason, ended.EndedBy = c.Status, storage.At(now), string(c.Reason), c.By
	err := tx.Tx(ctx, func(tx *storage.Store) error {
		clientIDs, err := tx.End(ctx, &ended)
		if err != nil {
			return err
		}
		owed, err := d.owed(ctx, tx, &ended, clientIDs, now)
		if err != nil {
			return err
		}
		if err := tx.InsertDeliveries(ctx, owed); err != nil {
			return err
		}
		if s.Kind == storage.KindImpersonation { // nothing hangs off one
			if err := audit.Write(ctx, tx, audit.Event{Kind: audit.ImpersonationStopped, At: now, UserID: s.UserID, SessionID: s.ID,
				By: c.By, Data: map[string]any{"actor": s.ActorSub, "actor_token": s.ActorTokenID, "reason": c.Reason}}); err != nil {
				return err
			}
		} else {
			if err := d.EndActing(ctx, tx, s.UserID, s.ID, Cause{storage.StatusRevoked, ActorEnded, c.By}); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, audit.Event{Kind: audit.SessionEnded, At: now, UserID: s.UserID, SessionID: s.ID, DeviceID: s.DeviceID,
			By: c.By, Data: d.endData(s, c, clientIDs)})
	})
	if errors.Is(err, storage.ErrConflict) {
		return tx.Session(ctx, s.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("end session: %w", err)
	}
	return &ended, nil
}

// endData names who acted in a session, if that was not its user.
func (d *Door) endData(s *storage.Session, c Cause, clientIDs []string) map[string]any {
	data := map[string]any{"status": c.Status, "reason": c.Reason, "clients": clientIDs}
	if s.ActorSub != "" {
		data["actor"] = s.ActorSub
	}
	return data
}

// owed is one delivery for each client that took part and wants to be told by the back channel.
func (d *Door) owed(ctx context.Context, tx *storage.Store, s *storage.Session, clientIDs []string, now time.Time) ([]*storage.Delivery, error) {
	var list []*storage.Delivery
	for _, clientID := range clientIDs {
		c, err := d.clients.In(ctx, tx, clientID)
		if errors.Is(err, client.ErrUnknown) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if c.BackchannelLogoutURI == "" {
			continue
		}
		list = append(list, &storage.Delivery{ID: id.New(id.Delivery), Kind: KindBackChannel, Receiver: clientID,
			UserID: s.UserID, SessionID: s.ID, NextAt: storage.At(now), CreatedAt: storage.At(now),
			ExpiresAt: storage.At(now.Add(delivery.TTL))})
	}
	return list, nil
}
