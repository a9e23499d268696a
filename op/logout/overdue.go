package logout

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

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
	case v.ActorSub != "":
		return Cause{v.Stands, ActorEnded, System}, true
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
	if err := d.endOverdue(ctx, list); err != nil {
		return 0, err
	}
	if len(list) < n {
		err = d.store.SettleClientEnds(ctx, now)
	}
	return len(list), err
}

// sweepers is how many transactions end sessions at once.
const sweepers = 3

// endOverdue ends sessions, many in one transaction: the end of everybody is of very many. Their order is that of EndUserNow,
// so that the two do not wait for one another.
func (d *Door) endOverdue(ctx context.Context, list []*storage.SessionView) error {
	slices.SortFunc(list, func(a, b *storage.SessionView) int { return cmp.Compare(b.ID, a.ID) })
	todo := make(chan []*storage.SessionView, len(list)/together+1)
	for some := range slices.Chunk(list, together) {
		todo <- some
	}
	close(todo)
	var failed [sweepers]error
	var all sync.WaitGroup
	for i := range failed {
		all.Go(func() {
			for some := range todo {
				if failed[i] = d.endSome(ctx, some); failed[i] != nil {
					return
				}
			}
		})
	}
	all.Wait()
	return errors.Join(failed[:]...)
}

// endSome passes over what others hold at the time, so that hundreds do not wait for one, and comes back to each of those alone.
func (d *Door) endSome(ctx context.Context, list []*storage.SessionView) error {
	left, all := map[string]Ending{}, make([]Ending, len(list))
	for i, v := range list {
		c, _ := Overdue(v)
		// A use that was written since it was read comes first: by a replica whose clock is behind, or in a statement under way.
		v.Session.IfUnused = c.Status == storage.StatusAbandoned
		all[i] = Ending{&v.Session, c}
		left[v.ID] = all[i]
	}
	ended, err := d.end(ctx, d.store, all, true)
	if err != nil {
		return err
	}
	for _, s := range ended {
		delete(left, s.ID)
	}
	for _, e := range left {
		if _, err := d.End(ctx, d.store, e.Session, e.Cause); err != nil {
			return err
		}
	}
	return nil
}
