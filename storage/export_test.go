package storage

import (
	"context"
	"sync/atomic"
	"time"

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

// End is EndSessions of one; ErrConflict where it has ended before.
func (s *Store) End(ctx context.Context, n *Session) (clientIDs []string, err error) {
	ended, err := s.EndSessions(ctx, []*Session{n}, false)
	if err != nil {
		return nil, err
	}
	if len(ended) == 0 {
		return nil, ErrConflict
	}
	return ended[0].ClientIDs, nil
}

// Filed returns under which times sessions are filed, by their ids.
func Filed(ctx context.Context, s *Store) (map[string]time.Time, error) {
	var rows []struct {
		SessionID string
		DueAt     Time
	}
	err := s.db.NewRaw(`SELECT session_id, due_at FROM session_dues`).Scan(ctx, &rows)
	at := map[string]time.Time{}
	for _, r := range rows {
		at[r.SessionID] = r.DueAt.Time
	}
	return at, err
}
