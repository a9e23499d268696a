package storage

import (
	"context"
)

// EventFilter narrows a list of audit events; zero values do not.
type EventFilter struct {
	Kind      string
	UserID    string
	SessionID string // with UserID
	After     string // id to start behind
	Limit     int
}

// AuditEvents returns events, the newest first.
func (s *Store) AuditEvents(ctx context.Context, f EventFilter) (list []*AuditEvent, err error) {
	q := s.db.NewSelect().Model(&list).Limit(limit(f.Limit))
	if f.UserID != "" {
		q = q.Where("user_id = ?", f.UserID)
	}
	if f.SessionID != "" {
		q = q.Where("session_id = ?", f.SessionID)
	}
	if f.Kind == "" || f.UserID != "" {
		if f.Kind != "" {
			q = q.Where("kind = ?", f.Kind)
		}
		if f.After != "" {
			q = q.Where("id < ?", f.After)
		}
		return list, wrap(q.Order("id DESC").Scan(ctx), "list audit events")
	}
	// By kind alone there is an index in the order of time.
	q = q.Where("kind = ?", f.Kind).Order("at DESC", "id DESC")
	if f.After != "" {
		at, err := s.eventAt(ctx, f.After)
		if err != nil {
			return nil, err
		}
		q = q.Where("(at, id) < (?, ?)", at, f.After)
	}
	return list, wrap(q.Scan(ctx), "list audit events")
}

func (s *Store) eventAt(ctx context.Context, id string) (at Time, err error) {
	err = s.db.NewSelect().Model((*AuditEvent)(nil)).Column("at").Where("id = ?", id).Scan(ctx, &at)
	return at, found(err, "read audit event")
}

// AuditEvent returns one, or ErrNotFound.
func (s *Store) AuditEvent(ctx context.Context, id string) (*AuditEvent, error) {
	e := new(AuditEvent)
	err := s.db.NewSelect().Model(e).Where("id = ?", id).Scan(ctx)
	return e, found(err, "read audit event")
}
