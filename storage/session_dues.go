package storage

import (
	"context"
	"time"
)

// sessionDue is when a session is over by what stands in its own row: at once where everybody's epoch has moved.
const sessionDue = `CASE WHEN s.realm_epoch <> (SELECT epoch FROM realm WHERE id = 1) THEN 0
	WHEN s.expires_at < s.last_active_at + s.idle_ttl THEN s.expires_at ELSE s.last_active_at + s.idle_ttl END`

// ownEnd is what a session that is over by its own row stands at.
const ownEnd = `CASE WHEN s.expires_at <= ?0 THEN 'expired' WHEN s.last_active_at + s.idle_ttl <= ?0 THEN 'abandoned' ELSE 'revoked' END AS stands`

// filedAtOnce bounds the statements that file sessions.
const filedAtOnce = 5000

// due returns active sessions whose time has run out. It reads those that are filed under a time that has come, and files anew
// what has been used since.
func (s *Store) due(ctx context.Context, now time.Time, n int) (list []*SessionView, err error) {
	var some bool
	err = s.db.NewRaw(`SELECT EXISTS (SELECT 1 FROM session_dues WHERE due_at <= ?)`, At(now)).Scan(ctx, &some)
	if err != nil || !some {
		return nil, wrap(err, "look for sessions that are due")
	}
	for met := int64(filedAtOnce); met == filedAtOnce; {
		if met, err = s.refile(ctx, now); err != nil {
			return nil, wrap(err, "file sessions anew")
		}
	}
	err = s.db.NewRaw(`SELECT s.*, `+ownEnd+` FROM session_dues d CROSS JOIN sessions s
		WHERE d.due_at <= ?0 AND s.id = d.session_id AND s.status = 'active' AND `+sessionDue+` <= ?0
		ORDER BY d.due_at, d.session_id LIMIT ?1`, At(now), n).Scan(ctx, &list)
	return list, wrap(err, "list sessions whose time has run out")
}

// refile takes what has ended out of the file and moves what is not over to its new time. An end leaves its row to this: so it has
// nothing more to write. It returns how many it met of whichever were more.
func (s *Store) refile(ctx context.Context, now time.Time) (met int64, err error) {
	err = s.Tx(ctx, func(tx *Store) error {
		gone, err := tx.db.NewRaw(`DELETE FROM session_dues WHERE session_id IN (SELECT d.session_id FROM session_dues d
			LEFT JOIN sessions s ON s.id = d.session_id WHERE d.due_at <= ? AND (s.id IS NULL OR s.status <> 'active') LIMIT ?)`,
			At(now), filedAtOnce).Exec(ctx)
		if err != nil {
			return err
		}
		moved, err := tx.db.NewRaw(`UPDATE session_dues SET due_at = again FROM (SELECT s.id AS which, `+sessionDue+` AS again
			FROM session_dues d CROSS JOIN sessions s WHERE d.due_at <= ?0 AND s.id = d.session_id AND `+sessionDue+` > ?0
			ORDER BY d.due_at, d.session_id LIMIT ?1) AS p WHERE session_id = which`, At(now), filedAtOnce).Exec(ctx)
		if err != nil {
			return err
		}
		for _, res := range []interface{ RowsAffected() (int64, error) }{gone, moved} {
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			met = max(met, n)
		}
		return nil
	})
	return met, err
}

// FileSessions files active sessions that are not filed, or too late: those that were started by a replica of an older version, or
// under an epoch that moved before they were committed. It reads all of them, some thousand at a time.
func (s *Store) FileSessions(ctx context.Context) error {
	for after := ""; ; {
		var last string
		if err := s.db.NewRaw(`SELECT COALESCE(MAX(id), '') FROM (SELECT id FROM sessions WHERE status = 'active' AND id > ?
			ORDER BY id LIMIT ?) p`, after, filedAtOnce).Scan(ctx, &last); err != nil || last == "" {
			return wrap(err, "list sessions to file")
		}
		_, err := s.db.NewRaw(`INSERT INTO session_dues (session_id, due_at) SELECT s.id, `+sessionDue+` FROM sessions s
			WHERE s.status = 'active' AND s.id > ? AND s.id <= ? AND NOT EXISTS
				(SELECT 1 FROM session_dues d WHERE d.session_id = s.id AND d.due_at <= `+sessionDue+`)
			ON CONFLICT (session_id) DO UPDATE SET due_at = EXCLUDED.due_at`, after, last).Exec(ctx)
		if err != nil {
			return wrap(err, "file sessions")
		}
		after = last
	}
}

// endedWithAll returns active sessions that were started before everybody's epoch moved, the oldest first. Those that have gone
// through the door are active no more, so the next look begins behind them; when none is left that is written down, and not
// looked for again.
func (s *Store) endedWithAll(ctx context.Context, now time.Time, n int) (list []*SessionView, err error) {
	var epoch, swept int64
	err = s.db.NewRaw(`SELECT epoch, swept_epoch FROM realm WHERE id = 1`).Scan(ctx, &epoch, &swept)
	if err != nil || epoch == swept {
		return nil, wrap(err, "read everybody's epoch")
	}
	err = s.db.NewRaw(`SELECT s.*, `+ownEnd+` FROM sessions s WHERE s.status = 'active' AND s.realm_epoch <> ?1
		ORDER BY s.id LIMIT ?2`, At(now), epoch, n).Scan(ctx, &list)
	if err != nil || len(list) > 0 {
		return list, wrap(err, "list sessions ended with all")
	}
	_, err = s.db.NewRaw(`UPDATE realm SET swept_epoch = ?0 WHERE id = 1 AND swept_epoch < ?0`, epoch).Exec(ctx)
	return nil, wrap(err, "settle everybody's epoch")
}
