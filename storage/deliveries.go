package storage

import (
	"context"

	"github.com/uptrace/bun"
)

// Delivery is one message owed to one receiver, kept until it is settled.
type Delivery struct {
	bun.BaseModel `bun:"table:deliveries"`

	ID        string `bun:"id,pk"`
	Kind      string
	Receiver  string
	UserID    string
	SessionID string
	Attempts  int64
	NextAt    Time
	CreatedAt Time
	SettledAt Time
	Outcome   string
}

// InsertDeliveries records what is owed.
func (s *Store) InsertDeliveries(ctx context.Context, list []*Delivery) error {
	if len(list) == 0 {
		return nil
	}
	_, err := s.db.NewInsert().Model(&list).Exec(ctx)
	return wrap(err, "record deliveries")
}

// SessionDeliveries returns what is or was owed because a session ended.
func (s *Store) SessionDeliveries(ctx context.Context, sessionID string) (list []*Delivery, err error) {
	err = s.db.NewSelect().Model(&list).Where("session_id = ?", sessionID).Order("id").Scan(ctx)
	return list, wrap(err, "list deliveries")
}
