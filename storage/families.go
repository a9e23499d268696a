package storage

import (
	"context"
	"time"
)

// Grant is all that a token is made of, read in one statement: the family, its session, its user and its client as they
// were at At, the reading of the clock taken before the statement was sent.
type Grant struct {
	At               time.Time
	UserID           string
	FamilyID         string
	SessionID        string
	SessionKind      SessionKind
	ClientID         string
	ClientVersion    int64
	UserVersion      int64
	TemplatesVersion int64
	Scope            string
	Claims           string
	Generation       int64
	RotatedAt        time.Time
	ACR              string
	AMR              string
	AuthenticatedAt  time.Time
	ExpiresAt        time.Time
	LastActiveAt     time.Time
	IdleTTL          time.Duration
	LongestPause     time.Duration // without any use, since AuthenticatedAt
	// ActorSub acts as the user, in ActorSessionID of their own: an impersonation, or a token that was exchanged for another.
	ActorSub, ActorSessionID string
	// Until is when the client's own limit has the session end for it, zero for none: no token lives longer. Whoever has read
	// the client sets it.
	Until time.Time
	// Live: the session can be used, the family is not revoked, no epoch has moved.
	Live bool
	// Rotated: this call moved the generation.
	Rotated bool
}

// grantColumns reads a Grant for token_families f; the places for the instant stand in liveGrant.
const grantColumns = `f.user_id, f.id, f.session_id, s.kind, f.client_id, c.version, u.version, f.scope, f.claims,
	f.generation, f.rotated_at, s.acr, s.amr, s.authenticated_at, s.expires_at, s.last_active_at, s.idle_ttl,
	s.longest_pause, (SELECT templates_version FROM realm WHERE id = 1), ` + grantActor

// grantActor is who acts: of a session and a family at most one has somebody.
const grantActor = `s.actor_sub || f.actor_sub, s.actor_session_id || f.actor_session_id`

// liveGrant is what a grant adds to a live session.
func liveGrant(now string) string {
	return `f.revoked_at IS NULL AND f.client_epoch = c.epoch AND ` + actorLive("f.actor_sub", "f.actor_session_id", now)
}

const grantTables = `token_families f
	JOIN sessions s ON s.user_id = f.user_id AND s.id = f.session_id
	JOIN users u ON u.id = f.user_id
	JOIN clients c ON c.id = f.client_id`

// scanGrant reads grantColumns followed by the live flag.
func scanGrant(scan func(...any) error, g *Grant, more ...any) error {
	var rotated, authenticated, expires, active, idle, pause int64
	dst := append([]any{&g.UserID, &g.FamilyID, &g.SessionID, &g.SessionKind, &g.ClientID, &g.ClientVersion,
		&g.UserVersion, &g.Scope, &g.Claims, &g.Generation, &rotated, &g.ACR, &g.AMR, &authenticated, &expires,
		&active, &idle, &pause, &g.TemplatesVersion, &g.ActorSub, &g.ActorSessionID, &g.Live}, more...)
	if err := scan(dst...); err != nil {
		return err
	}
	g.setTimes(rotated, authenticated, expires, active, idle, pause)
	return nil
}

// setTimes takes what the database keeps in microseconds.
func (g *Grant) setTimes(rotated, authenticated, expires, active, idle, pause int64) {
	g.RotatedAt = time.UnixMicro(rotated)
	g.AuthenticatedAt = time.UnixMicro(authenticated)
	g.ExpiresAt = time.UnixMicro(expires)
	g.LastActiveAt = time.UnixMicro(active)
	g.IdleTTL = time.Duration(idle) * time.Microsecond
	g.LongestPause = time.Duration(pause) * time.Microsecond
}

// Grant reads what tokens of a family are made of, live or not; ErrNotFound where there is no such family.
func (s *Store) Grant(ctx context.Context, userID, familyID string, now time.Time) (*Grant, error) {
	if !s.inTx() {
		return s.hot.grant(ctx, &refreshAsk{userID: userID, familyID: familyID, now: now})
	}
	g := &Grant{At: now}
	at := At(now)
	q := s.db.NewRaw(`SELECT `+grantColumns+`, (`+liveSession+` AND `+liveGrant("?0")+`)
		FROM `+grantTables+` WHERE f.user_id = ? AND f.id = ?`, at, at, userID, familyID)
	row, err := s.db.QueryContext(ctx, q.String())
	if err != nil {
		return nil, wrap(err, "read grant")
	}
	defer row.Close()
	if !row.Next() {
		return nil, found(row.Err(), "read grant")
	}
	return g, wrap(scanGrant(row.Scan, g), "read grant")
}

// Rotate is Grant, and moves the family to the generation behind the one presented, if the family is the client's and
// that is not older than the stored one. Of any number of equal presentations exactly one is told Rotated.
func (s *Store) Rotate(ctx context.Context, userID, familyID, clientID string, presented int64, now time.Time) (*Grant, error) {
	return s.hot.grant(ctx, &refreshAsk{userID: userID, familyID: familyID, clientID: clientID, presented: presented,
		rotate: true, now: now})
}

// RevokeFamily revokes the refresh tokens of a family, with what its tokens were exchanged for, and tells whether it did: false if
// they had been before.
func (s *Store) RevokeFamily(ctx context.Context, userID, familyID string, at time.Time) (bool, error) {
	res, err := s.db.NewRaw(`UPDATE token_families SET revoked_at = ? WHERE user_id = ? AND (id = ? OR parent_id = ?)
		AND revoked_at IS NULL`, At(at), userID, familyID, familyID).Exec(ctx)
	if err := changed(res, err, "revoke family"); err != nil {
		if err == ErrNotFound {
			return false, nil
		}
		return false, err
	}
	return true, nil
}

// DeleteClientCodes deletes the codes that a client could still redeem for a user. A redemption under way is waited for,
// so that what follows in the transaction meets what it has started.
func (s *Store) DeleteClientCodes(ctx context.Context, userID, clientID string) error {
	_, err := s.db.NewRaw(`DELETE FROM codes WHERE user_id = ? AND client_id = ? AND redeemed_at IS NULL`,
		userID, clientID).Exec(ctx)
	return wrap(err, "delete the client's codes")
}

// RevokeClientFamilies revokes what a client holds of a user.
func (s *Store) RevokeClientFamilies(ctx context.Context, userID, clientID string, at time.Time) error {
	_, err := s.db.NewRaw(`UPDATE token_families SET revoked_at = ?
		WHERE user_id = ? AND client_id = ? AND revoked_at IS NULL`, At(at), userID, clientID).Exec(ctx)
	return wrap(err, "revoke the client's families")
}
