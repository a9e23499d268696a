package storage

import (
	"context"

	"github.com/uptrace/bun"
)

// UserHistory returns up to n events about a user of the kinds, the newest first, from before an event; "" for the newest.
func (s *Store) UserHistory(ctx context.Context, userID string, kinds []string, before string, n int) (list []*AuditEvent, err error) {
	q := s.db.NewSelect().Model(&list).Where("user_id = ?", userID).Where("kind IN (?)", bun.List(kinds)).Order("id DESC").Limit(limit(n))
	if before != "" {
		q = q.Where("id < ?", before)
	}
	return list, wrap(q.Scan(ctx), "list a user's history")
}

// SessionEvents returns the events about a user's sessions of one kind, by session.
func (s *Store) SessionEvents(ctx context.Context, userID, kind string, sessionIDs []string) (map[string]*AuditEvent, error) {
	bySession := map[string]*AuditEvent{}
	if len(sessionIDs) == 0 {
		return bySession, nil
	}
	var list []*AuditEvent
	err := s.db.NewSelect().Model(&list).Where("user_id = ? AND kind = ?", userID, kind).Where("session_id IN (?)", bun.List(sessionIDs)).Scan(ctx)
	for _, e := range list {
		bySession[e.SessionID] = e
	}
	return bySession, wrap(err, "list events of sessions")
}

// DevicesByID returns those of the devices that are still remembered.
func (s *Store) DevicesByID(ctx context.Context, ids []string) (map[string]*Device, error) {
	byID := map[string]*Device{}
	if len(ids) == 0 {
		return byID, nil
	}
	var list []*Device
	err := s.db.NewSelect().Model(&list).Where("id IN (?)", bun.List(ids)).Scan(ctx)
	for _, d := range list {
		byID[d.ID] = d
	}
	return byID, wrap(err, "read devices")
}
