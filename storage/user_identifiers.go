package storage

import (
	"context"

	"github.com/uptrace/bun"
)

// IdentifiersOf returns what any number of users are found by, each user's primary ones first.
func (s *Store) IdentifiersOf(ctx context.Context, userIDs []string) (list []*Identifier, err error) {
	if len(userIDs) == 0 {
		return nil, nil
	}
	err = s.db.NewSelect().Model(&list).Where("user_id IN (?)", bun.List(userIDs)).
		Order("user_id", "kind", "is_primary DESC", "created_at").Scan(ctx)
	return list, wrap(err, "read identifiers")
}
