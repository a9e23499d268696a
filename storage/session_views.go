package storage

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// SessionView is a session as it stands at an instant. Stands differs from Status where nothing has been written yet: the
// row is still marked active, but its time has run out or an epoch has moved.
type SessionView struct {
	Session `bun:",extend"`

	Stands    SessionStatus `bun:"stands,scanonly"`
	Moved     *EpochMove    `bun:"-"` // what it stands revoked by, where that is known
	ClientIDs []string      `bun:"-"` // who took part, sorted
}

// SessionViewFilter narrows a list of sessions; zero values do not. Status is compared with what a session stands at.
type SessionViewFilter struct {
	ID       string
	UserID   string
	DeviceID string
	Status   SessionStatus
	// Written compares Status with what is written in the row, for which there is an index: what is over and has not been taken
	// through the door yet, a second at most, still counts as active.
	Written bool
	After   string // id to start behind
	Limit   int
}

// stands says what a session is, in the order in which logout.Door.Sweep will decide it.
var stands = `CASE WHEN s.status <> 'active' THEN s.status
	WHEN s.expires_at <= ? THEN 'expired'
	WHEN s.last_active_at + s.idle_ttl <= ? THEN 'abandoned'
	WHEN u.id IS NULL OR u.status <> 'active' OR s.user_epoch <> u.epoch
		OR s.realm_epoch <> (SELECT epoch FROM realm WHERE id = 1) OR NOT ` + notEndedWithClient + `
		OR NOT ` + actorLive("s.actor_sub", "s.actor_session_id", "?0") + ` THEN 'revoked'
	ELSE 'active' END`

// SessionViews returns sessions by id, the newest first, as they stand at now.
func (s *Store) SessionViews(ctx context.Context, f SessionViewFilter, now time.Time) (list []*SessionView, err error) {
	q := s.db.NewSelect().Model(&list).ModelTableExpr("sessions AS s").ColumnExpr("s.*").
		ColumnExpr(stands+" AS stands", At(now), At(now)).
		Join("LEFT JOIN users AS u ON u.id = s.user_id").Order("s.id DESC").Limit(limit(f.Limit))
	for column, value := range map[string]string{"s.id": f.ID, "s.user_id": f.UserID, "s.device_id": f.DeviceID} {
		if value != "" {
			q = q.Where("? = ?", bun.Safe(column), value)
		}
	}
	if f.Status != "" && f.Written {
		q = q.Where("s.status = ?", f.Status)
	} else if f.Status != "" {
		q = q.Where(stands+" = ?", At(now), At(now), f.Status)
	}
	if f.After != "" {
		q = q.Where("s.id < ?", f.After)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, wrap(err, "list sessions")
	}
	if err := s.addMoves(ctx, list); err != nil {
		return nil, err
	}
	return list, s.addClients(ctx, list)
}

// EndedSessions returns sessions of a user that are over at now and were not before since, at most n, the last to end first.
// Those that nobody has taken through the door yet come before all others.
func (s *Store) EndedSessions(ctx context.Context, userID string, since, now time.Time, n int) (list []*SessionView, err error) {
	err = s.db.NewSelect().Model(&list).ModelTableExpr("sessions AS s").ColumnExpr("s.*").
		ColumnExpr(stands+" AS stands", At(now), At(now)).Join("LEFT JOIN users AS u ON u.id = s.user_id").
		Where("s.user_id = ? AND s.status <> 'pending' AND (s.ended_at IS NULL OR s.ended_at >= ?)", userID, At(since)).
		Where(stands+" <> 'active'", At(now), At(now)).
		OrderExpr("COALESCE(s.ended_at, ?) DESC, s.id DESC", At(now)).Limit(limit(n)).Scan(ctx)
	if err != nil {
		return nil, wrap(err, "list ended sessions")
	}
	if err := s.addMoves(ctx, list); err != nil {
		return nil, err
	}
	return list, s.addClients(ctx, list)
}

// addClients reads who took part in sessions, in one statement for all of them.
func (s *Store) addClients(ctx context.Context, list []*SessionView) error {
	if len(list) == 0 {
		return nil
	}
	byID, users, sessions := map[string]*SessionView{}, []string{}, []string{}
	for _, v := range list {
		byID[v.ID] = v
		users, sessions = append(users, v.UserID), append(sessions, v.ID)
	}
	var rows []struct{ SessionID, ClientID string }
	err := s.db.NewRaw(`SELECT session_id, client_id FROM client_sessions
		WHERE user_id IN (?) AND session_id IN (?) ORDER BY client_id`, bun.List(users), bun.List(sessions)).Scan(ctx, &rows)
	for _, r := range rows {
		byID[r.SessionID].ClientIDs = append(byID[r.SessionID].ClientIDs, r.ClientID)
	}
	return wrap(err, "read client sessions")
}

// ClientOfflineSessions returns active sessions that are a client's lasting access, to whomever, by id.
func (s *Store) ClientOfflineSessions(ctx context.Context, clientID, after string, n int) (list []*Session, err error) {
	err = s.db.NewSelect().Model(&list).Where("kind = 'offline' AND status = 'active' AND id > ?", after).
		Where("(user_id, id) IN (SELECT user_id, session_id FROM client_sessions WHERE client_id = ?)", clientID).
		Order("id").Limit(limit(n)).Scan(ctx)
	return list, wrap(err, "list offline sessions of a client")
}
