package storagetest

import (
	"testing"

	"github.com/curfew-id/curfew/storage"
)

// Each runs fn as a subtest on each engine, on a fresh and migrated database.
func Each(t *testing.T, fn func(t *testing.T, store *storage.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, Open(t, SQLite(t))) })
	t.Run("postgres", func(t *testing.T) { fn(t, Open(t, Postgres(t))) })
}

// Open opens a database, migrates it if it was not, and closes it after the test.
func Open(t testing.TB, url string) *storage.Store {
	t.Helper()
	store, err := storage.Open(t.Context(), url, storage.Unflushed())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	if _, err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store
}
