package storage

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// APIKey opens the management API to a script. Scope is space-delimited.
type APIKey struct {
	bun.BaseModel `bun:"table:api_keys"`

	ID            string `bun:"id,pk"`
	Name          string
	SecretHash    []byte
	Hint          string
	Scope         string
	CreatedBy     string
	CreatedByKind string
	CreatedAt     Time
	ExpiresAt     Time // zero: never
	LastUsedAt    Time
	RevokedAt     Time
	RevokedBy     string
}

// Kinds of makers of an API key.
const (
	MadeByClient = "client"
	MadeByUser   = "user"
	MadeByCLI    = "cli"
)

// InsertAPIKey adds a key.
func (s *Store) InsertAPIKey(ctx context.Context, k *APIKey) error {
	_, err := s.db.NewInsert().Model(k).Exec(ctx)
	return s.inserted(err, "insert API key")
}

// APIKey returns a key, or ErrNotFound.
func (s *Store) APIKey(ctx context.Context, id string) (*APIKey, error) {
	k := new(APIKey)
	err := s.db.NewSelect().Model(k).Where("id = ?", id).Scan(ctx)
	return k, found(err, "read API key")
}

// APIKeyBySecret returns the key with the hash, whatever has become of it, or ErrNotFound.
func (s *Store) APIKeyBySecret(ctx context.Context, hash []byte) (*APIKey, error) {
	k := new(APIKey)
	err := s.db.NewSelect().Model(k).Where("secret_hash = ?", hash).Scan(ctx)
	return k, found(err, "read API key")
}

// APIKeyFilter narrows a list of keys. Zero values do not.
type APIKeyFilter struct {
	Revoked, Expired *bool     // whether they are
	Now              time.Time // what expired counts by
	After            string    // id to start behind
	Newest           bool      // the newest first
	Limit            int
}

// APIKeys returns keys by id, the oldest first unless f says otherwise.
func (s *Store) APIKeys(ctx context.Context, f APIKeyFilter) (list []*APIKey, err error) {
	q := s.db.NewSelect().Model(&list).Limit(limit(f.Limit))
	switch {
	case !f.Newest:
		q = q.Order("id").Where("id > ?", f.After)
	case f.After != "":
		q = q.Where("id < ?", f.After)
	}
	if f.Newest {
		q = q.Order("id DESC")
	}
	if f.Revoked != nil {
		q = q.Where("(revoked_at IS NOT NULL) = ?", *f.Revoked)
	}
	if f.Expired != nil {
		q = q.Where("(expires_at IS NOT NULL AND expires_at <= ?) = ?", At(f.Now), *f.Expired)
	}
	return list, wrap(q.Scan(ctx), "list API keys")
}

// RevokeAPIKey ends a key. It returns ErrNotFound for one that is revoked already, as for one that is not there.
func (s *Store) RevokeAPIKey(ctx context.Context, id, by string, at time.Time) error {
	res, err := s.db.NewUpdate().Model((*APIKey)(nil)).Set("revoked_at = ?", At(at)).Set("revoked_by = ?", by).
		Where("id = ? AND revoked_at IS NULL", id).Exec(ctx)
	return changed(res, err, "revoke API key")
}

// UsedAPIKey records when a key was last used; an earlier instant than the one that is written changes nothing.
func (s *Store) UsedAPIKey(ctx context.Context, id string, at time.Time) error {
	_, err := s.db.NewUpdate().Model((*APIKey)(nil)).Set("last_used_at = ?", At(at)).
		Where("id = ? AND (last_used_at IS NULL OR last_used_at < ?)", id, At(at)).Exec(ctx)
	return wrap(err, "record use of API key")
}
