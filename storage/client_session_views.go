package storage

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// ClientSessionView is one application's part in a session.
type ClientSessionView struct {
	ClientID     string
	FirstTokenAt Time
	Scope        string // of its refresh family, "" where it has none
}

// ClientSessions returns who took part in a session, in the order in which they came.
func (s *Store) ClientSessions(ctx context.Context, userID, sessionID string) (list []*ClientSessionView, err error) {
	err = s.db.NewRaw(`SELECT c.client_id, c.first_token_at, COALESCE((SELECT max(f.scope) FROM token_families f
			WHERE f.user_id = c.user_id AND f.session_id = c.session_id AND f.client_id = c.client_id), '') AS scope
		FROM client_sessions c WHERE c.user_id = ? AND c.session_id = ? ORDER BY c.first_token_at, c.client_id`,
		userID, sessionID).Scan(ctx, &list)
	return list, wrap(err, "read client sessions")
}

// ActingFrom returns the impersonations that hang off a session and are not over, as they stand at now.
func (s *Store) ActingFrom(ctx context.Context, actorID, sessionID string, now time.Time) (list []*SessionView, err error) {
	err = s.db.NewSelect().Model(&list).ModelTableExpr("sessions AS s").ColumnExpr("s.*").
		ColumnExpr(stands+" AS stands", At(now), At(now)).Join("LEFT JOIN users AS u ON u.id = s.user_id").
		Where("s.actor_sub = ? AND s.actor_sub <> '' AND s.actor_session_id = ? AND s.status = 'active'", actorID, sessionID).
		Order("s.id").Limit(50).Scan(ctx)
	if err != nil {
		return nil, wrap(err, "list impersonations")
	}
	return list, s.addClients(ctx, list)
}

// UsersOf returns users by id; one that was deleted is not in it.
func (s *Store) UsersOf(ctx context.Context, ids []string) (map[string]*User, error) {
	by := map[string]*User{}
	if len(ids) == 0 {
		return by, nil
	}
	var list []*User
	err := s.db.NewSelect().Model(&list).Where("id IN (?)", bun.List(ids)).Scan(ctx)
	for _, u := range list {
		by[u.ID] = u
	}
	return by, wrap(err, "read users")
}
