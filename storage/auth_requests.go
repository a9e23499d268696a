package storage

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// AuthRequest is a stored authorization request. Params never change; Progress is what the sign-in has reached so far,
// guarded by Version so that two answers to one step cannot both count.
type AuthRequest struct {
	bun.BaseModel `bun:"table:auth_requests"`

	ID          string `bun:"id,pk"`
	ClientID    string
	BrowserHash []byte
	Params      string
	Progress    string
	Version     int64
	CreatedAt   Time
	ExpiresAt   Time
	FinishedAt  Time
}

// InsertAuthRequest stores a request.
func (s *Store) InsertAuthRequest(ctx context.Context, r *AuthRequest) error {
	r.Version = 1
	_, err := s.db.NewInsert().Model(r).Exec(ctx)
	return wrap(err, "store authorization request")
}

// AuthRequest returns a request that has neither run out nor been finished, or ErrNotFound.
func (s *Store) AuthRequest(ctx context.Context, id string, now time.Time) (*AuthRequest, error) {
	r := new(AuthRequest)
	err := s.db.NewSelect().Model(r).Where("id = ? AND expires_at > ? AND finished_at IS NULL", id, At(now)).Scan(ctx)
	return r, found(err, "read authorization request")
}

// AdvanceAuthRequest writes progress, or returns ErrConflict if somebody else did since r was read.
func (s *Store) AdvanceAuthRequest(ctx context.Context, r *AuthRequest) error {
	return s.writeAuthRequest(ctx, r, "progress")
}

// FinishAuthRequest marks r as answered, or returns ErrConflict: a request is answered once.
func (s *Store) FinishAuthRequest(ctx context.Context, r *AuthRequest, at time.Time) error {
	r.FinishedAt = At(at)
	return s.writeAuthRequest(ctx, r, "progress", "finished_at")
}

func (s *Store) writeAuthRequest(ctx context.Context, r *AuthRequest, columns ...string) error {
	res, err := s.db.NewUpdate().Model(r).Column(columns...).Set("version = version + 1").
		Where("id = ? AND version = ? AND finished_at IS NULL", r.ID, r.Version).Exec(ctx)
	if err := changed(res, err, "write authorization request"); err != nil {
		if err == ErrNotFound {
			return ErrConflict
		}
		return err
	}
	r.Version++
	return nil
}

// DeleteAuthRequests removes at most n requests and n codes that ran out before the given instant, and tells whether
// there may be more. Anybody can have requests stored, so whoever tidies has to go on until there are none.
func (s *Store) DeleteAuthRequests(ctx context.Context, before time.Time, n int) (more bool, err error) {
	for _, query := range []string{
		`DELETE FROM auth_requests WHERE id IN (SELECT id FROM auth_requests WHERE expires_at < ? ORDER BY id LIMIT ?)`,
		`DELETE FROM codes WHERE hash IN (SELECT hash FROM codes WHERE expires_at < ? LIMIT ?)`,
	} {
		res, err := s.db.NewRaw(query, At(before), n).Exec(ctx)
		if err != nil {
			return false, wrap(err, "delete authorization requests and codes")
		}
		deleted, err := res.RowsAffected()
		if err != nil {
			return false, wrap(err, "delete authorization requests and codes")
		}
		more = more || deleted >= int64(n)
	}
	return more, nil
}
