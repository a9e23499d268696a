package storage

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/curfew-id/curfew/internal/id"
)

// WebhookMessage is an event as endpoints are told of it, fixed when it happened.
type WebhookMessage struct {
	bun.BaseModel `bun:"table:webhook_messages"`

	ID              string `bun:"id,pk"`
	Type            string
	UserID          string
	Payload         string // JSON: the body of the request
	PrivateMetadata string // JSON: for the endpoints that ask for it; empty where there is none
	CreatedAt       Time
}

// WebhookDelivery is a delivery and what is known of its message.
type WebhookDelivery struct {
	Delivery `bun:",extend"`

	Type string `bun:"type,scanonly"` // empty where the message is gone
}

// InsertWebhookMessages adds messages and what is owed because of them. Deliveries of one order key get ids behind those that are
// still owed under it: whichever machine's clock made those, what happened later goes later. Their ids may so differ
// from the ones they came with.
func (s *Store) InsertWebhookMessages(ctx context.Context, list []*WebhookMessage, owed []*Delivery) error {
	return s.Tx(ctx, func(tx *Store) error {
		for some := range slices.Chunk(list, insertedAtOnce/4) { // they are long
			if _, err := tx.db.NewInsert().Model(&some).Exec(ctx); err != nil {
				return wrap(err, "insert webhook messages")
			}
		}
		return tx.InsertInOrder(ctx, owed)
	})
}

// InsertInOrder is InsertDeliveries for some of one kind, see InsertWebhookMessages.
func (s *Store) InsertInOrder(ctx context.Context, owed []*Delivery) error {
	if len(owed) == 0 {
		return nil
	}
	return s.Tx(ctx, func(tx *Store) error {
		last, err := tx.lastOwed(ctx, owed)
		if err != nil {
			return err
		}
		for _, d := range owed {
			if d.OrderKey == "" {
				continue
			}
			if before := last[d.OrderKey]; d.ID <= before {
				if d.ID, err = id.Next(id.Delivery, before); err != nil {
					return wrap(err, "put deliveries in order")
				}
			}
			last[d.OrderKey] = d.ID
		}
		*tx.ended = true // Tx rings when it has committed
		return tx.InsertDeliveries(ctx, owed)
	})
}

// lastOwed returns the last of the deliveries that are owed under each order key of those, to any of their receivers.
func (s *Store) lastOwed(ctx context.Context, those []*Delivery) (map[string]string, error) {
	var receivers, keys []string
	for _, d := range those {
		if d.OrderKey != "" {
			receivers, keys = append(receivers, d.Receiver), append(keys, d.OrderKey)
		}
	}
	slices.Sort(receivers)
	slices.Sort(keys)
	last := map[string]string{}
	if len(keys) == 0 {
		return last, nil
	}
	var rows []struct{ OrderKey, ID string }
	err := s.db.NewRaw(`SELECT order_key, MAX(id) AS id FROM deliveries WHERE kind = ? AND receiver IN (?) AND order_key IN (?)
		AND order_key <> '' AND settled_at IS NULL GROUP BY order_key`, those[0].Kind, bun.List(slices.Compact(receivers)),
		bun.List(slices.Compact(keys))).Scan(ctx, &rows)
	for _, r := range rows {
		last[r.OrderKey] = r.ID
	}
	return last, wrap(err, "read the last deliveries of keys")
}

// LockUser makes others who lock the same user wait for the end of the transaction, and then read what it left. It returns
// ErrNotFound where there is no such user (any more).
func (s *Store) LockUser(ctx context.Context, userID string) error {
	var there int
	err := s.db.NewRaw(`SELECT 1 FROM users WHERE id = ?`+s.dialect.lockRow(), userID).Scan(ctx, &there)
	return found(err, "lock user")
}

// WebhookMessage returns one, or ErrNotFound.
func (s *Store) WebhookMessage(ctx context.Context, id string) (*WebhookMessage, error) {
	m := new(WebhookMessage)
	err := s.db.NewSelect().Model(m).Where("id = ?", id).Scan(ctx)
	return m, found(err, "read webhook message")
}

// WebhookDeliveryFilter narrows a list of deliveries; zero values do not.
type WebhookDeliveryFilter struct {
	Kind     string
	Receiver string
	ID       string
	Outcome  string // "pending" for what is not settled
	Type     string // of the message; finds nothing that was about one that is gone
	After    string // id to start behind
	DownTo   string // id to end with
	Limit    int
}

// WebhookDeliveries returns deliveries to an endpoint, the newest first.
func (s *Store) WebhookDeliveries(ctx context.Context, f WebhookDeliveryFilter) (list []*WebhookDelivery, err error) {
	q := s.db.NewSelect().Model(&list).ModelTableExpr("deliveries AS d").ColumnExpr("d.*").ColumnExpr("COALESCE(m.type, '') AS type").
		Join("LEFT JOIN webhook_messages AS m ON m.id = d.message_id").
		Where("d.kind = ? AND d.receiver = ?", f.Kind, f.Receiver).OrderExpr("d.id DESC").Limit(limit(f.Limit))
	if f.ID != "" {
		q = q.Where("d.id = ?", f.ID)
	}
	if f.After != "" {
		q = q.Where("d.id < ?", f.After)
	}
	if f.DownTo != "" {
		q = q.Where("d.id >= ?", f.DownTo)
	}
	if f.Type != "" {
		q = q.Where("m.type = ?", f.Type)
	}
	if f.Outcome == "pending" {
		q = q.Where("d.settled_at IS NULL")
	} else if f.Outcome != "" {
		q = q.Where("d.outcome = ?", f.Outcome)
	}
	return list, wrap(q.Scan(ctx), "list webhook deliveries")
}

// DeleteWebhookMessages removes messages made before an instant, and those about users whose deletion was told of before
// another, at most n of each.
func (s *Store) DeleteWebhookMessages(ctx context.Context, before, deletedBefore time.Time, n int) error {
	_, err := s.db.NewRaw(`DELETE FROM webhook_messages WHERE id IN (SELECT id FROM webhook_messages WHERE created_at < ?
		ORDER BY created_at LIMIT ?)`, At(before), n).Exec(ctx)
	if err != nil {
		return wrap(err, "remove old webhook messages")
	}
	_, err = s.db.NewRaw(`DELETE FROM webhook_messages WHERE id IN (SELECT m.id FROM webhook_messages g
		JOIN webhook_messages m ON m.user_id = g.user_id AND m.type <> 'user.deleted'
		WHERE g.type = 'user.deleted' AND g.created_at < ? LIMIT ?)`, At(deletedBefore), n).Exec(ctx)
	return wrap(err, "remove webhook messages of deleted users")
}

// DeleteWebhookMessagesOf removes messages of a type made before an instant, at most n.
func (s *Store) DeleteWebhookMessagesOf(ctx context.Context, kind string, before time.Time, n int) error {
	_, err := s.db.NewRaw(`DELETE FROM webhook_messages WHERE id IN (SELECT id FROM webhook_messages WHERE user_id = '' AND type = ?
		AND created_at < ? LIMIT ?)`, kind, At(before), n).Exec(ctx)
	return wrap(err, "remove webhook messages")
}

// CountOwed returns how many deliveries of a kind are not settled.
func (s *Store) CountOwed(ctx context.Context, kind string) (int, error) {
	n, err := s.db.NewSelect().Model((*Delivery)(nil)).Where("kind = ? AND settled_at IS NULL", kind).Count(ctx)
	return int(n), wrap(err, "count what is owed")
}
