package storage

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/curfew-id/curfew/internal/id"
)

// Delivery is one message owed to one receiver, kept until it is settled, and then its receipt.
type Delivery struct {
	bun.BaseModel `bun:"table:deliveries"`

	ID           string `bun:"id,pk"`
	Kind         string
	Receiver     string
	OrderKey     string // deliveries of one key to one receiver go one after the other; empty for no order
	UserID       string
	SessionID    string
	Attempts     int64 // begun, counted when a delivery is claimed
	NextAt       Time  // when it is due; behind the lease while somebody has claimed it
	ClaimedUntil Time
	CreatedAt    Time
	ExpiresAt    Time // when the sender gives up
	SentAt       Time // of the last attempt
	AnsweredAt   Time
	Duration     int64  // of the last attempt, in microseconds
	LastStatus   int64  // HTTP status of the last attempt, 0 where nobody answered
	LastError    string // class of the last failure, empty after a success
	SettledAt    Time
	Outcome      string
	MessageID    string // what it carries, where that was fixed beforehand
}

// insertedAtOnce bounds the length of a statement, which SQLite does at a million bytes.
const insertedAtOnce = 1000

// InsertDeliveries records what is owed.
func (s *Store) InsertDeliveries(ctx context.Context, list []*Delivery) error {
	for some := range slices.Chunk(list, insertedAtOnce) {
		if _, err := s.db.NewInsert().Model(&some).Exec(ctx); err != nil {
			return wrap(err, "record deliveries")
		}
	}
	return nil
}

// SessionDeliveries returns what is or was owed because a session ended.
func (s *Store) SessionDeliveries(ctx context.Context, sessionID string) (list []*Delivery, err error) {
	err = s.db.NewSelect().Model(&list).Where("session_id = ?", sessionID).Order("id").Scan(ctx)
	return list, wrap(err, "list deliveries")
}

// DeliveryClaim says what a worker can take on.
type DeliveryClaim struct {
	Kind        string
	Now         time.Time
	Until       time.Time // of the lease; what is not settled by then falls due again, for anybody
	Busy        []string  // receivers to leave alone
	PerReceiver int       // at most so many for each receiver, one where the receiver fails at present
	Limit       int
}

// ClaimDeliveries takes due deliveries, those waiting longest first, counts an attempt for each and leases them until
// c.Until. No two claims return the same delivery while the lease of the first runs. Its cost grows with the number of
// receivers to whom something is owed, not with how much is owed to each.
func (s *Store) ClaimDeliveries(ctx context.Context, c DeliveryClaim) (list []*Delivery, err error) {
	busy := c.Busy
	if len(busy) == 0 {
		busy = []string{""} // no receiver is called that; an empty list is no SQL
	}
	err = s.db.NewRaw(s.dialect.claimDeliveries(), c.Kind, At(c.Now), At(c.Until), bun.List(busy), c.PerReceiver, c.Limit).
		Scan(ctx, &list)
	return list, wrap(err, "claim deliveries")
}

// dueLanes finds the receivers of a kind to whom something is owed by jumping from one to the next in the index, and
// leaves out those that are busy, blocked, or failing and on trial.
const dueLanes = `WITH RECURSIVE owed (receiver) AS (
		SELECT min(d.receiver) FROM deliveries d WHERE d.kind = ?0 AND d.settled_at IS NULL
		UNION ALL
		SELECT (SELECT min(d.receiver) FROM deliveries d WHERE d.kind = ?0 AND d.settled_at IS NULL AND d.receiver > o.receiver)
		FROM owed o WHERE o.receiver IS NOT NULL
	), lanes AS (
		SELECT o.receiver, r.failures FROM owed o
		LEFT JOIN delivery_receivers r ON r.kind = ?0 AND r.receiver = o.receiver
		WHERE o.receiver IS NOT NULL AND o.receiver NOT IN (?3) AND (r.failures IS NULL OR r.blocked_until <= ?1
			AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.kind = ?0 AND d.receiver = o.receiver AND d.claimed_until > ?1))
	)`

