package storage

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/uptrace/bun"
)

// Code is an authorization code, found by its hash. FamilyID names the family that its redemption will start.
type Code struct {
	bun.BaseModel `bun:"table:codes"`

	Hash          []byte `bun:"hash,pk"`
	ClientID      string
	UserID        string
	SessionID     string
	RedirectURI   string `bun:"redirect_uri"`
	CodeChallenge string
	Scope         string
	Nonce         string
	Claims        string
	FamilyID      string
	Offline       bool
	CreatedAt     Time
	ExpiresAt     Time
	RedeemedAt    Time
}

// ErrRedeemed: the code had been redeemed before; what the first redemption got has been revoked.
var ErrRedeemed = errors.New("code was redeemed before")

// InsertCode stores a code.
func (s *Store) InsertCode(ctx context.Context, c *Code) error {
	_, err := s.db.NewInsert().Model(c).Exec(ctx)
	return wrap(err, "store code")
}

// Redemption is a code as its client presents it.
type Redemption struct {
	Hash          []byte
	ClientID      string
	RedirectURI   string
	CodeChallenge string // computed from the verifier
	Now           time.Time
	// OpenOffline makes the session that a code with offline access opens; nil where the code has none.
	OpenOffline func(code *Code, from *Session) *Session
}

// Redeem takes a code for its client, once: it starts the family, records that the client takes part in the session and
// returns what tokens are made of. Everything that binds the code is in the condition of the one statement that marks
// it, so a wrong client, redirect URI or verifier changes nothing and of any number of right ones exactly one wins.
// It returns ErrNotFound for a code that cannot be redeemed and ErrRedeemed for a second use, which has then revoked
// what the first one got (RFC 6749 4.1.2).
func (s *Store) Redeem(ctx context.Context, r Redemption) (code *Code, grant *Grant, err error) {
	err = s.Tx(ctx, func(tx *Store) error {
		code = new(Code)
		err := tx.db.NewRaw(`UPDATE codes SET redeemed_at = ? WHERE hash = ? AND client_id = ? AND redirect_uri = ?
			AND code_challenge = ? AND redeemed_at IS NULL AND expires_at > ? RETURNING *`,
			At(r.Now), r.Hash, r.ClientID, r.RedirectURI, r.CodeChallenge, At(r.Now)).Scan(ctx, code)
		if err != nil {
			return found(err, "redeem code")
		}
		sessionID := code.SessionID
		if code.Offline && r.OpenOffline != nil {
			from, _, err := tx.LiveSession(ctx, code.UserID, code.SessionID, r.Now)
			if err != nil {
				return err
			}
			if err := tx.takePart(ctx, code.UserID, code.SessionID, code.ClientID, r.Now); err != nil {
				return err
			}
			offline := r.OpenOffline(code, from)
			if err := tx.StartSession(ctx, offline); err != nil {
				return err
			}
			sessionID = offline.ID
		}
		if err := tx.takePart(ctx, code.UserID, sessionID, code.ClientID, r.Now); err != nil {
			return err
		}
		if err := tx.startFamily(ctx, code, sessionID, r.Now); err != nil {
			return err
		}
		grant, err = tx.Grant(ctx, code.UserID, code.FamilyID, r.Now)
		if err == nil && !grant.Live {
			return ErrNotFound
		}
		return err
	})
	if errors.Is(err, ErrNotFound) {
		if reused := s.punishReuse(ctx, r); reused != nil {
			return nil, nil, reused
		}
	}
	return code, grant, err
}

// takePart writes the client session: the unit of logout fan-out.
func (s *Store) takePart(ctx context.Context, userID, sessionID, clientID string, now time.Time) error {
	_, err := s.db.NewRaw(`INSERT INTO client_sessions (user_id, session_id, client_id, client_epoch, first_token_at)
		SELECT ?, ?, c.id, c.epoch, ? FROM clients c WHERE c.id = ?
		ON CONFLICT (user_id, session_id, client_id) DO UPDATE SET client_epoch = EXCLUDED.client_epoch`,
		userID, sessionID, At(now), clientID).Exec(ctx)
	return wrap(err, "record client session")
}

func (s *Store) startFamily(ctx context.Context, code *Code, sessionID string, now time.Time) error {
	_, err := s.db.NewRaw(`INSERT INTO token_families
		(user_id, id, session_id, client_id, client_epoch, scope, claims, generation, rotated_at, created_at)
		SELECT ?, ?, ?, c.id, c.epoch, ?, ?, 1, ?, ? FROM clients c WHERE c.id = ?`,
		code.UserID, code.FamilyID, sessionID, code.Scope, code.Claims, At(now), At(now), code.ClientID).Exec(ctx)
	return wrap(err, "start family")
}

// punishReuse revokes what the first redemption of a code got when its own client presents it again. Only the client it
// was issued to can do that: anybody else's request changes nothing.
func (s *Store) punishReuse(ctx context.Context, r Redemption) error {
	code := new(Code)
	err := s.db.NewSelect().Model(code).Where("hash = ? AND client_id = ? AND redeemed_at IS NOT NULL",
		r.Hash, r.ClientID).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return wrap(err, "read code")
	}
	if _, err := s.RevokeFamily(ctx, code.UserID, code.FamilyID, r.Now); err != nil {
		return err
	}
	return ErrRedeemed
}
