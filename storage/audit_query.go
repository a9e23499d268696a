package storage

import (
	"context"
	"time"
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
	q := s.db.NewSelect().Model(&list).Order("id DESC").Limit(limit(f.Limit))
	for column, value := range map[string]string{"user_id": f.UserID, "session_id": f.SessionID, "client_id": f.ClientID,
		"kind": f.Kind, "actor": f.Actor} {
		if value != "" {
			q = q.Where(column+" = ?", value)
		}
	}
	if !f.Since.IsZero() {
		q = q.Where("at >= ?", At(f.Since))
	}
	if !f.Until.IsZero() {
		q = q.Where("at < ?", At(f.Until))
	}
	if f.After != "" {
		q = q.Where("id < ?", f.After)
	}
	return list, wrap(q.Scan(ctx), "list audit events")
}
