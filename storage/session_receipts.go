package storage

import (
	"context"

	"github.com/uptrace/bun"
)

// SettleOnce records deliveries that were settled as they were made, and returns those that nobody had recorded before: of
// two callers with the same id one gets it.
func (s *Store) SettleOnce(ctx context.Context, list []*Delivery) (first []*Delivery, err error) {
	err = s.Tx(ctx, func(tx *Store) error {
		first = nil
		for _, d := range list {
			res, err := tx.db.NewInsert().Model(d).On("CONFLICT (id) DO NOTHING").Exec(ctx)
			if err := changed(res, err, "settle delivery"); err == ErrNotFound {
				continue
			} else if err != nil {
				return err
			}
			first = append(first, d)
		}
		return nil
	})
	return first, err
}

// RecordSettled is SettleOnce for many of which nobody asks who recorded them first, in one statement. They must come in the
// order of their ids.
func (s *Store) RecordSettled(ctx context.Context, list []*Delivery) error {
	if len(list) == 0 {
		return nil
	}
	_, err := s.db.NewInsert().Model(&list).On("CONFLICT (id) DO NOTHING").Exec(ctx)
	return wrap(err, "record settled deliveries")
}

// DeliveriesOf returns the deliveries of several sessions of a user, by session, each list by id.
func (s *Store) DeliveriesOf(ctx context.Context, userID string, sessionIDs []string) (map[string][]*Delivery, error) {
	by := map[string][]*Delivery{}
	if len(sessionIDs) == 0 {
		return by, nil
	}
	var list []*Delivery
	err := s.db.NewSelect().Model(&list).Where("session_id IN (?) AND user_id = ?", bun.List(sessionIDs), userID).Order("id").Scan(ctx)
	for _, d := range list {
		by[d.SessionID] = append(by[d.SessionID], d)
	}
	return by, wrap(err, "list deliveries")
}
