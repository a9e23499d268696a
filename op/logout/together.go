package logout

import (
	"context"
	"slices"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/storage"
)

// Ending is a session and why it is to end.
type Ending struct {
	Session *storage.Session
	Cause   Cause
}

// together is how many sessions go through the door at once: statements are as many for that as for one, and locks are held
// for some ten milliseconds.
const together = 250

// EndTogether ends several sessions in one transaction and returns those that it ended, as they then stand. What it does not
// return has ended before.
func (d *Door) EndTogether(ctx context.Context, tx *storage.Store, list []Ending) ([]*storage.Session, error) {
	return d.end(ctx, tx, list, false)
}

// end is the door. passOver: what another transaction holds is neither waited for nor ended.
func (d *Door) end(ctx context.Context, tx *storage.Store, list []Ending, passOver bool) (ended []*storage.Session, err error) {
	now := d.clock.Now()
	err = tx.Tx(ctx, func(tx *storage.Store) error {
		ended = nil // of a try before
		for some := range slices.Chunk(list, together) {
			rows := make([]*storage.Session, len(some))
			for i, e := range some {
				row := *e.Session
				row.Status, row.EndReason, row.EndedBy = e.Cause.Status, string(e.Cause.Reason), e.Cause.By
				row.EndedAt = storage.At(now)
				rows[i] = &row
			}
			done, err := tx.EndSessions(ctx, rows, passOver)
			if err != nil {
				return err
			}
			if err := d.ended(ctx, tx, done, now); err != nil {
				return err
			}
			for _, s := range done {
				ended = append(ended, s.Session)
			}
		}
		return nil
	})
	return ended, err
}

// ended does what follows from ends in their transaction: messages that are owed, the ends of what hung off the sessions, events.
func (d *Door) ended(ctx context.Context, tx *storage.Store, list []*storage.EndedSession, now time.Time) error {
	if len(list) == 0 {
		return nil
	}
	owed, err := d.owed(ctx, tx, list, now)
	if err != nil {
		return err
	}
	if err := tx.InsertDeliveries(ctx, owed); err != nil {
		return err
	}
	if err := d.endActingFrom(ctx, tx, list); err != nil {
		return err
	}
	var events []audit.Event
	for _, s := range list {
		events = append(events, eventsOf(s, now)...)
	}
	return audit.Write(ctx, tx, events...)
}

// eventsOf is what is written of an end. It names who acted in a session, if that was not its user.
func eventsOf(s *storage.EndedSession, now time.Time) (list []audit.Event) {
	clients := s.ClientIDs
	if clients == nil {
		clients = []string{} // a list without any, not none
	}
	data := map[string]any{"status": s.Status, "reason": s.EndReason, "clients": clients}
	if s.ActorSub != "" {
		data["actor"] = s.ActorSub
	}
	if s.Kind == storage.KindImpersonation {
		list = append(list, audit.Event{Kind: audit.ImpersonationStopped, At: now, UserID: s.UserID, SessionID: s.ID, By: s.EndedBy,
			Data: map[string]any{"actor": s.ActorSub, "actor_token": s.ActorTokenID, "reason": s.EndReason}})
	}
	return append(list, audit.Event{Kind: audit.SessionEnded, At: now, UserID: s.UserID, SessionID: s.ID, DeviceID: s.DeviceID,
		By: s.EndedBy, Data: data})
}

// owed is one delivery for each session and each client that took part in it and wants to be told by the back channel.
func (d *Door) owed(ctx context.Context, tx *storage.Store, ended []*storage.EndedSession, now time.Time) (list []*storage.Delivery, err error) {
	var clientIDs []string
	for _, s := range ended {
		clientIDs = append(clientIDs, s.ClientIDs...)
	}
	slices.Sort(clientIDs)
	clients, err := d.clients.AllIn(ctx, tx, slices.Compact(clientIDs))
	if err != nil {
		return nil, err
	}
	for _, s := range ended {
		for _, clientID := range s.ClientIDs {
			c := clients[clientID]
			if c == nil || c.BackchannelLogoutURI == "" {
				continue
			}
			list = append(list, &storage.Delivery{ID: id.New(id.Delivery), Kind: KindBackChannel, Receiver: clientID, UserID: s.UserID,
				SessionID: s.ID, NextAt: storage.At(now), CreatedAt: storage.At(now), ExpiresAt: storage.At(now.Add(delivery.TTL))})
		}
	}
	return list, nil
}
