package key_test

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

func open(t *testing.T, store *storage.Store, c clock.Clock) *key.Ring {
	t.Helper()
	sealer, err := secret.NewSealer(make([]byte, 32))
	must(t, err)
	r, err := key.Open(t.Context(), store, key.Options{Clock: c, Sealer: sealer})
	must(t, err)
	return r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// published lists the key ids of the set, each of which must be the thumbprint of its public key (RFC 7638).
func published(t *testing.T, r *key.Ring) (kids []string) {
	t.Helper()
	body, _ := r.JWKS()
	var set jose.JSONWebKeySet
	must(t, json.Unmarshal(body, &set))
	for _, k := range set.Keys {
		sum, err := k.Thumbprint(crypto.SHA256)
		must(t, err)
		if k.KeyID != base64.RawURLEncoding.EncodeToString(sum) || !k.IsPublic() || k.Use != "sig" || k.Algorithm == "" {
			t.Errorf("published %+v", k)
		}
		kids = append(kids, k.KeyID)
	}
	return kids
}

func signing(t *testing.T, r *key.Ring) string {
	t.Helper()
	s, err := r.Signer("ES256")
	must(t, err)
	return s.KID
}

// A key is published a day before it signs, signs for thirty days and stays until what it signed is dead.
func TestRotation(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, store *storage.Store) {
		c := clock.NewFake(start)
		r := open(t, store, c)
		first := signing(t, r)
		at := func(d time.Duration) {
			t.Helper()
			c.Advance(start.Add(d).Sub(c.Now()))
			must(t, r.Rotate(t.Context(), false))
		}
		at(29*day - time.Second)
		if got := published(t, r); len(got) != 1 {
			t.Fatalf("published before its time: %v", got)
		}
		at(29 * day)
		kids := published(t, r)
		if len(kids) != 2 || signing(t, r) != first {
			t.Fatalf("published %v, signs %s", kids, signing(t, r))
		}
		second := kids[1]
		at(29*day + 23*time.Hour)
		if got := published(t, r); len(got) != 2 || signing(t, r) != first {
			t.Fatalf("published %v, signs %s", got, signing(t, r))
		}
		token, err := mustSigner(t, r).Append(nil, key.TypAccess, []byte(`{}`))
		must(t, err)
		c.Advance(time.Hour) // no rotation is needed for the successor to sign
		if signing(t, r) != second {
			t.Fatal("the successor does not sign")
		}
		at(30*day + 30*time.Minute)
		if got := published(t, r); len(got) != 2 || signing(t, r) != second {
			t.Fatalf("the retired one is gone too early: %v", got)
		}
		if _, err := r.Verify(t.Context(), string(token), key.TypAccess); err != nil {
			t.Fatalf("what it signed: %v", err)
		}
		at(30*day + time.Hour + time.Second)
		if got := published(t, r); !slices.Equal(got, []string{second}) {
			t.Fatalf("published %v", got)
		}
		if _, err := r.Verify(t.Context(), string(token), key.TypAccess); err != nil { // it may come back as a hint
			t.Fatalf("after it is published no more: %v", err)
		}
		at(59 * day)
		if got := published(t, r); len(got) != 2 {
			t.Fatalf("the next one: %v", got)
		}
		at(65*day + time.Second)
		if _, err := r.Verify(t.Context(), string(token), key.TypAccess); !errors.Is(err, key.ErrInvalid) {
			t.Fatalf("after it is forgotten: %v", err)
		}
	})
}

func mustSigner(t *testing.T, r *key.Ring) *key.Signer {
	t.Helper()
	s, err := r.Signer("ES256")
	must(t, err)
	return s
}

// Nobody was there for a year: the first look publishes a successor a day ahead, and nothing is without a key meanwhile.
func TestRotationAfterALongSleep(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, store *storage.Store) {
		c := clock.NewFake(start)
		r := open(t, store, c)
		first := signing(t, r)
		c.Advance(365 * day)
		must(t, r.Rotate(t.Context(), false))
		if got := published(t, r); len(got) != 2 || signing(t, r) != first {
			t.Fatalf("published %v", got)
		}
		c.Advance(day)
		if signing(t, r) == first {
			t.Fatal("the old one still signs")
		}
	})
}

// Forced: a successor at once, still published ahead; twice does not make two.
func TestForcedRotation(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, store *storage.Store) {
		c := clock.NewFake(start)
		r := open(t, store, c)
		first := signing(t, r)
		for range 2 {
			must(t, r.Rotate(t.Context(), true))
			if got := published(t, r); len(got) != 2 || signing(t, r) != first {
				t.Fatalf("published %v", got)
			}
		}
	})
}

// Two replicas, or twenty, agree on one first key and on one successor.
func TestReplicasAgree(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, store *storage.Store) {
		c := clock.NewFake(start)
		rings := make([]*key.Ring, 8)
		together := func(fn func(i int)) {
			var wg sync.WaitGroup
			begin := make(chan struct{})
			for i := range rings {
				wg.Go(func() { <-begin; fn(i) })
			}
			close(begin)
			wg.Wait()
		}
		agree := func(n int) {
			t.Helper()
			body, etag := []byte(nil), ""
			for i, r := range rings {
				must(t, r.Reload(t.Context()))
				b, e := r.JWKS()
				if i > 0 && (string(b) != string(body) || e != etag) {
					t.Fatalf("%s\n%s", body, b)
				}
				body, etag = b, e
			}
			if got := published(t, rings[0]); len(got) != n {
				t.Fatalf("published %v, want %d", got, n)
			}
		}
		together(func(i int) { rings[i] = open(t, store, c) })
		agree(1)
		c.Advance(29 * day)
		together(func(i int) {
			if err := rings[i].Rotate(t.Context(), false); err != nil {
				t.Error(err)
			}
		})
		agree(2)
		together(func(i int) {
			if err := rings[i].Ensure(t.Context(), "EdDSA"); err != nil {
				t.Error(err)
			}
		})
		agree(3)
	})
}

// A key that another replica has made is found at once, and an unknown one does not cost a query each time.
func TestKeysOfAnotherReplicaAreFound(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, store *storage.Store) {
		c := clock.NewFake(start)
		one, two := open(t, store, c), open(t, store, c)
		must(t, one.Ensure(t.Context(), "EdDSA"))
		s, err := one.Signer("EdDSA")
		must(t, err)
		token, err := s.Append(nil, key.TypID, []byte(`{}`))
		must(t, err)
		if _, err := two.Verify(t.Context(), string(token), key.TypID); !errors.Is(err, key.ErrInvalid) {
			t.Errorf("within a second of the last look: %v", err)
		}
		c.Advance(1001 * time.Millisecond)
		if _, err := two.Verify(t.Context(), string(token), key.TypID); err != nil {
			t.Errorf("a second later: %v", err)
		}
	})
}

// Keys at rest are sealed: another key-encryption key does not open them, and says so at the start.
func TestKeysNeedTheKeyEncryptionKey(t *testing.T) {
	store := storagetest.Open(t, storagetest.SQLite(t))
	c := clock.NewFake(start)
	open(t, store, c)
	rows, err := store.SigningKeys(t.Context())
	must(t, err)
	if len(rows) != 1 || json.Valid(rows[0].PrivateSealed) {
		t.Fatalf("%d keys", len(rows))
	}
	other := make([]byte, 32)
	other[0] = 1
	sealer, err := secret.NewSealer(other)
	must(t, err)
	if _, err := key.Open(t.Context(), store, key.Options{Clock: c, Sealer: sealer}); !errors.Is(err, secret.ErrUnsealable) {
		t.Fatalf("opened: %v", err)
	}
}
