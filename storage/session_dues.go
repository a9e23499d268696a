package storage

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"
)

// sessionDue is when a session is over if nobody uses it any more: at once where an epoch has moved or its user may use it no more.
const sessionDue = `CASE WHEN s.realm_epoch <> (SELECT epoch FROM realm WHERE id = 1)
		OR NOT EXISTS (SELECT 1 FROM users u WHERE u.id = s.user_id AND u.epoch = s.user_epoch AND u.status = 'active')
		OR NOT ` + notEndedWithClient + ` THEN 0
	WHEN s.expires_at < s.last_active_at + s.idle_ttl THEN s.expires_at ELSE s.last_active_at + s.idle_ttl END`

// ownEnd is what a session that is over stands at, by sessionDue.
const ownEnd = `CASE WHEN s.expires_at <= ?0 THEN 'expired' WHEN s.last_active_at + s.idle_ttl <= ?0 THEN 'abandoned' ELSE 'revoked' END AS stands`

// due returns active sessions that are over among those that are filed under a time that has come, the first n of them. What turns
// out to have been used is filed anew, and what is left of the file is read again. The rows are named in each statement, so that
// none is planned by statistics, which are wrong for a table whose front changes all the time; and no look costs more than n rows,
// however many are due.
func (s *Store) due(ctx context.Context, now time.Time, n int) (list []*SessionView, err error) {
	for {
		var filed []filing
		err := s.db.NewRaw(`SELECT session_id, due_at FROM session_dues WHERE due_at <= ? ORDER BY due_at, session_id LIMIT ?`, At(now), n).
			Scan(ctx, &filed)
		if err != nil || len(filed) == 0 {
			return nil, wrap(err, "look for sessions that are due")
		}
		if some, err := s.refile(ctx, filed, now); err != nil {
			return nil, err
		} else if some {
			continue
		}
		ids := make([]string, len(filed))
		for i, f := range filed {
			ids[i] = f.SessionID
		}
		err = s.db.NewRaw(`SELECT s.*, `+ownEnd+` FROM sessions s WHERE s.id IN (?1) AND `+stillActive+` AND `+sessionDue+` <= ?0`,
			At(now), bun.List(ids)).Scan(ctx, &list)
		return list, wrap(err, "read sessions whose time has run out")
	}
}

// filing is a session's place in the file.
type filing struct {
	SessionID string
	DueAt     int64 // unix microseconds
}

// refile takes sessions that have ended out of the file, since an end leaves its row to this and so has nothing more to write, and
// moves those that are not over to their new time. It tells whether there were any. Between what it reads and what it writes a
// session may be used or end: then it is looked at too early once more. Whoever files one as over meanwhile has the last word.
func (s *Store) refile(ctx context.Context, filed []filing, now time.Time) (some bool, err error) {
	ids, was := make([]string, len(filed)), make(map[string]int64, len(filed))
	for i, f := range filed {
		ids[i], was[f.SessionID] = f.SessionID, f.DueAt
	}
	var rows []filing
	err = s.db.NewRaw(`SELECT s.id AS session_id, `+sessionDue+` AS due_at FROM sessions s WHERE s.id IN (?) AND `+stillActive, bun.List(ids)).
		Scan(ctx, &rows)
	if err != nil {
		return false, wrap(err, "read sessions that may be due")
	}
	var used []bun.TupleValues
	for _, r := range rows {
		if r.DueAt > now.UnixMicro() {
			used = append(used, bun.Tuple([]any{r.SessionID, was[r.SessionID], r.DueAt}))
		}
		delete(was, r.SessionID)
	}
	if len(was) > 0 {
		gone := slices.Collect(maps.Keys(was))
		if _, err := s.db.NewRaw(`DELETE FROM session_dues WHERE session_id IN (?)`, bun.List(gone)).Exec(ctx); err != nil {
			return false, wrap(err, "take ended sessions out of the file")
		}
	}
	if len(used) > 0 {
		if _, err := s.db.NewRaw(`WITH e (of_session, was, again) AS (VALUES ?) UPDATE session_dues SET due_at = again FROM e
			WHERE session_id = of_session AND due_at = was`, bun.List(used)).Exec(ctx); err != nil {
			return false, wrap(err, "file sessions anew")
		}
	}
	return len(was)+len(used) > 0, nil
}

// filedAtOnce bounds the statements that look for sessions to file, and keeps them below what PostgreSQL would compile.
const filedAtOnce = 1000

// FileSessions files active sessions that are not filed, or too late: those that were started by a replica of an older version, or
// under an epoch that moved before they were committed. It reads all of them, some thousand at a time, and writes only what it finds.
func (s *Store) FileSessions(ctx context.Context) error {
	for after := ""; ; {
		var last string
		if err := s.db.NewRaw(`SELECT COALESCE(MAX(id), '') FROM (SELECT id FROM sessions WHERE status = 'active' AND id > ?
			ORDER BY id LIMIT ?) p`, after, filedAtOnce).Scan(ctx, &last); err != nil || last == "" {
			return wrap(err, "list sessions to file")
		}
		var late []filing
		err := s.db.NewRaw(`SELECT id AS session_id, due_at FROM (SELECT s.id, `+sessionDue+` AS due_at FROM sessions s
				WHERE s.status = 'active' AND s.id > ? AND s.id <= ?) p
			WHERE NOT EXISTS (SELECT 1 FROM session_dues d WHERE d.session_id = p.id AND d.due_at <= p.due_at)`, after, last).Scan(ctx, &late)
		if err != nil {
			return wrap(err, "find sessions to file")
		}
		rows := make([]bun.TupleValues, len(late))
		for i, f := range late {
			rows[i] = bun.Tuple([]any{f.SessionID, f.DueAt})
		}
		if len(rows) > 0 {
			if _, err := s.db.NewRaw(`INSERT INTO session_dues (session_id, due_at) VALUES ? ON CONFLICT (session_id)
				DO UPDATE SET due_at = EXCLUDED.due_at WHERE session_dues.due_at > EXCLUDED.due_at`, bun.List(rows)).Exec(ctx); err != nil {
				return wrap(err, "file sessions")
			}
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
