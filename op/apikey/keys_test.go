package apikey_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/apikey"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

var start = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

func each(t *testing.T, fn func(t *testing.T, s *storage.Store, clk *clock.Fake, keys *apikey.Keys)) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		clk := clock.NewFake(start)
		fn(t, s, clk, apikey.New(s, clk))
	})
}

func create(t *testing.T, s *storage.Store, keys *apikey.Keys, n apikey.NewKey) (*storage.APIKey, string) {
	t.Helper()
	n.Name, n.By, n.Kind = "script", "cli", storage.MadeByCLI
	row, plain, err := keys.Create(t.Context(), s, n)
	if err != nil {
		t.Fatal(err)
	}
	return row, plain
}

// Of a secret only its hash is kept, so the lookup is by a value that the caller cannot steer: there is no comparison of
// secrets whose time could tell anything.
func TestOnlyTheHashIsKept(t *testing.T) {
	each(t, func(t *testing.T, s *storage.Store, _ *clock.Fake, keys *apikey.Keys) {
		row, plain := create(t, s, keys, apikey.NewKey{Scopes: []string{"users:write", "users:read", "users:read"}})
		there, err := s.APIKey(t.Context(), row.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(there.SecretHash, secret.Hash(plain)) || len(there.SecretHash) != 32 || !strings.HasPrefix(plain, apikey.Prefix) ||
			there.Hint != plain[len(plain)-4:] || there.Scope != "users:read users:write" {
			t.Errorf("%+v", there)
		}
		found, err := keys.Find(t.Context(), plain)
		if err != nil || found.ID != row.ID {
			t.Errorf("%+v, %v", found, err)
		}
		for _, bad := range []string{"", apikey.Prefix, plain + "A", plain[:len(plain)-1], strings.ToUpper(plain), plain[:len(plain)-1] + "!",
			"xxx_" + plain[len(apikey.Prefix):], apikey.Prefix + strings.Repeat("\x00", 43)} {
			if _, err := keys.Find(t.Context(), bad); !errors.Is(err, apikey.ErrInvalid) {
				t.Errorf("%q: %v", bad, err)
			}
		}
		_, other := create(t, s, keys, apikey.NewKey{})
		if other == plain {
			t.Error("two keys have one secret")
		}
	})
}

func TestKeyCountsUntilItsEnd(t *testing.T) {
	each(t, func(t *testing.T, s *storage.Store, clk *clock.Fake, keys *apikey.Keys) {
		_, plain := create(t, s, keys, apikey.NewKey{ExpiresAt: start.Add(time.Hour)})
		_, forever := create(t, s, keys, apikey.NewKey{})
		clk.Advance(time.Hour - time.Microsecond)
		if _, err := keys.Find(t.Context(), plain); err != nil {
			t.Errorf("before its end: %v", err)
		}
		clk.Advance(time.Microsecond)
		if _, err := keys.Find(t.Context(), plain); !errors.Is(err, apikey.ErrInvalid) {
			t.Errorf("at its end: %v", err)
		}
		clk.Advance(20 * 365 * 24 * time.Hour)
		if _, err := keys.Find(t.Context(), forever); err != nil {
			t.Errorf("without an end: %v", err)
		}
	})
}

func TestRevokedKeyIsGoneAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *storage.Store, clk *clock.Fake, keys *apikey.Keys) {
		row, plain := create(t, s, keys, apikey.NewKey{})
		if err := keys.Revoke(t.Context(), s, row.ID, "usr_x"); err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Find(t.Context(), plain); !errors.Is(err, apikey.ErrInvalid) {
			t.Errorf("found: %v", err)
		}
		there, err := s.APIKey(t.Context(), row.ID)
		if err != nil || there.RevokedBy != "usr_x" || !there.RevokedAt.Equal(clk.Now()) {
			t.Errorf("%+v, %v", there, err)
		}
		for _, keyID := range []string{row.ID, "apk_none"} {
			if err := keys.Revoke(t.Context(), s, keyID, "usr_x"); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s again: %v", keyID, err)
			}
		}
		var kinds []string
		events, err := s.QueryAuditEvents(t.Context(), storage.AuditQuery{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			kinds = append(kinds, e.Kind)
			if strings.Contains(e.Data, plain) {
				t.Error("the audit has the secret")
			}
		}
		if slices.Sort(kinds); !slices.Equal(kinds, []string{"api_key.created", "api_key.revoked"}) {
			t.Errorf("events %v", kinds)
		}
	})
}

// The use of a key costs its request no write: it is noted in memory and written down once a minute.
func TestLastUseIsWrittenDown(t *testing.T) {
	each(t, func(t *testing.T, s *storage.Store, clk *clock.Fake, keys *apikey.Keys) {
		row, plain := create(t, s, keys, apikey.NewKey{})
		last := func() storage.Time {
			there, err := s.APIKey(t.Context(), row.ID)
			if err != nil {
				t.Fatal(err)
			}
			return there.LastUsedAt
		}
		find := func() {
			if _, err := keys.Find(t.Context(), plain); err != nil {
				t.Fatal(err)
			}
		}
		note := func(k *apikey.Keys) {
			if err := k.Note(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if note(keys); last().Set() {
			t.Error("used before its first use")
		}
		find()
		clk.Advance(20 * time.Second)
		find()
		if last().Set() {
			t.Error("written in the request")
		}
		clk.Advance(40 * time.Second)
		if note(keys); !last().Equal(start.Add(20 * time.Second)) {
			t.Errorf("last used %v", last())
		}
		// A replica whose clock is behind does not move it back.
		if err := s.UsedAPIKey(t.Context(), row.ID, start); err != nil || !last().Equal(start.Add(20*time.Second)) {
			t.Errorf("moved back to %v, %v", last(), err)
		}
	})
}
