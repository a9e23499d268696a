package storage

import (
	"context"
	"sync/atomic"

	"github.com/uptrace/bun"
)

// CountStatements counts those that a store sends through bun from now on.
func CountStatements(s *Store) *atomic.Int64 {
	n := new(statementCount)
	s.root = s.root.WithQueryHook(n)
	s.db = s.root
	return &n.n
}

type statementCount struct{ n atomic.Int64 }

func (c *statementCount) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context {
	c.n.Add(1)
	return ctx
}

func (*statementCount) AfterQuery(context.Context, *bun.QueryEvent) {}

// Execute runs a statement, to make many rows at once.
func Execute(ctx context.Context, s *Store, query string, args ...any) error {
	_, err := s.db.NewRaw(query, args...).Exec(ctx)
	return err
}
