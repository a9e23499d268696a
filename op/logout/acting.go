package logout

import (
	"context"

	"github.com/curfew-id/curfew/storage"
)

// EndActing takes the sessions in which a user acts as somebody through the door, in tx: those that hang off one session of
// theirs, or with "" all of them, or with neither everybody's. They are few. Tokens that were exchanged die with it.
func (d *Door) EndActing(ctx context.Context, tx *storage.Store, actorSub, actorSessionID string, c Cause) error {
	return tx.Tx(ctx, func(tx *storage.Store) error {
		if actorSessionID == "" { // what was exchanged in the session dies with it anyway
			if err := tx.RevokeActing(ctx, actorSub, d.clock.Now()); err != nil {
				return err
			}
		}
		for after := ""; ; {
			list, err := tx.ActingSessions(ctx, actorSub, actorSessionID, after, 100)
			if err != nil {
				return err
			}
			for _, s := range list {
				after = s.ID
				if _, err := d.End(ctx, tx, s, c); err != nil {
					return err
				}
			}
			if len(list) < 100 {
				return nil
			}
		}
	})
}
