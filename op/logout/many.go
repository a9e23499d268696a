package logout

import (
	"context"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// EndUser ends every session of a user: true when tx has committed, and in constant time whatever their number. Sweep
// follows and takes each through the door, for the same cause. It returns storage.ErrNotFound where there is no such user.
func (d *Door) EndUser(ctx context.Context, tx *storage.Store, userID string, c Cause) error {
	return d.endMany(ctx, tx, audit.Event{UserID: userID}, c, func(tx *storage.Store, m storage.EpochMove) error {
		if err := tx.MoveUserEpoch(ctx, userID, m); err != nil {
			return err
		}
		// Others' sessions in which the user acts: few, and Sweep would come by only later.
		return d.EndActing(ctx, tx, userID, Cause{storage.StatusRevoked, ActorEnded, c.By})
	})
}

// EndClient is EndUser for every session in which a client has taken part. The sessions end as a whole: whoever else took part
// is told, too. It returns storage.ErrNotFound where there is no such client.
func (d *Door) EndClient(ctx context.Context, tx *storage.Store, clientID string, c Cause) error {
	return d.endMany(ctx, tx, audit.Event{ClientID: clientID}, c, func(tx *storage.Store, m storage.EpochMove) error {
		return tx.MoveClientEpoch(ctx, clientID, m)
	})
}

// EndAll is EndUser for every session of everybody.
func (d *Door) EndAll(ctx context.Context, tx *storage.Store, c Cause) error {
	return d.endMany(ctx, tx, audit.Event{}, c, func(tx *storage.Store, m storage.EpochMove) error {
		return tx.MoveRealmEpoch(ctx, m)
	})
}

// endMany moves an epoch and writes the event about whom e names.
func (d *Door) endMany(ctx context.Context, tx *storage.Store, e audit.Event, c Cause,
	move func(*storage.Store, storage.EpochMove) error) error {
	now := d.clock.Now()
	return tx.Tx(ctx, func(tx *storage.Store) error {
		if err := move(tx, storage.EpochMove{Status: c.Status, Reason: string(c.Reason), By: c.By, At: now}); err != nil {
			return err
		}
		e.Kind, e.At, e.By, e.Data = audit.SessionsEnded, now, c.By, map[string]any{"status": c.Status, "reason": c.Reason}
		return audit.Write(ctx, tx, e)
	})
}

// EndUserNow is EndUser and takes the user's sessions through the door in the same transaction, except the one to keep
// ("" for none), which stays as it is. It is for changes of one person's own account, whose sessions are few.
func (d *Door) EndUserNow(ctx context.Context, tx *storage.Store, userID, keep string, c Cause) error {
	return tx.Tx(ctx, func(tx *storage.Store) error {
		for after := ""; ; {
			list, err := tx.Sessions(ctx, storage.SessionFilter{UserID: userID, Status: string(storage.StatusActive), After: after, Limit: together})
			if err != nil {
				return err
			}
			var all []Ending
			for _, s := range list {
				if after = s.ID; s.ID != keep {
					all = append(all, Ending{s, c})
				}
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
