package apikey

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// Prefix begins every secret, so that one is told from an access token, and found where it does not belong.
const Prefix = "csk_"

// ErrInvalid: not the secret of a key that is good now.
var ErrInvalid = errors.New("API key is not good")

// Keys makes and finds API keys. It is safe for concurrent use.
type Keys struct {
	store *storage.Store
	clock clock.Clock

	mu   sync.Mutex
	used map[string]time.Time // since the last Note
}

// New returns the Keys of a store.
func New(store *storage.Store, clk clock.Clock) *Keys {
	return &Keys{store: store, clock: clk, used: map[string]time.Time{}}
}

// NewKey is what a key begins with. By made it, which is a client, a user or the command line as Kind says
// (storage.MadeBy...).
type NewKey struct {
	Name      string
	Scopes    []string
	ExpiresAt time.Time // zero: never
	By, Kind  string
}

// Create makes a key in tx and returns its secret, which nobody can find out again.
func (k *Keys) Create(ctx context.Context, tx *storage.Store, n NewKey) (row *storage.APIKey, plain string, err error) {
	now := k.clock.Now()
	plain = Prefix + secret.New(32)
	scopes := slices.Compact(slices.Sorted(slices.Values(n.Scopes)))
	row = &storage.APIKey{ID: id.New(id.APIKey), Name: n.Name, SecretHash: secret.Hash(plain), Hint: plain[len(plain)-4:],
		Scope: strings.Join(scopes, " "), CreatedBy: n.By, CreatedByKind: n.Kind, CreatedAt: storage.At(now), ExpiresAt: storage.At(n.ExpiresAt)}
	err = tx.Tx(ctx, func(tx *storage.Store) error {
		if err := tx.InsertAPIKey(ctx, row); err != nil {
			return err
		}
		return k.write(ctx, tx, audit.APIKeyCreated, n.By, row)
	})
	return row, plain, err
}

// Find returns the key with a secret, or ErrInvalid if there is none that is good now.
func (k *Keys) Find(ctx context.Context, plain string) (*storage.APIKey, error) {
	if len(plain) != len(Prefix)+43 || !strings.HasPrefix(plain, Prefix) {
		return nil, ErrInvalid
	}
	row, err := k.store.APIKeyBySecret(ctx, secret.Hash(plain))
	if errors.Is(err, storage.ErrNotFound) {
		return nil, ErrInvalid
	}
	if err != nil {
		return nil, err
	}
	now := k.clock.Now()
	if !Good(row, now) {
		return nil, ErrInvalid
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.used[row.ID] = now
	return row, nil
}

// Revoke ends a key in tx, or returns storage.ErrNotFound for one that is revoked already or not there.
func (k *Keys) Revoke(ctx context.Context, tx *storage.Store, keyID, by string) error {
	return tx.Tx(ctx, func(tx *storage.Store) error {
		if err := tx.RevokeAPIKey(ctx, keyID, by, k.clock.Now()); err != nil {
			return err
		}
		row, err := tx.APIKey(ctx, keyID)
		if err != nil {
			return err
		}
		return k.write(ctx, tx, audit.APIKeyRevoked, by, row)
	})
}

// Note writes down when keys were last used: off the way of their requests, and as often as it is called. What is lost by a
// crash is the last minute.
func (k *Keys) Note(ctx context.Context) error {
	k.mu.Lock()
	used := k.used
	k.used = map[string]time.Time{}
	k.mu.Unlock()
	for _, keyID := range slices.Sorted(maps.Keys(used)) {
		if err := k.store.UsedAPIKey(ctx, keyID, used[keyID]); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keys) write(ctx context.Context, tx *storage.Store, kind audit.Kind, by string, row *storage.APIKey) error {
	return audit.Write(ctx, tx, audit.Event{Kind: kind, At: k.clock.Now(), By: by,
		Data: map[string]any{"api_key_id": row.ID, "name": row.Name, "scope": row.Scope}})
}
