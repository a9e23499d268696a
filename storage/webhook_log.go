package storage

import (
	"context"
	"database/sql"
	"errors"
)

// WebhookDeliveryBehind returns the id of the n-th delivery to an endpoint, the newest first, behind another or from the newest
// one on; "" where there are not as many. By it a search through a long log is done in pieces.
func (s *Store) WebhookDeliveryBehind(ctx context.Context, kind, receiver, after string, n int) (id string, err error) {
	q := s.db.NewSelect().Model((*Delivery)(nil)).Column("id").Where("kind = ? AND receiver = ?", kind, receiver).Order("id DESC").Limit(1).
		Offset(int64(n - 1))
	if after != "" {
		q = q.Where("id < ?", after)
	}
	err = q.Scan(ctx, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, wrap(err, "find a place in the log of a webhook endpoint")
}
