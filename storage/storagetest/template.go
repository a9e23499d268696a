package storagetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/curfew-id/curfew/internal/pgtest"
	"github.com/curfew-id/curfew/migrations"
	"github.com/curfew-id/curfew/storage"
)

// Running every migration costs more than most tests do after it, so it is done once for each engine, and a test's
// database is a copy of the outcome.

// SQLite names a fresh SQLite file, migrated already.
func SQLite(t testing.TB) string {
	t.Helper()
	raw, err := sqliteTemplate()
	if err != nil {
		t.Fatalf("make SQLite template: %v", err)
	}
	path := filepath.Join(t.TempDir(), "curfew.db")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Postgres returns the address of a fresh database on PostgreSQL, migrated already.
func Postgres(t testing.TB) string {
	t.Helper()
	name, err := migrationsName()
	if err != nil {
		t.Fatal(err)
	}
	return pgtest.Copy(t, name, migrate)
}

var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "curfew-template-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "curfew.db")
	if err := migrate(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path) // whole: closing the last connection brought the log into it
})

// migrationsName changes with what the migrations say, so that a server that outlives a run offers no older schema.
var migrationsName = sync.OnceValues(func() (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(migrations.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(migrations.Files, path)
		_, _ = sum.Write(append([]byte(path+"\n"), raw...))
		return err
	})
	return "curfew_template_" + hex.EncodeToString(sum.Sum(nil)[:8]), err
})

// migrate brings an empty database to the newest schema.
func migrate(url string) error {
	ctx := context.Background()
	store, err := storage.Open(ctx, url, storage.Unflushed())
	if err != nil {
		return err
	}
	if _, err := store.Migrate(ctx); err != nil {
		_ = store.Close()
		return err
	}
	return store.Close()
}
