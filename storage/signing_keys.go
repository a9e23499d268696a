package storage

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// SigningKey is a key pair; the private half is sealed. It signs from ActiveAt, is published from CreatedAt and until
// it has been retired for longer than any token lives.
type SigningKey struct {
	bun.BaseModel `bun:"table:signing_keys"`

	ID            string `bun:"id,pk"`
	Alg           string
	Slot          int64
	PublicJWK     string `bun:"public_jwk"`
	PrivateSealed []byte
	CreatedAt     Time
	ActiveAt      Time
	RetiredAt     Time
}

// InsertSigningKey stores a new key, or returns ErrConflict if another replica has filled its slot.
func (s *Store) InsertSigningKey(ctx context.Context, k *SigningKey) error {
	_, err := s.db.NewInsert().Model(k).Exec(ctx)
	return s.inserted(err, "store signing key")
}

// SigningKeys returns all keys by the time they become active.
func (s *Store) SigningKeys(ctx context.Context) (list []*SigningKey, err error) {
	err = s.db.NewSelect().Model(&list).Order("active_at", "id").Scan(ctx)
	return list, wrap(err, "list signing keys")
}

// RetireSigningKey records when a key stopped signing, or returns ErrNotFound where that was known.
func (s *Store) RetireSigningKey(ctx context.Context, id string, at time.Time) error {
	res, err := s.db.NewRaw(`UPDATE signing_keys SET retired_at = ? WHERE id = ? AND retired_at IS NULL`, At(at), id).Exec(ctx)
	return changed(res, err, "retire signing key")
}

// DeleteSigningKey removes a key whose last token is dead, or returns ErrNotFound.
func (s *Store) DeleteSigningKey(ctx context.Context, id string) error {
	res, err := s.db.NewDelete().Model((*SigningKey)(nil)).Where("id = ?", id).Exec(ctx)
	return changed(res, err, "delete signing key")
}
