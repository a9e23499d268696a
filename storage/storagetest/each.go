package storagetest

import (
	"path/filepath"
	"testing"

	"github.com/curfew-id/curfew/internal/pgtest"
	"github.com/curfew-id/curfew/storage"
)

// Each runs fn as a subtest on each engine, on a fresh and migrated database.
func Each(t *testing.T, fn func(t *testing.T, store *storage.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, Open(t, SQLite(t))) })
	t.Run("postgres", func(t *testing.T) { fn(t, Open(t, pgtest.New(t))) })
}

// SQLite names a fresh SQLite file.
func SQLite(t testing.TB) string { return filepath.Join(t.TempDir(), "curfew.db") }

// Open opens and migrates a database, and closes it after the test.
func Open(t testing.TB, url string) *storage.Store {
	t.Helper()
	store, err := storage.Open(t.Context(), url)
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
