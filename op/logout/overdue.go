package logout

import (
	"context"

	"github.com/curfew-id/curfew/storage"
)

// Overdue returns what ended a session that is over though its row still says active, because Sweep has not come by yet.
func Overdue(v *storage.SessionView) (c Cause, over bool) {
	if v.Status != storage.StatusActive || v.Stands == storage.StatusActive {
		return c, false
	}
	switch {
	case v.Stands == storage.StatusExpired:
		return Cause{v.Stands, Expired, System}, true
	case v.Stands == storage.StatusAbandoned:
		return Cause{v.Stands, Idle, System}, true
	case v.Moved != nil:
		return Cause{v.Moved.Status, Reason(v.Moved.Reason), v.Moved.By}, true
	}
	return Cause{v.Stands, EpochMoved, System}, true
}

// Sweep takes sessions through the door whose time has run out or whose epoch has moved, at most n, and returns how many
// it met. Each ends as what it is, and by whoever moved the epoch.
func (d *Door) Sweep(ctx context.Context, n int) (int, error) {
	now := d.clock.Now()
	list, err := d.store.Overdue(ctx, now, n)
	if err != nil {
		return 0, err
	}
	for _, v := range list {
		c, _ := Overdue(v)
		if _, err := d.End(ctx, d.store, &v.Session, c); err != nil {
			return 0, err
		}
	}
	if len(list) < n {
		err = d.store.SettleClientEnds(ctx, now)
	}
	return len(list), err
}
