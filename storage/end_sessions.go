package storage

import (
	"context"

	"github.com/uptrace/bun"
)

// EndedSession is a session that EndSessions has ended, with the clients that took part, sorted.
type EndedSession struct {
	*Session
	ClientIDs []string
}

// EndSessions marks pending or active sessions with what each carries of its end, revokes their refresh families, writes them
// into the feed and returns those that it ended, in the order of the list: whatever else is in the list has ended before. The
// statements are as many for some hundred sessions as for one. With passOver it does not wait for sessions that another
// transaction holds: they may be live still though they are not returned. It is the database half of logout.Door, which
// nothing else may stand in for.
func (s *Store) EndSessions(ctx context.Context, list []*Session, passOver bool) (ended []*EndedSession, err error) {
	err = s.Tx(ctx, func(tx *Store) error {
		ended = nil // of a try before
		held, err := tx.holdSessions(ctx, list, passOver)
		if err != nil || len(held) == 0 {
			return err
		}
		marked, err := tx.markEnded(ctx, held)
		if err != nil || len(marked) == 0 {
			return err
		}
		if _, err := tx.db.NewRaw(endings+` UPDATE token_families SET revoked_at = at FROM e
			WHERE user_id = of_user AND session_id = of_session AND revoked_at IS NULL`, endingsOf(marked)).Exec(ctx); err != nil {
			return wrap(err, "revoke families")
		}
		clients, err := tx.clientsOf(ctx, marked)
		if err != nil {
			return err
		}
		for _, n := range marked {
			ended = append(ended, &EndedSession{n, clients[n.ID]})
		}
		return tx.recordEnds(ctx, ended)
	})
	return ended, err
}

// holdSessions locks the rows of several sessions that have not ended, the newest first as whoever else takes several does, so
// that two do not wait for one another. One alone is locked by its own statement.
func (s *Store) holdSessions(ctx context.Context, list []*Session, passOver bool) ([]*Session, error) {
	lock := s.dialect.lockRow()
	if lock == "" || len(list) == 1 && !passOver {
		return list, nil
	}
	if passOver {
		lock = " FOR " + s.dialect.skipLocked()
	}
	var ids []string
	err := s.db.NewRaw(these+`SELECT id FROM e CROSS JOIN sessions WHERE user_id = of_user AND id = of_session
		AND status IN ('pending', 'active') ORDER BY id DESC`+lock, sessionKeys(list)).Scan(ctx, &ids)
	return among(list, ids), wrap(err, "hold sessions")
}

// endings are sessions with what they carry of their ends, as a table of the statement.
const endings = `WITH e (of_user, of_session, to_status, at, reason, who, unused_since) AS (VALUES ?)`

func endingsOf(list []*Session) bun.ListValues {
	rows := make([]bun.TupleValues, len(list))
	for i, n := range list {
		since := int64(0)
		if n.IfUnused {
			since = n.LastActiveAt.UnixMicro()
		}
		rows[i] = bun.Tuple([]any{n.UserID, n.ID, n.Status, n.EndedAt, n.EndReason, n.EndedBy, since})
	}
	return bun.List(rows)
}

// markEnded is where of several who end a session at once one wins.
func (s *Store) markEnded(ctx context.Context, list []*Session) ([]*Session, error) {
	var ids []string
	err := s.db.NewRaw(endings+` UPDATE sessions SET status = to_status, ended_at = at, end_reason = reason, ended_by = who FROM e
		WHERE user_id = of_user AND id = of_session AND status IN ('pending', 'active') AND unused_since IN (0, last_active_at)
		RETURNING id`, endingsOf(list)).Scan(ctx, &ids)
	return among(list, ids), wrap(err, "end sessions")
}

// among leaves of a list the sessions with these ids.
func among(list []*Session, ids []string) (those []*Session) {
	wanted := make(map[string]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	for _, n := range list {
		if wanted[n.ID] {
			those = append(those, n)
			delete(wanted, n.ID) // one that is there twice ends once
		}
	}
	return those
}

// these are primary keys of sessions as a table of the statement, which each row is found from (with IN and a list of rows SQLite
// reads the whole table, with two lists PostgreSQL probes every pair of them).
const these = `WITH e (of_user, of_session) AS (VALUES ?0) `

func sessionKeys(list []*Session) bun.ListValues {
	keys := make([]bun.TupleValues, len(list))
	for i, n := range list {
		keys[i] = bun.Tuple([]string{n.UserID, n.ID})
	}
	return bun.List(keys)
}

// clientsOf returns the clients that took part, sorted, by the ids of the sessions.
func (s *Store) clientsOf(ctx context.Context, list []*Session) (map[string][]string, error) {
	var rows []struct{ SessionID, ClientID string }
	err := s.db.NewRaw(these+`SELECT session_id, client_id FROM e CROSS JOIN client_sessions
		WHERE user_id = of_user AND session_id = of_session ORDER BY client_id`, sessionKeys(list)).Scan(ctx, &rows)
	ids := make(map[string][]string, len(list))
	for _, r := range rows {
		ids[r.SessionID] = append(ids[r.SessionID], r.ClientID)
	}
	return ids, wrap(err, "read client sessions")
}
