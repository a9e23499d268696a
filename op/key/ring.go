package key

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/storage"
)

// Options of a Ring. Zero durations mean the defaults of 30 days, 24 hours and one hour.
type Options struct {
	Clock  clock.Clock
	Sealer *secret.Sealer
	// RotateEvery is how long a key signs.
	RotateEvery time.Duration
	// PublishAhead is how long a key is published before it signs, so that no relying party meets an unknown one.
	PublishAhead time.Duration
	// KeepAfter is how long a retired key stays published; longer than any token lives.
	KeepAfter time.Duration
	// RememberFor is how long the public half of a retired key is remembered to check what comes back as a hint: an ID
	// token of a session that is still there (OpenID Connect RP-Initiated Logout 2 takes expired ones).
	RememberFor time.Duration
	// By names who makes and rotates keys, for the audit; "": system.
	By string
}

// Ring holds the keys in memory.
type Ring struct {
	store *storage.Store
	opts  Options

	mu     sync.Mutex // one reload or rotation at a time
	loaded time.Time
	keys   atomic.Pointer[keys]
}

// keys is one immutable reading of the table.
type keys struct {
	signers  map[string][]*Signer // by algorithm, by the time they become active
	verify   map[string]*jose.JSONWebKey
	jwks     []byte
	jwksETag string
}

// ErrNoKey: there is no key for the algorithm or key id.
var ErrNoKey = errors.New("no such signing key")

// Open reads the keys and makes the first ES256 one where there is none.
func Open(ctx context.Context, store *storage.Store, opts Options) (*Ring, error) {
	if opts.RotateEvery == 0 {
		opts.RotateEvery = 30 * 24 * time.Hour
	}
	if opts.PublishAhead == 0 {
		opts.PublishAhead = 24 * time.Hour
	}
	if opts.KeepAfter == 0 {
		opts.KeepAfter = time.Hour
	}
	if opts.RememberFor == 0 {
		opts.RememberFor = 35 * 24 * time.Hour // longer than a session
	}
	r := &Ring{store: store, opts: opts}
	if err := r.Ensure(ctx, "ES256"); err != nil {
		return nil, err
	}
	return r, nil
}

// Reload reads the keys from the database again.
func (r *Ring) Reload(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reload(ctx)
}

func (r *Ring) reload(ctx context.Context) error {
	rows, err := r.store.SigningKeys(ctx)
	if err != nil {
		return err
	}
	now := r.opts.Clock.Now()
	k := &keys{signers: map[string][]*Signer{}, verify: map[string]*jose.JSONWebKey{}}
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, row := range rows {
		public := new(jose.JSONWebKey)
		if err := json.Unmarshal([]byte(row.PublicJWK), public); err != nil {
			return fmt.Errorf("signing key %s: %w", row.ID, err)
		}
		k.verify[row.ID] = public
		if row.RetiredAt.Set() {
			if row.RetiredAt.Add(r.opts.KeepAfter).After(now) {
				set.Keys = append(set.Keys, *public)
			}
			continue
		}
		set.Keys = append(set.Keys, *public)
		s, err := newSigner(row, r.opts.Sealer)
		if err != nil {
			return fmt.Errorf("signing key %s: %w", row.ID, err)
		}
		k.signers[row.Alg] = append(k.signers[row.Alg], s)
	}
	if k.jwks, err = json.Marshal(set); err != nil {
		return err
	}
	sum := sha256.Sum256(k.jwks)
	k.jwksETag = `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	r.loaded = now
	r.keys.Store(k)
	return nil
}

// JWKS returns the published key set (RFC 7517 5) and its entity tag.
func (r *Ring) JWKS() (body []byte, etag string) {
	k := r.keys.Load()
	return k.jwks, k.jwksETag
}

// Signer returns the key that signs now with the algorithm, or ErrNoKey.
func (r *Ring) Signer(alg string) (*Signer, error) {
	list := r.keys.Load().signers[alg]
	if len(list) == 1 { // no rotation ahead: spare the reading of the clock
		return list[0], nil
	}
	now := r.opts.Clock.Now()
	var newest *Signer
	for _, s := range list {
		if newest == nil || !s.activeAt.After(now) {
			newest = s
		}
	}
	if newest == nil {
		return nil, ErrNoKey
	}
	return newest, nil
}

// Key returns the public key with this id, or ErrNoKey. A key that another replica has just made is found by reading the
// table again, at most once a second.
func (r *Ring) Key(ctx context.Context, kid string) (*jose.JSONWebKey, error) {
	if k := r.keys.Load().verify[kid]; k != nil {
		return k, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.opts.Clock.Now().Sub(r.loaded) > time.Second {
		if err := r.reload(ctx); err != nil {
			return nil, err
		}
	}
	if k := r.keys.Load().verify[kid]; k != nil {
		return k, nil
	}
	return nil, ErrNoKey
}
