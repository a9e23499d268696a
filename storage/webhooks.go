package storage

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// WebhookEndpoint is an address that is told of events.
type WebhookEndpoint struct {
	bun.BaseModel `bun:"table:webhook_endpoints"`

	ID                     string `bun:"id,pk"`
	URL                    string `bun:"url"`
	Description            string
	Events                 string // JSON, a list of names; an empty one stands for all
	OwnerEmail             string
	IncludePrivateMetadata bool
	Signature              string
	Secret                 []byte // sealed
	PublicKey              string
	PreviousSecret         []byte // sealed; the one before the last rotation
	PreviousUntil          Time   // until when it counts
	FailingSince           Time   // of the first failure that no success has followed
	DisabledAt             Time
	DisabledReason         string
	Version                int64
	CreatedAt              Time
	UpdatedAt              Time
}

// InsertWebhookEndpoint adds an endpoint.
func (s *Store) InsertWebhookEndpoint(ctx context.Context, e *WebhookEndpoint) error {
	e.Version = 1
	_, err := s.db.NewInsert().Model(e).Exec(ctx)
	return wrap(err, "insert webhook endpoint")
}

// CountWebhookEndpoints returns how many there are.
func (s *Store) CountWebhookEndpoints(ctx context.Context) (int, error) {
	n, err := s.db.NewSelect().Model((*WebhookEndpoint)(nil)).Count(ctx)
	return int(n), wrap(err, "count webhook endpoints")
}

// WebhookEndpoints returns endpoints by id, the oldest first.
func (s *Store) WebhookEndpoints(ctx context.Context, after string, n int) (list []*WebhookEndpoint, err error) {
	err = s.db.NewSelect().Model(&list).Where("id > ?", after).Order("id").Limit(limit(n)).Scan(ctx)
	return list, wrap(err, "list webhook endpoints")
}

// EnabledWebhooks returns id and events of the endpoints that are told at all.
func (s *Store) EnabledWebhooks(ctx context.Context) (list []*WebhookEndpoint, err error) {
	err = s.db.NewSelect().Model(&list).Column("id", "events").Where("disabled_at IS NULL").Order("id").Scan(ctx)
	return list, wrap(err, "list enabled webhook endpoints")
}

// WebhookEndpoint returns one, or ErrNotFound.
func (s *Store) WebhookEndpoint(ctx context.Context, id string) (*WebhookEndpoint, error) {
	e := new(WebhookEndpoint)
	err := s.db.NewSelect().Model(e).Where("id = ?", id).Scan(ctx)
	return e, found(err, "read webhook endpoint")
}

// UpdateWebhookEndpoint writes e as it stands if nobody changed the row since it was read, otherwise ErrConflict.
func (s *Store) UpdateWebhookEndpoint(ctx context.Context, e *WebhookEndpoint) error {
	res, err := s.db.NewUpdate().Model(e).ExcludeColumn("id", "created_at", "version").Set("version = version + 1").
		Where("id = ? AND version = ?", e.ID, e.Version).Exec(ctx)
	if err := changed(res, err, "update webhook endpoint"); err != nil {
		if err == ErrNotFound {
			return ErrConflict
		}
		return err
	}
	e.Version++
	return nil
}

// WebhookFailing records that an endpoint fails since at, if it did not before; the zero time, that it answers. It is not a
// change that anybody must see, so the version stays.
func (s *Store) WebhookFailing(ctx context.Context, id string, at time.Time) error {
	q := s.db.NewUpdate().Model((*WebhookEndpoint)(nil)).Set("failing_since = ?", At(at)).Where("id = ?", id)
	if at.IsZero() {
		q = q.Where("failing_since IS NOT NULL")
	} else {
		q = q.Where("failing_since IS NULL")
	}
	_, err := q.Exec(ctx)
	return wrap(err, "record how a webhook endpoint does")
}

// DeleteWebhookEndpoint removes an endpoint with what is in its log, or returns ErrNotFound.
func (s *Store) DeleteWebhookEndpoint(ctx context.Context, kind, id string) error {
	return s.Tx(ctx, func(tx *Store) error {
		res, err := tx.db.NewDelete().Model((*WebhookEndpoint)(nil)).Where("id = ?", id).Exec(ctx)
		if err := changed(res, err, "delete webhook endpoint"); err != nil {
			return err
		}
		// What is under way is left to whoever sends it, who finds nobody to tell.
		_, err = tx.db.NewRaw(`DELETE FROM deliveries WHERE kind = ? AND receiver = ? AND claimed_until IS NULL`, kind, id).Exec(ctx)
		if err != nil {
			return wrap(err, "delete webhook deliveries")
		}
		_, err = tx.db.NewRaw(`DELETE FROM delivery_receivers WHERE kind = ? AND receiver = ?`, kind, id).Exec(ctx)
		return wrap(err, "forget webhook endpoint")
	})
}
