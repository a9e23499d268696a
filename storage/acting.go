package storage

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// HoldUsers keeps users as they are before the transaction has committed. The statement changes nothing: it is the rows' lock
// on every engine.
func (s *Store) HoldUsers(ctx context.Context, ids ...string) error {
	_, err := s.db.NewRaw(`UPDATE users SET status = status WHERE id IN (?)`, bun.List(ids)).Exec(ctx)
	return wrap(err, "hold users")
}

// ActingSessions returns active sessions in which actorSub acts as somebody, from the session of theirs with an id ("" from
// whichever); with neither, all impersonations.
func (s *Store) ActingSessions(ctx context.Context, actorSub, actorSessionID, after string, n int) (list []*Session, err error) {
	q := s.db.NewSelect().Model(&list).ModelTableExpr("sessions AS s").ColumnExpr("s.*").
		Where("actor_sub <> '' AND actor_sub > '' AND id > ? AND "+stillActive, after).Order("id").Limit(limit(n))
	if actorSub != "" {
		q = q.Where("actor_sub = ?", actorSub)
	}
	if actorSessionID != "" {
		q = q.Where("actor_session_id = ?", actorSessionID)
	}
	return list, wrap(q.Scan(ctx), "list impersonations")
}

// ActingOf returns active sessions in which somebody acts from one of these sessions of theirs.
func (s *Store) ActingOf(ctx context.Context, own []*Session, n int) (list []*Session, err error) {
	err = s.db.NewRaw(these+`SELECT s.* FROM e CROSS JOIN sessions s WHERE s.actor_sub = of_user AND s.actor_session_id = of_session
		AND s.actor_sub <> '' AND `+stillActive+` ORDER BY s.id LIMIT ?1`, sessionKeys(own), limit(n)).Scan(ctx, &list)
	return list, wrap(err, "list impersonations")
}

// RevokeActing revokes the tokens that were exchanged to act as somebody, by one user or with "" by anybody.
func (s *Store) RevokeActing(ctx context.Context, actorSub string, at time.Time) error {
	q := s.db.NewUpdate().Table("token_families").Set("revoked_at = ?", At(at)).Where("actor_sub <> '' AND revoked_at IS NULL")
	if actorSub != "" {
		q = q.Where("actor_sub = ?", actorSub)
	}
	_, err := q.Exec(ctx)
	return wrap(err, "revoke exchanged tokens")
}

// orphans returns active impersonations whose actor's own session is not live any more. The second statement names those that there
// are, which nearly always are none: it alone is too much for each second where statistics are missing.
func (s *Store) orphans(ctx context.Context, now time.Time, n int) (list []*SessionView, err error) {
	var acting []*Session
	err = s.db.NewRaw(`SELECT s.user_id, s.id FROM sessions s WHERE s.actor_sub <> '' AND s.actor_sub > '' AND `+stillActive). // of the two,
																	Scan(ctx, &acting) // one names the index and one has it searched
	if err != nil || len(acting) == 0 {
		return nil, wrap(err, "list impersonations")
	}
	err = s.db.NewRaw(these+`SELECT s.*, 'revoked' AS stands FROM e CROSS JOIN sessions s WHERE s.user_id = of_user AND s.id = of_session
		AND `+stillActive+` AND NOT `+actorLive("s.actor_sub", "s.actor_session_id", "?1")+` LIMIT ?2`, sessionKeys(acting), At(now), n).Scan(ctx, &list)
	return list, wrap(err, "list sessions whose actor has gone")
}
