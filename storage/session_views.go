package storage

import (
	"context"
	"time"
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

// stands says what a session is, in the order in which logout.Door.Sweep will decide it. What it asks of other rows are values,
// one for each session: of a question whether there are any, PostgreSQL makes a join or a table of all answers, and so reads all
// users, or all sessions, before the first session that is shown.
const stands = `CASE WHEN s.status <> 'active' THEN s.status
	WHEN s.expires_at <= ?0 THEN 'expired'
	WHEN s.last_active_at + s.idle_ttl <= ?0 THEN 'abandoned'
	WHEN s.realm_epoch <> (SELECT epoch FROM realm WHERE id = 1)
		OR COALESCE((SELECT u.epoch FROM users u WHERE u.id = s.user_id AND u.status = 'active'), -1) <> s.user_epoch
		OR EXISTS (SELECT 1 FROM client_ends) AND (SELECT count(*) FROM client_sessions cs JOIN client_ends e
			ON e.client_id = cs.client_id AND cs.client_epoch < e.epoch WHERE cs.user_id = s.user_id AND cs.session_id = s.id) > 0
		OR s.actor_session_id <> '' AND COALESCE((SELECT p.id FROM sessions p JOIN users pu ON pu.id = p.user_id
			WHERE p.user_id = s.actor_sub AND p.id = s.actor_session_id AND p.status = 'active' AND p.expires_at > ?0
			AND p.last_active_at + p.idle_ttl > ?0 AND p.user_epoch = pu.epoch AND pu.status = 'active'
			AND p.realm_epoch = (SELECT epoch FROM realm WHERE id = 1)
			AND NOT EXISTS (SELECT 1 FROM client_ends e JOIN client_sessions cs ON cs.client_id = e.client_id
				AND cs.client_epoch < e.epoch WHERE cs.user_id = p.user_id AND cs.session_id = p.id)), '') = '' THEN 'revoked'
	ELSE 'active' END`

// SessionViews returns sessions by id, the newest first, as they stand at now. It looks until the list is full or there are no
// more, however many there are.
func (s *Store) SessionViews(ctx context.Context, f SessionViewFilter, now time.Time) (list []*SessionView, err error) {
	n := int(limit(f.Limit))
	for {
		f.Limit = n - len(list)
		some, further, err := s.FindSessions(ctx, f, now)
		if err != nil {
			return nil, err
		}
		if list = append(list, some...); further == "" || len(list) >= n {
			return list, nil
		}
		f.After = further
	}
}

// EndedSessions returns sessions of a user that are over at now and were not before since, at most n, the last to end first.
// Those that nobody has taken through the door yet come before all others.
func (s *Store) EndedSessions(ctx context.Context, userID string, since, now time.Time, n int) (list []*SessionView, err error) {
	err = s.db.NewSelect().Model(&list).ModelTableExpr("sessions AS s").ColumnExpr("s.*").
		ColumnExpr(stands+" AS stands", At(now)).
		Where("s.user_id = ? AND s.status <> 'pending' AND (s.ended_at IS NULL OR s.ended_at >= ?)", userID, At(since)).
		Where(stands+" <> 'active'", At(now)).
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
