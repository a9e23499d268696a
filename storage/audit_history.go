package storage

import (
	"context"

	"github.com/uptrace/bun"
)

// UserHistory returns up to n events about a user of the kinds, the newest first, behind the event last; "" for the newest.
func (s *Store) UserHistory(ctx context.Context, userID string, kinds []string, last string, n int) (list []*AuditEvent, err error) {
	q := newestFirst(s.db.NewSelect().Model(&list).Where("user_id = ?", userID).Where("kind IN (?)", bun.List(kinds))).Limit(limit(n))
	if last != "" {
		q = before(q, last)
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

// SessionsKnown tells which of the sessions are still kept, live or not.
func (s *Store) SessionsKnown(ctx context.Context, ids []string) (map[string]bool, error) {
	known := map[string]bool{}
	if len(ids) == 0 {
		return known, nil
	}
	var list []string
	err := s.db.NewSelect().Model((*Session)(nil)).Column("id").Where("id IN (?)", bun.List(ids)).Scan(ctx, &list)
	for _, id := range list {
		known[id] = true
	}
	return known, wrap(err, "read sessions")
}
