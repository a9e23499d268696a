package storage

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// AuditQuery narrows a list of audit events; zero values do not.
type AuditQuery struct {
	UserID, SessionID, ClientID, Kind, Actor string
	Since, Until                             time.Time // the first included
	After                                    string    // id to start behind
	Limit                                    int
}

// QueryAuditEvents returns events, the newest first.
func (s *Store) QueryAuditEvents(ctx context.Context, f AuditQuery) (list []*AuditEvent, err error) {
	q := newestFirst(f.window(s.db.NewSelect().Model(&list))).Limit(limit(f.Limit))
	for _, by := range f.filters() {
		q = by.where(q)
	}
	return list, wrap(q.Scan(ctx), "list audit events")
}

// auditFilter is a column that must have a value.
type auditFilter struct{ column, value string }

// where says what the value implies, too: SQLite takes an index of those that have one only then.
func (by auditFilter) where(q *bun.SelectQuery) *bun.SelectQuery {
	return q.Where("? = ? AND ? <> ''", bun.Ident(by.column), by.value, bun.Ident(by.column))
}

// filters are those that are set, the one that leaves least first. Each has an index in the order of time.
func (f AuditQuery) filters() (list []auditFilter) {
	for _, by := range []auditFilter{{"session_id", f.SessionID}, {"user_id", f.UserID}, {"actor", f.Actor}, {"client_id", f.ClientID}, {"kind", f.Kind}} {
		if by.value != "" {
			list = append(list, by)
		}
	}
	return list
}

// window bounds events by time and by what was seen before.
func (f AuditQuery) window(q *bun.SelectQuery) *bun.SelectQuery {
	if !f.Since.IsZero() {
		q = q.Where("at >= ?", At(f.Since))
	}
	if !f.Until.IsZero() {
		q = q.Where("at < ?", At(f.Until))
	}
	if f.After != "" {
		q = before(q, f.After)
	}
	return q
}

// newestFirst is the order of all lists of events. Ids alone would nearly do; the time is what people filter by.
func newestFirst(q *bun.SelectQuery) *bun.SelectQuery { return q.Order("at DESC", "id DESC") }

// before leaves the events that come behind one in that order.
func before(q *bun.SelectQuery, id string) *bun.SelectQuery {
	return q.Where("(at, id) < (SELECT a.at, a.id FROM audit_events AS a WHERE a.id = ?)", id)
}

// AuditEvent returns one, or ErrNotFound.
func (s *Store) AuditEvent(ctx context.Context, id string) (*AuditEvent, error) {
	e := new(AuditEvent)
	err := s.db.NewSelect().Model(e).Where("id = ?", id).Scan(ctx)
	return e, found(err, "read audit event")
}
