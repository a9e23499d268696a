package storage

import (
	"context"
	"errors"

	"github.com/uptrace/bun"
)

// SearchAuditEvents is QueryAuditEvents for a page that somebody waits for. Of several filters one finds events by its index, the
// others are looked at one event after the other, and of those no more than atMost. Where that was not enough for a whole page,
// further is the event behind which to go on; nil: there is nothing more.
func (s *Store) SearchAuditEvents(ctx context.Context, f AuditQuery, atMost int) (list []*AuditEvent, further *AuditEvent, err error) {
	by := f.filters()
	if len(by) < 2 {
		list, err = s.QueryAuditEvents(ctx, f)
		return list, nil, err
	}
	if err := s.rarestFirst(ctx, f, by, atMost); err != nil {
		return nil, nil, err
	}
	lead := func(q *bun.SelectQuery) *bun.SelectQuery { return by[0].where(newestFirst(f.window(q))) }
	scanned := lead(s.db.NewSelect().Model((*AuditEvent)(nil))).Limit(int64(atMost))
	q := newestFirst(s.db.NewSelect().Model(&list).With("scanned", scanned).ModelTableExpr("scanned AS audit_event")).Limit(limit(f.Limit))
	for _, more := range by[1:] {
		q = more.where(q)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, nil, wrap(err, "search audit events")
	}
	if int64(len(list)) == limit(f.Limit) {
		return list, nil, nil
	}
	further = new(AuditEvent)
	err = lead(s.db.NewSelect().Model(further)).Column("id", "at").Offset(int64(atMost - 1)).Limit(1).Scan(ctx)
	if err = found(err, "search audit events"); errors.Is(err, ErrNotFound) {
		return list, nil, nil
	}
	return list, further, err
}

// rarestFirst puts the first filter that leaves no more than atMost events before all others: it finds whatever there is at once.
func (s *Store) rarestFirst(ctx context.Context, f AuditQuery, by []auditFilter, atMost int) error {
	for i := range by {
		var id string
		err := by[i].where(newestFirst(f.window(s.db.NewSelect().Model((*AuditEvent)(nil))))).Column("id").Offset(int64(atMost)).Limit(1).Scan(ctx, &id)
		err = found(err, "search audit events")
		if errors.Is(err, ErrNotFound) {
			by[0], by[i] = by[i], by[0]
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}
