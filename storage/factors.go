package storage

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// Factor is something a user proves with. What Secret holds depends on the kind: the hash of a password, the sealed
// seed of a TOTP generator, the MAC of one recovery code; nothing for codes that are sent, whose Label is the address.
type Factor struct {
	bun.BaseModel `bun:"table:factors"`

	UserID      string `bun:"user_id,pk"`
	ID          string `bun:"id,pk"`
	Kind        string
	Secret      []byte
	Label       string
	LastStep    int64
	ConfirmedAt Time
	UsedAt      Time
	CreatedAt   Time
}

// InsertFactor adds a factor, or returns ErrConflict.
func (s *Store) InsertFactor(ctx context.Context, f *Factor) error {
	_, err := s.db.NewInsert().Model(f).Exec(ctx)
	return s.inserted(err, "insert factor")
}

// PutPassword adds the password of a user, or puts it in the place of the one there is.
func (s *Store) PutPassword(ctx context.Context, f *Factor) error {
	_, err := s.db.NewRaw(`INSERT INTO factors (user_id, id, kind, secret, confirmed_at, created_at)
		VALUES (?, ?, 'password', ?, ?, ?) ON CONFLICT (user_id) WHERE kind = 'password' DO UPDATE
		SET secret = EXCLUDED.secret, confirmed_at = EXCLUDED.confirmed_at, used_at = NULL, created_at = EXCLUDED.created_at`,
		f.UserID, f.ID, f.Secret, f.ConfirmedAt, f.CreatedAt).Exec(ctx)
	return wrap(err, "store password")
}

// Factors returns the factors of a user, the oldest first; with kinds, only those.
func (s *Store) Factors(ctx context.Context, userID string, kinds ...string) (list []*Factor, err error) {
	q := s.db.NewSelect().Model(&list).Where("user_id = ?", userID).Order("created_at", "id")
	if len(kinds) > 0 {
		q = q.Where("kind IN (?)", bun.List(kinds))
	}
	return list, wrap(q.Scan(ctx), "read factors")
}

// FactorsOf returns the factors of several users, without what they keep secret, the oldest first of each.
func (s *Store) FactorsOf(ctx context.Context, userIDs []string) (list []*Factor, err error) {
	if len(userIDs) == 0 {
		return nil, nil
	}
	err = s.db.NewSelect().Model(&list).Column("user_id", "id", "kind", "confirmed_at", "used_at").Where("user_id IN (?)", bun.List(userIDs)).
		Order("user_id", "created_at", "id").Scan(ctx)
	return list, wrap(err, "read factors")
}

// UseFactor notes that a factor was used, or returns ErrNotFound.
func (s *Store) UseFactor(ctx context.Context, userID, id string, at time.Time) error {
	res, err := s.db.NewRaw(`UPDATE factors SET used_at = ? WHERE user_id = ? AND id = ?`, At(at), userID, id).Exec(ctx)
	return changed(res, err, "use factor")
}

// ReplaceFactorSecret writes the same secret in another form, unless it was changed since old was read: then, and if
// there is no such factor, ErrNotFound.
func (s *Store) ReplaceFactorSecret(ctx context.Context, userID, id string, old, fresh []byte) error {
	res, err := s.db.NewRaw(`UPDATE factors SET secret = ? WHERE user_id = ? AND id = ? AND secret = ?`,
		fresh, userID, id, old).Exec(ctx)
	return changed(res, err, "replace secret of factor")
}

// UseFactorStep moves the last step of a TOTP factor forward and confirms the factor if it was not yet. Of any number
// that present the same step or an earlier one, one succeeds; the others get ErrNotFound.
func (s *Store) UseFactorStep(ctx context.Context, userID, id string, step int64, at time.Time) error {
	res, err := s.db.NewRaw(`UPDATE factors SET last_step = ?, used_at = ?, confirmed_at = COALESCE(confirmed_at, ?)
		WHERE user_id = ? AND id = ? AND last_step < ?`, step, At(at), At(at), userID, id, step).Exec(ctx)
	return changed(res, err, "use step of factor")
}

// RedeemFactor uses a factor of the kind that has this secret, once: of any number that present it, one succeeds; the
// others, and those for whom there is none, get ErrNotFound.
func (s *Store) RedeemFactor(ctx context.Context, userID, kind string, secret []byte, at time.Time) error {
	res, err := s.db.NewRaw(`UPDATE factors SET used_at = ?
		WHERE user_id = ? AND kind = ? AND secret = ? AND used_at IS NULL`, At(at), userID, kind, secret).Exec(ctx)
	return changed(res, err, "redeem factor")
}

// ReplaceFactors puts fresh in the place of all factors of a kind that a user has.
func (s *Store) ReplaceFactors(ctx context.Context, userID, kind string, fresh []*Factor) error {
	return s.Tx(ctx, func(tx *Store) error {
		// The user's row is locked, so that two that replace at once do not leave both sets.
		if _, err := tx.db.NewRaw(`UPDATE users SET version = version WHERE id = ?`, userID).Exec(ctx); err != nil {
			return wrap(err, "lock user")
		}
		if err := tx.DeleteFactors(ctx, userID, kind); err != nil {
			return err
		}
		if len(fresh) == 0 {
			return nil
		}
		_, err := tx.db.NewInsert().Model(&fresh).Exec(ctx)
		return tx.inserted(err, "insert factors")
	})
}

// DeleteFactor removes a factor and returns of which kind it was, or ErrNotFound.
func (s *Store) DeleteFactor(ctx context.Context, userID, id string) (kind string, err error) {
	err = s.db.NewRaw(`DELETE FROM factors WHERE user_id = ? AND id = ? RETURNING kind`, userID, id).Scan(ctx, &kind)
	return kind, found(err, "delete factor")
}

// DeleteFactors removes all factors of a kind that a user has; there may be none.
func (s *Store) DeleteFactors(ctx context.Context, userID, kind string) error {
	_, err := s.db.NewRaw(`DELETE FROM factors WHERE user_id = ? AND kind = ?`, userID, kind).Exec(ctx)
	return wrap(err, "delete factors")
}

// DeleteUnconfirmedFactors removes factors of a kind that a user began to set up and did not confirm.
func (s *Store) DeleteUnconfirmedFactors(ctx context.Context, userID, kind string) error {
	_, err := s.db.NewRaw(`DELETE FROM factors WHERE user_id = ? AND kind = ? AND confirmed_at IS NULL`, userID, kind).Exec(ctx)
	return wrap(err, "delete unconfirmed factors")
}
