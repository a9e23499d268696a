package storage

import (
	"context"

	"github.com/uptrace/bun"
)

// stillActive asks for the status of sessions that are found by something else. SQLite would rather find them by their status,
// for which there is an index, and so read all that live.
const stillActive = `s.status || '' = 'active'`

// movedAtOnce bounds the transaction that files the sessions of users whose epochs have moved.
const movedAtOnce = 500

// recordUserEnd has the next look find the sessions of a user that have just ended, by an epoch or since the user may use them no more.
func (s *Store) recordUserEnd(ctx context.Context, userID string) error {
	_, err := s.db.NewRaw(`INSERT INTO user_ends (user_id, epoch) SELECT id, epoch FROM users WHERE id = ?
		ON CONFLICT (user_id) DO UPDATE SET epoch = EXCLUDED.epoch`, userID).Exec(ctx)
	return wrap(err, "record the user's end")
}

// fileMoved files as over the sessions that an epoch of their user or of a client has ended: all that users have ended, and of clients
// so many that n are filed. Each epoch is met once. What is committed behind it, under an epoch of before, is left to FileSessions.
func (s *Store) fileMoved(ctx context.Context, n int) error {
	var users, clients bool
	err := s.db.NewRaw(`SELECT EXISTS (SELECT 1 FROM user_ends), EXISTS (SELECT 1 FROM client_ends
		WHERE epoch <> swept_epoch)`).Scan(ctx, &users, &clients)
	if err != nil {
		return wrap(err, "look for epochs that moved")
	}
	for after := ""; users; users = after != "" {
		if after, err = s.fileUsers(ctx, after); err != nil {
			return wrap(err, "file sessions of moved users")
		}
	}
	for filed := 0; clients && filed < n; {
		var more int
		if more, clients, err = s.fileClient(ctx, n); err != nil {
			return wrap(err, "file sessions ended with a client")
		}
		filed += more
	}
	return nil
}

// fileUsers does so for some users behind an id and returns the last one's, or "". Who is held by somebody is passed over.
func (s *Store) fileUsers(ctx context.Context, after string) (last string, err error) {
	lock := ""
	if skip := s.dialect.skipLocked(); skip != "" {
		lock = " FOR " + skip
	}
	err = s.Tx(ctx, func(tx *Store) error {
		last = ""
		var moved []struct {
			UserID string
			Epoch  int64
		}
		err := tx.db.NewRaw(`SELECT user_id, epoch FROM user_ends WHERE user_id > ? ORDER BY user_id LIMIT ?`+lock, after, movedAtOnce).
			Scan(ctx, &moved)
		if err != nil || len(moved) == 0 {
			return err
		}
		rows := make([]bun.TupleValues, len(moved))
		for i, m := range moved {
			rows[i] = bun.Tuple([]any{m.UserID, m.Epoch})
		}
		if _, err := tx.db.NewRaw(`WITH e (of_user, moved_to) AS (VALUES ?) INSERT INTO session_dues (session_id, due_at)
			SELECT s.id, 0 FROM e CROSS JOIN sessions s JOIN users u ON u.id = s.user_id
			WHERE s.user_id = of_user AND `+stillActive+` AND (s.user_epoch <> moved_to OR u.status <> 'active')
			ON CONFLICT (session_id) DO UPDATE SET due_at = 0`, bun.List(rows)).Exec(ctx); err != nil {
			return err
		}
		ids := make([]string, len(moved))
		for i, m := range moved {
			ids[i] = m.UserID
		}
		if len(moved) == movedAtOnce {
			last = ids[len(ids)-1]
		}
		// The rows are locked, or nobody else writes: none has moved on meanwhile.
		_, err = tx.db.NewRaw(`DELETE FROM user_ends WHERE user_id IN (?)`, bun.List(ids)).Exec(ctx)
		return err
	})
	return last, err
}

// fileClient does so for the next n sessions of a client and returns how many of them were active, and whether there is more to do.
func (s *Store) fileClient(ctx context.Context, n int) (filed int, more bool, err error) {
	err = s.Tx(ctx, func(tx *Store) error {
		var c struct {
			ClientID string
			Epoch    int64
			SweptTo  string
		}
		filed, more = 0, false
		err := tx.db.NewRaw(`SELECT client_id, epoch, swept_to FROM client_ends WHERE epoch <> swept_epoch ORDER BY client_id LIMIT 1`).Scan(ctx, &c)
		if err != nil {
			if err = found(err, "read a client's end"); err == ErrNotFound {
				return nil
			}
			return err
		}
		more = true
		var list []*Session
		err = tx.db.NewRaw(`SELECT user_id, session_id AS id FROM client_sessions WHERE client_id = ? AND session_id > ? AND client_epoch < ?
			ORDER BY session_id LIMIT ?`, c.ClientID, c.SweptTo, c.Epoch, n).Scan(ctx, &list)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			res, err := tx.db.NewRaw(these+`INSERT INTO session_dues (session_id, due_at) SELECT s.id, 0 FROM e CROSS JOIN sessions s
				WHERE s.user_id = of_user AND s.id = of_session AND `+stillActive+` ON CONFLICT (session_id) DO UPDATE SET due_at = 0`,
				sessionKeys(list)).Exec(ctx)
			if err != nil {
				return err
			}
			active, err := res.RowsAffected()
			if err != nil {
				return err
			}
			filed = int(active)
		}
		if len(list) < n {
			_, err = tx.db.NewRaw(`UPDATE client_ends SET swept_epoch = ?1, swept_to = '' WHERE client_id = ?0 AND epoch = ?1`, c.ClientID, c.Epoch).Exec(ctx)
			return err
		}
		_, err = tx.db.NewRaw(`UPDATE client_ends SET swept_to = ?2 WHERE client_id = ?0 AND epoch = ?1`, c.ClientID, c.Epoch, list[n-1].ID).Exec(ctx)
		return err
	})
	return filed, more, err
}
