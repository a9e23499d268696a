package logout

import (
	"context"

	"github.com/curfew-id/curfew/storage"
)

// EndActing takes the sessions in which a user acts as somebody through the door, in tx; with "" everybody's. They are few.
// Tokens that were exchanged die with it.
func (d *Door) EndActing(ctx context.Context, tx *storage.Store, actorSub string, c Cause) error {
	return tx.Tx(ctx, func(tx *storage.Store) error {
		if err := tx.RevokeActing(ctx, actorSub, d.clock.Now()); err != nil {
			return err
		}
		for after := ""; ; {
			list, err := tx.ActingSessions(ctx, actorSub, "", after, together)
			if err != nil {
				return err
			}
			all := make([]Ending, len(list))
			for i, s := range list {
				after, all[i] = s.ID, Ending{s, c}
			}
			if _, err := d.EndTogether(ctx, tx, all); err != nil {
				return err
			}
			if len(list) < together {
				return nil
			}
		}
	})
}

// endActingFrom is for the sessions in which somebody acted from one that has just ended. What was exchanged in that dies with it
// anyway.
func (d *Door) endActingFrom(ctx context.Context, tx *storage.Store, own []*storage.EndedSession) error {
	by, from := map[string]string{}, []*storage.Session{}
	for _, s := range own {
		if s.Kind != storage.KindImpersonation { // nothing hangs off one
			by[s.ID] = s.EndedBy
			from = append(from, s.Session)
		}
	}
	for len(from) > 0 {
		list, err := tx.ActingOf(ctx, from, together)
		if err != nil || len(list) == 0 {
			return err
		}
		all := make([]Ending, len(list))
		for i, s := range list {
			all[i] = Ending{s, Cause{storage.StatusRevoked, ActorEnded, by[s.ActorSessionID]}}
		}
		if _, err := d.EndTogether(ctx, tx, all); err != nil || len(list) < together {
			return err
		}
	}
	return nil
}
