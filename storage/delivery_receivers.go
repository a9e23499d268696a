package storage

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// laneResult is what a batch of attempts says of one receiver.
type laneResult struct {
	kind, receiver string
	answered       bool
	failedAt       Time // when the newest attempt that failed was sent
}

// lanesOf sums up a batch by receiver, in one order for all replicas: two that write the same receivers must not
// wait for one another in a circle. An answer counts more than a failure.
func lanesOf(list []DeliveryResult) (lanes []*laneResult) {
	by := map[[2]string]*laneResult{}
	for _, r := range list {
		if r.Unsent {
			continue
		}
		k := [2]string{r.Kind, r.Receiver}
		l := by[k]
		if l == nil {
			l = &laneResult{kind: r.Kind, receiver: r.Receiver}
			by[k] = l
			lanes = append(lanes, l)
		}
		if !r.ReceiverFailed {
			l.answered = true
		} else if r.SentAt.After(l.failedAt.Time) {
			l.failedAt = r.SentAt
		}
	}
	slices.SortFunc(lanes, func(a, b *laneResult) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.receiver, b.receiver))
	})
	return lanes
}

func (s *Store) recordReceiver(ctx context.Context, l *laneResult, now time.Time, pause func(int64) time.Duration) error {
	if l.answered {
		return s.receiverAnswered(ctx, l, now)
	}
	// Attempts that were under way when the receiver was blocked are of the same round of failure and do not count again.
	var failures []int64
	err := s.db.NewRaw(`INSERT INTO delivery_receivers (kind, receiver, failures, blocked_until) VALUES (?0, ?1, 1, 0)
		ON CONFLICT (kind, receiver) DO UPDATE SET failures = delivery_receivers.failures + 1
		WHERE delivery_receivers.blocked_until <= ?2 RETURNING failures`, l.kind, l.receiver, l.failedAt).Scan(ctx, &failures)
	if err != nil {
		return wrap(err, "count failures of a receiver")
	}
	if len(failures) == 0 {
		return nil
	}
	_, err = s.db.NewRaw(`UPDATE delivery_receivers SET blocked_until = ? WHERE kind = ? AND receiver = ?`,
		At(now.Add(pause(failures[0]))), l.kind, l.receiver).Exec(ctx)
	return wrap(err, "block a receiver")
}

// receiverAnswered opens the way to a receiver. If it had failed before, what waited because of that is due now; what the
// receiver itself has rejected waits on.
func (s *Store) receiverAnswered(ctx context.Context, l *laneResult, now time.Time) error {
	res, err := s.db.NewRaw(`DELETE FROM delivery_receivers WHERE kind = ? AND receiver = ?`, l.kind, l.receiver).Exec(ctx)
	if err := changed(res, err, "open the way to a receiver"); err != nil {
		if err == ErrNotFound {
			return nil
		}
		return err
	}
	_, err = s.db.NewRaw(`UPDATE deliveries SET next_at = ?2 WHERE kind = ?0 AND receiver = ?1 AND settled_at IS NULL
		AND next_at > ?2 AND claimed_until IS NULL AND last_status <> 400`, l.kind, l.receiver, At(now)).Exec(ctx)
	return wrap(err, "hurry deliveries")
}
