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

// InsertAuditEvent appends an event and shows it to whoever watches.
func (s *Store) InsertAuditEvent(ctx context.Context, e *AuditEvent) error {
	if *s.seen != nil && !s.inTx() {
		return s.Tx(ctx, func(tx *Store) error { return tx.InsertAuditEvent(ctx, e) })
	}
	if _, err := s.db.NewInsert().Model(e).Exec(ctx); err != nil || *s.seen == nil {
		return wrap(err, "write audit event")
	}
	return (*s.seen)(ctx, s, e)
}

// UserEvents returns the newest events of a user.
func (s *Store) UserEvents(ctx context.Context, userID string, n int) (list []*AuditEvent, err error) {
	err = s.db.NewSelect().Model(&list).Where("user_id = ?", userID).Order("id DESC").Limit(limit(n)).Scan(ctx)
	return list, wrap(err, "list audit events")
}
