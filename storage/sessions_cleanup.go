package storage

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// DeleteEndedSessions removes at most n sessions that ended before an instant, with their families and client sessions, and
// returns how many there were. The batch is one short transaction.
func (s *Store) DeleteEndedSessions(ctx context.Context, before time.Time, n int) (gone int, err error) {
	err = s.Tx(ctx, func(tx *Store) error {
		var ids []string
		if err := tx.db.NewRaw(`SELECT id FROM sessions WHERE ended_at < ? ORDER BY id LIMIT ?`, At(before), n).Scan(ctx, &ids); err != nil {
			return wrap(err, "list ended sessions")
		}
		if gone = len(ids); gone == 0 {
			return nil
		}
		for _, table := range []string{"token_families", "client_sessions"} {
			_, err := tx.db.NewRaw(`DELETE FROM ? WHERE (user_id, session_id) IN
				(SELECT user_id, id FROM sessions WHERE id IN (?))`, bun.Ident(table), bun.List(ids)).Exec(ctx)
			if err != nil {
				return wrap(err, "delete from "+table)
			}
		}
		_, err := tx.db.NewRaw(`DELETE FROM sessions WHERE id IN (?)`, bun.List(ids)).Exec(ctx)
		return wrap(err, "delete sessions")
	})
	return gone, err
}
