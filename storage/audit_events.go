package storage

import (
	"context"

	"github.com/uptrace/bun"
)

// AuditEvent is a security-relevant act, written in the transaction that did it. Data is JSON without secrets.
type AuditEvent struct {
	bun.BaseModel `bun:"table:audit_events"`

	ID        string `bun:"id,pk"`
	At        Time
	Kind      string
	UserID    string
	SessionID string
	ClientID  string
	Actor     string
	IPAddress string `bun:"ip_address"`
	RequestID string
	Data      string
	DeviceID  string
	// Chain, Position and Hash are the event's place in a chain; Position is 0 until it has one.
	Chain    string
	Position int64 `bun:"position,nullzero"`
	Hash     string
}

// InsertAuditEvents appends events and shows them to whoever watches.
func (s *Store) InsertAuditEvents(ctx context.Context, list []*AuditEvent) error {
	if *s.seen != nil && !s.inTx() {
		return s.Tx(ctx, func(tx *Store) error { return tx.InsertAuditEvents(ctx, list) })
	}
	if _, err := s.db.NewInsert().Model(&list).Exec(ctx); err != nil || *s.seen == nil {
		return wrap(err, "write audit events")
	}
	return (*s.seen)(ctx, s, list)
}

// UserEvents returns the newest events of a user.
func (s *Store) UserEvents(ctx context.Context, userID string, n int) (list []*AuditEvent, err error) {
	err = newestFirst(s.db.NewSelect().Model(&list).Where("user_id = ?", userID)).Limit(limit(n)).Scan(ctx)
	return list, wrap(err, "list audit events")
}
