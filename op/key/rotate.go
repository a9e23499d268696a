package key

import (
	"cmp"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// Algorithms that curfew signs with.
var Algorithms = []string{"ES256", "RS256", "PS256", "EdDSA"}

// Ensure makes the first key of an algorithm where there is none, active at once: nobody can have cached a key set that
// lacks it and needs it.
func (r *Ring) Ensure(ctx context.Context, alg string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if k := r.keys.Load(); k != nil && len(k.signers[alg]) > 0 {
		return nil
	}
	if err := r.reload(ctx); err != nil {
		return err
	}
	if len(r.keys.Load().signers[alg]) > 0 {
		return nil
	}
	return r.generate(ctx, alg, 1, r.opts.Clock.Now())
}

// Rotate does what is due: publishes the successor of a key that nears its end, retires a key whose successor has begun
// to sign, deletes a key that nothing is signed with any more that anybody may show. With now set it makes a successor at once, still published ahead.
func (r *Ring) Rotate(ctx context.Context, force bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	rows, err := r.store.SigningKeys(ctx)
	if err != nil {
		return err
	}
	now := r.opts.Clock.Now()
	last := map[string]*storage.SigningKey{} // by algorithm, the one that becomes active last
	for _, row := range rows {
		if before := last[row.Alg]; before != nil && !row.ActiveAt.After(now) && !before.RetiredAt.Set() {
			if err := r.change(ctx, audit.KeyRetired, before, func(tx *storage.Store) error {
				return tx.RetireSigningKey(ctx, before.ID, row.ActiveAt.Time)
			}); err != nil {
				return err
			}
			before.RetiredAt = row.ActiveAt
		}
		last[row.Alg] = row
	}
	for _, row := range rows {
		if row.RetiredAt.Set() && row.RetiredAt.Add(r.opts.RememberFor).Before(now) {
			if err := r.change(ctx, audit.KeyDeleted, row, func(tx *storage.Store) error {
				return tx.DeleteSigningKey(ctx, row.ID)
			}); err != nil {
				return err
			}
		}
	}
	for alg, row := range last {
		ends := row.ActiveAt.Add(r.opts.RotateEvery)
		due := !now.Before(ends.Add(-r.opts.PublishAhead))
		if row.ActiveAt.After(now) || !due && !force {
			continue // its successor is published already, or it is not time
		}
		if err := r.generate(ctx, alg, row.Slot+1, now.Add(r.opts.PublishAhead)); err != nil {
			return err
		}
	}
	return r.reload(ctx)
}

// generate makes a key for the slot; if another replica was faster, its key is as good.
func (r *Ring) generate(ctx context.Context, alg string, slot int64, activeAt time.Time) error {
	private, err := newKey(alg)
	if err != nil {
		return err
	}
	jwk := jose.JSONWebKey{Key: private, Algorithm: alg, Use: "sig"}
	sum, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		return fmt.Errorf("thumbprint: %w", err)
	}
	jwk.KeyID = base64.RawURLEncoding.EncodeToString(sum)
	plain, err := json.Marshal(jwk)
	if err != nil {
		return err
	}
	public, err := json.Marshal(jwk.Public())
	if err != nil {
		return err
	}
	row := &storage.SigningKey{
		ID: jwk.KeyID, Alg: alg, Slot: slot, PublicJWK: string(public),
		PrivateSealed: r.opts.Sealer.Seal(plain, "signing_keys."+jwk.KeyID),
		CreatedAt:     storage.At(r.opts.Clock.Now()), ActiveAt: storage.At(activeAt),
	}
	kind := audit.KeyRotated
	if slot == 1 {
		kind = audit.KeyCreated
	}
	err = r.change(ctx, kind, row, func(tx *storage.Store) error { return tx.InsertSigningKey(ctx, row) })
	if err != nil {
		return err
	}
	return r.reload(ctx)
}

// change does something to a key and writes it down. That another replica was faster is no error.
func (r *Ring) change(ctx context.Context, kind audit.Kind, k *storage.SigningKey, do func(tx *storage.Store) error) error {
	err := r.store.Tx(ctx, func(tx *storage.Store) error {
		if err := do(tx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Kind: kind, At: r.opts.Clock.Now(), By: cmp.Or(byOf(ctx), r.opts.By, "system"),
			Data: map[string]any{"kid": k.ID, "alg": k.Alg}})
	})
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrConflict) {
		return nil
	}
	return err
}

func newKey(alg string) (crypto.Signer, error) {
	switch alg {
	case "ES256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "RS256", "PS256":
		return rsa.GenerateKey(rand.Reader, 2048) // rotated every 30 days; 3072 bits sign three times slower
	case "EdDSA":
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	}
	return nil, fmt.Errorf("%w for algorithm %q", ErrNoKey, alg)
}