// dueInLane finds the first due deliveries of the receiver l. Of each key only the oldest can be sent.
const dueInLane = `SELECT d.id, d.next_at FROM deliveries d
	WHERE d.kind = ?0 AND d.receiver = l.receiver AND d.settled_at IS NULL AND d.next_at <= ?1 AND d.expires_at > ?1
		AND (d.order_key = '' OR NOT EXISTS (SELECT 1 FROM deliveries f WHERE f.kind = ?0 AND f.receiver = l.receiver
			AND f.order_key = d.order_key AND f.order_key <> '' AND f.settled_at IS NULL AND f.id < d.id))
	ORDER BY d.next_at, d.id LIMIT ?4`

// DeliveryResult is how an attempt went. The delivery carries the attempt's receipt and, if it is settled, its outcome.
type DeliveryResult struct {
	*Delivery
	// ReceiverFailed: nobody can be reached there at present, which says something of every delivery to the receiver.
	// Otherwise, unless Unsent, the receiver is well.
	ReceiverFailed bool
	Pause          time.Duration // how long it asks to be left alone, which counts for every delivery to it
	Unsent         bool          // nothing was sent, so nothing is known of the receiver
}

// RecordDeliveries writes how attempts went, in one transaction. pause is how long a receiver is left alone after so many
// rounds of failure. What somebody else has taken over meanwhile stays as they leave it.
func (s *Store) RecordDeliveries(ctx context.Context, list []DeliveryResult, now time.Time, pause func(failures int64) time.Duration) error {
	return s.Tx(ctx, func(tx *Store) error {
		for _, r := range list {
			// attempts is the fence: a claim moves it on, so that the word of a holder whose lease ran out does not count.
			_, err := tx.db.NewUpdate().Model(r.Delivery).Column("next_at", "claimed_until", "sent_at", "answered_at", "duration",
				"last_status", "last_error", "settled_at", "outcome").
				Where("id = ? AND attempts = ? AND settled_at IS NULL", r.ID, r.Attempts).Exec(ctx)
			if err != nil {
				return wrap(err, "record delivery")
			}
		}
		for _, l := range lanesOf(list) {
			if err := tx.recordReceiver(ctx, l, now, pause); err != nil {
				return err
			}
		}
		return nil
	})
}

// ExpireDeliveries settles what of a kind is still owed at the end of its time, at most n, and returns how many it met. What
// is under way is left to whoever sends it.
func (s *Store) ExpireDeliveries(ctx context.Context, now time.Time, kind, outcome string, n int) (int, error) {
	res, err := s.db.NewRaw(`UPDATE deliveries SET settled_at = ?0, outcome = ?1, claimed_until = NULL WHERE settled_at IS NULL
		AND id IN (SELECT id FROM deliveries WHERE settled_at IS NULL AND expires_at <= ?0 AND kind = ?3
			AND (claimed_until IS NULL OR claimed_until <= ?0) ORDER BY expires_at LIMIT ?2)`, At(now), outcome, n, kind).Exec(ctx)
	if err != nil {
		return 0, wrap(err, "give deliveries up")
	}
	met, err := res.RowsAffected()
	return int(met), err
}

// DeleteDeliveries removes receipts of what was settled before, at most n, the oldest first.
func (s *Store) DeleteDeliveries(ctx context.Context, before time.Time, n int) error {
	// Ids begin with the time they were made, so the primary key finds the old ones.
	var first [16]byte
	ms := before.UnixMilli()
	for i := range 6 {
		first[i] = byte(ms >> (40 - 8*i))
	}
	_, err := s.db.NewRaw(`DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE id < ? AND settled_at < ?
		ORDER BY id LIMIT ?)`, id.FromBytes(id.Delivery, first), At(before), n).Exec(ctx)
	return wrap(err, "remove old deliveries")
}
