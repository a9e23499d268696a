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
	IDs      []string
	UserID   string
	DeviceID string
	ClientID string // took part
	Kind     SessionKind
	Status   SessionStatus
	// Written leaves out, of those that are expired, abandoned or revoked, what nobody has taken through the door yet. That is
	// a second's worth, for which all active ones would have to be looked through.
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
	if len(f.IDs) > 0 {
		q = q.Where("s.id IN (?)", bun.List(f.IDs))
	}
	if f.Status != "" {
		q = f.standing(q, now)
	}
	if f.Kind != "" {
		q = q.Where("s.kind = ?", f.Kind)
	}
	if f.ClientID != "" {
		q = q.Where("(s.user_id, s.id) IN (SELECT user_id, session_id FROM client_sessions WHERE client_id = ?)", f.ClientID)
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

// standing narrows to a status. What is written decides where it can, since for that there is an index: only what is written
// as active can stand at something else, and only as one of three.
func (f *SessionViewFilter) standing(q *bun.SelectQuery, now time.Time) *bun.SelectQuery {
	switch f.Status {
	case StatusActive:
		return q.Where("s.status = 'active'").Where(stands+" = 'active'", At(now), At(now))
	case StatusExpired, StatusAbandoned, StatusRevoked:
		if !f.Written {
			return q.Where("s.status IN ('active', ?)", f.Status).Where(stands+" = ?", At(now), At(now), f.Status)
		}
	}
	return q.Where("s.status = ?", f.Status)
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
	rows := make([]*Session, len(list))
	for i, v := range list {
		rows[i] = &v.Session
	}
	clients, err := s.clientsOf(ctx, rows)
	for _, v := range list {
		v.ClientIDs = clients[v.ID]
	}
	return err
}

// ClientOfflineSessions returns active sessions that are a client's lasting access, to whomever, by id.
func (s *Store) ClientOfflineSessions(ctx context.Context, clientID, after string, n int) (list []*Session, err error) {
	err = s.db.NewSelect().Model(&list).Where("kind = 'offline' AND status = 'active' AND id > ?", after).
		Where("(user_id, id) IN (SELECT user_id, session_id FROM client_sessions WHERE client_id = ?)", clientID).
		Order("id").Limit(limit(n)).Scan(ctx)
	return list, wrap(err, "list offline sessions of a client")
}
