package rp_test

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/curfew-id/curfew/rp"
	"github.com/curfew-id/curfew/rp/rptest"
)

func (r *resource) verify(t *testing.T, raw string) error {
	t.Helper()
	_, err := r.verifier.Verify(t.Context(), raw)
	return err
}

func TestNewKeyIsFetchedOnce(t *testing.T) {
	r := newResource(t, 0)
	r.provider.Rotate("k2")
	r.clock.advance(11 * time.Second)
	raw := r.provider.AccessToken("shop", nil)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := r.verify(t, raw); err != nil {
				t.Errorf("token of the new key: %v", err)
			}
		})
	}
	wg.Wait()
	if n := r.provider.Requests("/jwks"); n != 2 {
		t.Errorf("keys read %d times, want 2", n)
	}
}

func TestUnknownKidsAreRateLimited(t *testing.T) {
	r := newResource(t, 0)
	good := r.provider.AccessToken("shop", nil)
	made := rptest.New("https://evil.example.com", newClock().Now)
	made.Rotate("made-up")
	r.clock.advance(11 * time.Second)
	for range 50 {
		if err := r.verify(t, made.AccessToken("shop", nil)); !errors.Is(err, rp.ErrInvalidToken) {
			t.Fatalf("made-up kid: %v", err)
		}
	}
	if n := r.provider.Requests("/jwks"); n != 2 {
		t.Errorf("keys read %d times, want 2", n)
	}
	if err := r.verify(t, good); err != nil {
		t.Errorf("good token: %v", err)
	}
}

// A kid that comes back with a new key must not need a restart.
func TestKidWithANewKey(t *testing.T) {
	r := newResource(t, 0)
	r.provider.Rotate("k1")
	r.clock.advance(11 * time.Second)
	if err := r.verify(t, r.provider.AccessToken("shop", nil)); err != nil {
		t.Errorf("same kid, new key: %v", err)
	}
}

func TestStaleKeysAreKeptWhileTheProviderIsDown(t *testing.T) {
	r := newResource(t, 0)
	r.wire.cut.Store(true)
	r.clock.advance(time.Hour)
	issue := func() string {
		return r.provider.AccessToken("shop", func(c map[string]any) {
			c["iat"], c["exp"] = r.clock.Now().Unix(), r.clock.Now().Add(time.Minute).Unix()
		})
	}
	for range 3 {
		if err := r.verify(t, issue()); err != nil {
			t.Errorf("known key: %v", err)
		}
		r.clock.advance(11 * time.Second)
	}
	r.provider.Rotate("k2")
	r.clock.advance(11 * time.Second)
	raw := issue()
	err := r.verify(t, raw)
	if !errors.Is(err, rp.ErrUnavailable) {
		t.Errorf("new key and nobody to ask: %v", err)
	}
	r.clock.advance(11 * time.Second)
	rec := r.call(r.verifier.Bearer(http.HandlerFunc(show)), "Bearer "+raw)
	if rec.Code != http.StatusServiceUnavailable || rec.Header().Get("Retry-After") == "" {
		t.Errorf("undecided token: %d", rec.Code)
	}
	r.wire.cut.Store(false)
	r.clock.advance(11 * time.Second)
	if err := r.verify(t, issue()); err != nil {
		t.Errorf("after the outage: %v", err)
	}
}

// A key that the provider has withdrawn is forgotten without anybody presenting an unknown one.
func TestKeysAreReadAgainInTheBackground(t *testing.T) {
	r := newResource(t, 0)
	raw := r.provider.AccessToken("shop", nil)
	r.clock.advance(6 * time.Minute)
	if err := r.verify(t, raw); !errors.Is(err, rp.ErrExpiredToken) {
		t.Fatal(err)
	}
	for range 500 {
		if r.provider.Requests("/jwks") == 2 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Error("keys were not read again")
}
