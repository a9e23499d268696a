package storage

import (
	"context"
	"errors"
	"time"

	"github.com/uptrace/bun"
)

// Exchange is an access token that is made from another (RFC 8693): in the same session, for the same user.
type Exchange struct {
	UserID, SessionID string
	ParentID          string // the family of the token that it is made from
	ClientID          string // who gets it
	Scope             string
	// ActorSub acts as the user, in ActorSessionID; empty where nobody does, or the whole session is somebody's impersonation.
	ActorSub, ActorSessionID string
	FamilyID                 string // of the first of its like
	Now                      time.Time
}

// Exchange records that a client takes part by way of an exchange, and returns what the token is made of: ErrNotFound where one
// of the sessions has ended, or the token that it is made from was revoked. Exchanges of the same kind share a family, which
// has no refresh token; begun tells that this is the first.
func (s *Store) Exchange(ctx context.Context, x Exchange) (g *Grant, begun bool, err error) {
	err = s.Tx(ctx, func(tx *Store) error {
		if err := tx.HoldSession(ctx, x.UserID, x.SessionID); err != nil {
			return err
		}
		parent, err := tx.Grant(ctx, x.UserID, x.ParentID, x.Now)
		if err != nil {
			return err
		}
		if !parent.Live || parent.SessionID != x.SessionID {
			return ErrNotFound
		}
		if err := tx.takePart(ctx, x.UserID, x.SessionID, x.ClientID, x.Now); err != nil {
			return err
		}
		familyID, err := tx.exchanged(ctx, x)
		if begun = errors.Is(err, ErrNotFound); begun {
			familyID, err = x.FamilyID, tx.startExchanged(ctx, x)
		}
		if err != nil {
			return err
		}
		if g, err = tx.Grant(ctx, x.UserID, familyID, x.Now); err == nil && !g.Live {
			return ErrNotFound
		}
		return err
	})
	return g, begun, err
}

// exchanged finds the family of exchanges of a kind.
func (s *Store) exchanged(ctx context.Context, x Exchange) (familyID string, err error) {
	err = s.db.NewRaw(`SELECT f.id FROM token_families f JOIN clients c ON c.id = f.client_id AND c.epoch = f.client_epoch
		WHERE f.user_id = ? AND f.session_id = ? AND f.client_id = ? AND f.parent_id = ? AND f.scope = ? AND f.actor_sub = ?
		AND f.actor_session_id = ? AND f.revoked_at IS NULL LIMIT 1`,
		x.UserID, x.SessionID, x.ClientID, x.ParentID, x.Scope, x.ActorSub, x.ActorSessionID).Scan(ctx, &familyID)
	return familyID, found(err, "read exchanged family")
}

func (s *Store) startExchanged(ctx context.Context, x Exchange) error {
	_, err := s.db.NewRaw(`INSERT INTO token_families (user_id, id, session_id, client_id, client_epoch, scope, claims, generation,
		rotated_at, created_at, parent_id, actor_sub, actor_session_id)
		SELECT ?, ?, ?, c.id, c.epoch, ?, '', 1, ?, ?, ?, ?, ? FROM clients c WHERE c.id = ?`,
		x.UserID, x.FamilyID, x.SessionID, x.Scope, At(x.Now), At(x.Now), x.ParentID, x.ActorSub, x.ActorSessionID, x.ClientID).Exec(ctx)
	return wrap(err, "start exchanged family")
}

// IsExchanged tells whether a family is one of exchanged tokens.
func (s *Store) IsExchanged(ctx context.Context, userID, familyID string) (bool, error) {
	ok, err := s.db.NewSelect().TableExpr("?", bun.Ident("token_families")).
		Where("user_id = ? AND id = ? AND parent_id <> ''", userID, familyID).Exists(ctx)
	return ok, wrap(err, "look for an exchanged family")
}
