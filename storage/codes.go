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
	OpenOffline func(from *Session, user *User) *Session
	// Record runs in the transaction when all else is done.
	Record func(tx *Store, g *Grant) error
	// Reused runs in the transaction that revokes, for a second use, what the first one got; before it does.
	Reused func(tx *Store, code *Code) error
}

// Redeem takes a code for its client, once: it starts the family, records that the client takes part in the session and
// returns what tokens are made of. Everything that binds the code is in the condition of the one statement that marks
// it, so a wrong client, redirect URI or verifier changes nothing and of any number of right ones exactly one wins.
// It returns ErrNotFound for a code that cannot be redeemed and, with the code, ErrRedeemed for a second use, which has
// then revoked what the first one got (RFC 6749 4.1.2).
func (s *Store) Redeem(ctx context.Context, r Redemption) (code *Code, grant *Grant, err error) {
	err = s.Tx(ctx, func(tx *Store) error {
		code = new(Code)
		err := tx.db.NewRaw(`UPDATE codes SET redeemed_at = ? WHERE hash = ? AND client_id = ? AND redirect_uri = ?
			AND code_challenge = ? AND redeemed_at IS NULL AND expires_at > ? RETURNING *`,
			At(r.Now), r.Hash, r.ClientID, r.RedirectURI, r.CodeChallenge, At(r.Now)).Scan(ctx, code)
		if err != nil {
			return found(err, "redeem code")
		}
		if err := tx.HoldSession(ctx, code.UserID, code.SessionID); err != nil {
			return err
		}
		sessionID := code.SessionID
		if code.Offline && r.OpenOffline != nil {
			from, user, err := tx.LiveSession(ctx, code.UserID, code.SessionID, r.Now)
			if err != nil {
				return err
			}
			if err := tx.takePart(ctx, code.UserID, code.SessionID, code.ClientID, r.Now); err != nil {
				return err
			}
			offline := r.OpenOffline(from, user)
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
		if err == nil && r.Record != nil {
			err = r.Record(tx, grant)
		}
		return err
	})
	if errors.Is(err, ErrNotFound) {
		if first, reused := s.punishReuse(ctx, r); reused != nil {
			return first, nil, reused
		}
	}
	return code, grant, err
}

// HoldSession keeps an active session from ending before the transaction has committed, or returns ErrNotFound. Without it
// an end at the same moment would not see the client that is just coming in, and never tell it. The statement changes
// nothing: it is the row's lock on every engine. Whoever locks families of a session in the same transaction holds the
// session first, as End does: in another order two would wait for each other.
func (s *Store) HoldSession(ctx context.Context, userID, sessionID string) error {
	res, err := s.db.NewRaw(`UPDATE sessions SET status = status WHERE user_id = ? AND id = ? AND status = 'active'`,
		userID, sessionID).Exec(ctx)
	return changed(res, err, "hold session")
}

// takePart writes the client session: the unit of logout fan-out. It keeps the epoch under which the client first came in:
// a session that its move has ended must not come back by a code of before.
func (s *Store) takePart(ctx context.Context, userID, sessionID, clientID string, now time.Time) error {
	_, err := s.db.NewRaw(`INSERT INTO client_sessions (user_id, session_id, client_id, client_epoch, first_token_at)
		SELECT ?, ?, c.id, c.epoch, ? FROM clients c WHERE c.id = ?
		ON CONFLICT (user_id, session_id, client_id) DO NOTHING`,
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

// punishReuse revokes what the first redemption of a code got when its own client presents it again. Only a request that
// would have been good the first time can do that: anybody else's, who has seen the code but lacks the verifier, changes
// nothing.
func (s *Store) punishReuse(ctx context.Context, r Redemption) (*Code, error) {
	var code *Code
	err := s.Tx(ctx, func(tx *Store) (err error) {
		code, err = tx.redeemed(ctx, r)
		if err != nil || code == nil {
			return err
		}
		if r.Reused != nil {
			if err := r.Reused(tx, code); err != nil {
				return err
			}
		}
		_, err = tx.RevokeFamily(ctx, code.UserID, code.FamilyID, r.Now)
		return err
	})
	if err != nil || code == nil {
		return nil, err
	}
	return code, ErrRedeemed
}

// redeemed returns the code if the request would have been good for it the first time, nil otherwise.
func (s *Store) redeemed(ctx context.Context, r Redemption) (*Code, error) {
	code := new(Code)
	err := s.db.NewSelect().Model(code).Where("hash = ? AND client_id = ? AND redirect_uri = ? AND code_challenge = ?",
		r.Hash, r.ClientID, r.RedirectURI, r.CodeChallenge).Where("redeemed_at IS NOT NULL").Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, wrap(err, "read code")
	}
	return code, nil
}
