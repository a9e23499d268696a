package storage

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// EventsUntil returns up to n events of the kinds that happened by an instant, in the order of their ids from behind after.
func (s *Store) EventsUntil(ctx context.Context, kinds []string, at time.Time, after string, n int) (list []*AuditEvent, err error) {
	err = s.db.NewSelect().Model(&list).Where("kind IN (?)", bun.List(kinds)).Where("at <= ?", At(at)).Where("id > ?", after).
		Order("id").Limit(int64(n)).Scan(ctx)
	return list, wrap(err, "list audit events")
}
