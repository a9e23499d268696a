package storage

import (
	"context"
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

// InsertWebhookMessage adds a message and what is owed because of it. Deliveries of one order key get ids behind those that
// are still owed under it: whichever machine's clock made those, what happened later goes later. Their ids may so differ
// from the ones they came with.
func (s *Store) InsertWebhookMessage(ctx context.Context, m *WebhookMessage, owed []*Delivery) error {
	return s.Tx(ctx, func(tx *Store) error {
		if _, err := tx.db.NewInsert().Model(m).Exec(ctx); err != nil {
			return wrap(err, "insert webhook message")
		}
		return tx.InsertInOrder(ctx, owed)
	})
}

// InsertInOrder is InsertDeliveries for some of one kind and one order key, see InsertWebhookMessage.
func (s *Store) InsertInOrder(ctx context.Context, owed []*Delivery) error {
	if len(owed) == 0 {
		return nil
	}
	return s.Tx(ctx, func(tx *Store) error {
		if d := owed[0]; d.OrderKey != "" {
			receivers := make([]string, len(owed))
			for i, d := range owed {
				receivers[i] = d.Receiver
			}
			var last string
			err := tx.db.NewRaw(`SELECT COALESCE(MAX(id), '') FROM deliveries WHERE kind = ? AND receiver IN (?) AND order_key = ?
				AND order_key <> '' AND settled_at IS NULL`, d.Kind, bun.List(receivers), d.OrderKey).Scan(ctx, &last)
			if err != nil {
				return wrap(err, "read the last delivery of a key")
			}
			for _, d := range owed {
				if d.ID <= last {
					if d.ID, err = id.Next(id.Delivery, last); err != nil {
						return wrap(err, "put deliveries in order")
					}
				}
				last = d.ID
			}
		}
		*tx.ended = true // Tx rings when it has committed
		return tx.InsertDeliveries(ctx, owed)
	})
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
	After    string // id to start behind
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
