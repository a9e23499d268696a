package rp

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	keysFreshFor = 5 * time.Minute  // then they are read again in the background
	keysPause    = 10 * time.Second // at least this long between two reads
	keysTimeout  = 5 * time.Second
)

// keySet caches the provider's public keys. Keys that were read once stay until a newer set replaces
// them: while the provider is down, tokens it has signed are still good.
type keySet struct {
	uri string
	do  Doer
	now func() time.Time

	mu      sync.Mutex
	keys    []jose.JSONWebKey
	readAt  time.Time     // of the set in use
	triedAt time.Time     // of the last attempt
	flight  chan struct{} // closed when the read under way ends; nil when there is none
	lastErr error
	reads   int // that ended since the first, well or not
}

func newKeySet(uri string, do Doer, now func() time.Time) *keySet {
	return &keySet{uri: uri, do: do, now: now}
}

// matching returns the cached keys that may have made a signature with this kid and algorithm, and how many reads
// they come after. A token without a kid may be of any key.
func (k *keySet) matching(kid string, alg jose.SignatureAlgorithm) (found []jose.JSONWebKey, reads int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.flight == nil && k.now().Sub(k.readAt) > keysFreshFor && k.mayFetch() {
		// A key that the provider has withdrawn must be forgotten here as well.
		k.start(context.Background())
	}
	for _, key := range k.keys {
		if (kid == "" || key.KeyID == kid) && fits(key, alg) {
			found = append(found, key)
		}
	}
	return found, k.reads
}

// refetch reads the keys again because a token could not be verified with those at hand, which came after so many
// reads: a new kid, or an old kid with a new key. It reports false when the last read is too recent, so that made-up
// kids do not become a stream of requests to the provider; its error is then that of the last read, if it failed.
func (k *keySet) refetch(ctx context.Context, reads int) (bool, error) {
	k.mu.Lock()
	flight := k.flight
	if flight == nil {
		if !k.mayFetch() {
			defer k.mu.Unlock()
			return k.reads > reads, k.lastErr
		}
		flight = k.start(ctx)
	}
	k.mu.Unlock()
	select {
	case <-flight:
	case <-ctx.Done():
		return false, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return true, k.lastErr
}

func (k *keySet) mayFetch() bool {
	since := k.now().Sub(k.triedAt)
	return since >= keysPause || since < 0 // a clock set back must not stop reading
}

// start begins a read; the caller holds the lock. It outlives the request that caused it: others wait.
func (k *keySet) start(ctx context.Context) chan struct{} {
	done := make(chan struct{})
	k.flight = done
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keysTimeout)
		defer cancel()
		err := k.fetch(ctx)
		k.mu.Lock()
		k.flight, k.lastErr = nil, err
		k.reads++
		k.mu.Unlock()
		close(done)
	}()
	return done
}

func (k *keySet) fetch(ctx context.Context) error {
	now := k.now()
	k.mu.Lock()
	k.triedAt = now
	k.mu.Unlock()
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	status, err := getJSON(ctx, k.do, k.uri, "", &set)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("%w: %s: status %d", ErrUnavailable, k.uri, status)
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		// RFC 7517 5: keys of a type that we do not know are ignored, the rest is used.
		if json.Unmarshal(raw, &key) == nil && key.Valid() && key.IsPublic() && (key.Use == "" || key.Use == "sig") {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return fmt.Errorf("%w: %s: no usable key", ErrUnavailable, k.uri)
	}
	k.mu.Lock()
	k.keys, k.readAt = keys, now
	k.mu.Unlock()
	return nil
}

// fits reports whether a key is of the kind that an algorithm asks for, so that no key is ever used with
// an algorithm that it was not made for.
func fits(key jose.JSONWebKey, alg jose.SignatureAlgorithm) bool {
	if key.Algorithm != "" && key.Algorithm != string(alg) {
		return false
	}
	switch pub := key.Key.(type) {
	case *ecdsa.PublicKey:
		return curves[alg] == pub.Curve.Params().Name
	case *rsa.PublicKey:
		// RFC 7518 3.3: 2048 bits or more.
		return (alg == jose.RS256 || alg == jose.PS256) && pub.N.BitLen() >= 2048
	case ed25519.PublicKey:
		return alg == jose.EdDSA
	}
	return false
}

var curves = map[jose.SignatureAlgorithm]string{jose.ES256: "P-256", jose.ES384: "P-384", jose.ES512: "P-521"}
