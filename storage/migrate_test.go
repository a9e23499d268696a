package storage_test

import (
	"context"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/pgtest"
	"github.com/curfew-id/curfew/storage"
)

// Nothing may wait for a second connection while it holds the only one.
func TestMigrateWithTheFewestConnections(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	store, err := storage.Open(ctx, pgtest.New(t), storage.MaxConnections(2))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if applied, err := store.Migrate(ctx); err != nil || len(applied) == 0 {
		t.Fatalf("applied %v, %v", applied, err)
	}
	if applied, err := store.Migrate(ctx); err != nil || len(applied) > 0 {
		t.Fatalf("applied %v a second time, %v", applied, err)
	}
}
