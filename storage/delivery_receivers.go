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
	pause          time.Duration
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
		if l.pause = max(l.pause, r.Pause); !r.ReceiverFailed {
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
		if err := s.receiverAnswered(ctx, l, now); err != nil {
			return err
		}
		return s.receiverAsked(ctx, l, now)
	}
	// Attempts that were under way when the receiver was blocked are of the same round of failure and do not count again.
	var failures []int64
	err := s.db.NewRaw(`INSERT INTO delivery_receivers (kind, receiver, failures, blocked_until) VALUES (?0, ?1, 1, 0)
		ON CONFLICT (kind, receiver) DO UPDATE SET failures = delivery_receivers.failures + 1
		WHERE delivery_receivers.blocked_until <= ?2 RETURNING failures`, l.kind, l.receiver, l.failedAt).Scan(ctx, &failures)
	if err != nil {
		return wrap(err, "count failures of a receiver")
	}
	if len(failures) > 0 {
		_, err = s.db.NewRaw(`UPDATE delivery_receivers SET blocked_until = ? WHERE kind = ? AND receiver = ?`,
			At(now.Add(pause(failures[0]))), l.kind, l.receiver).Exec(ctx)
		if err != nil {
			return wrap(err, "block a receiver")
		}
	}
	return s.receiverAsked(ctx, l, now)
}

// receiverAsked leaves a receiver alone for as long as it asks: also where some of what was sent beside that was answered, and
// in the middle of a round of failure.
func (s *Store) receiverAsked(ctx context.Context, l *laneResult, now time.Time) error {
	if l.pause == 0 {
		return nil
	}
	_, err := s.db.NewRaw(`INSERT INTO delivery_receivers (kind, receiver, failures, blocked_until, asked_until) VALUES (?0, ?1, 1, ?2, ?2)
		ON CONFLICT (kind, receiver) DO UPDATE SET
			blocked_until = CASE WHEN delivery_receivers.blocked_until > ?2 THEN delivery_receivers.blocked_until ELSE ?2 END,
			asked_until = CASE WHEN delivery_receivers.asked_until > ?2 THEN delivery_receivers.asked_until ELSE ?2 END`,
		l.kind, l.receiver, At(now.Add(l.pause))).Exec(ctx)
	return wrap(err, "leave a receiver alone")
}

// ForgetReceiver lets a receiver be tried at once, with all that waits for it: what is known of it was another address's, or
// of before somebody has seen to it.
func (s *Store) ForgetReceiver(ctx context.Context, kind, receiver string, now time.Time) error {
	return s.Tx(ctx, func(tx *Store) error {
		_, err := tx.db.NewRaw(`DELETE FROM delivery_receivers WHERE kind = ? AND receiver = ?`, kind, receiver).Exec(ctx)
		if err != nil {
			return wrap(err, "forget a receiver")
		}
		return tx.hurry(ctx, kind, receiver, now)
	})
}

// receiverAnswered opens the way to a receiver, unless it asked to be left alone and that time is not over. If it had failed before, what waited because of that is due now; what the
// receiver itself has rejected waits on.
func (s *Store) receiverAnswered(ctx context.Context, l *laneResult, now time.Time) error {
	res, err := s.db.NewRaw(`DELETE FROM delivery_receivers WHERE kind = ? AND receiver = ? AND asked_until <= ?`, l.kind, l.receiver,
		At(now)).Exec(ctx)
	if err := changed(res, err, "open the way to a receiver"); err != nil {
		if err == ErrNotFound {
			return nil
		}
		return err
	}
	return s.hurry(ctx, l.kind, l.receiver, now)
}

func (s *Store) hurry(ctx context.Context, kind, receiver string, now time.Time) error {
	_, err := s.db.NewRaw(`UPDATE deliveries SET next_at = ?2 WHERE kind = ?0 AND receiver = ?1 AND settled_at IS NULL
		AND next_at > ?2 AND claimed_until IS NULL AND last_status <> 400`, kind, receiver, At(now)).Exec(ctx)
	return wrap(err, "hurry deliveries")
}
