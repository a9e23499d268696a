package storage_test

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/curfew-id/curfew/internal/pgtest"
	"github.com/curfew-id/curfew/storage"
)

// Users keep what imports called them: of two with one name the first that is still there. What an import did not make it named
// nobody by.
func TestMigrationKeepsExternalIDs(t *testing.T) {
	for engine, url := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "old.db"), "postgres": pgtest.New(t)} {
		t.Run(engine, func(t *testing.T) {
			ctx := t.Context()
			s, err := storage.Open(ctx, url, storage.Unflushed())
			must(t, err)
			t.Cleanup(func() { must(t, s.Close()) })
			must(t, storage.MigrateUpTo(ctx, s, "0020"))
			if waiting, err := s.Pending(ctx); err != nil || len(waiting) == 0 || waiting[0] != "0021_external_id" {
				t.Fatalf("%v wait, %v", waiting, err)
			}
			for _, user := range []string{"first", "second", "later", "heir", "had", "refused", "nameless", "by hand"} {
				must(t, storage.Execute(ctx, s, `INSERT INTO users (id, status, created_at, updated_at) VALUES (?, 'active', 1, 1)`, user))
			}
			for _, i := range []string{"imp_1", "imp_2", "imp_3"} {
				must(t, storage.Execute(ctx, s, `INSERT INTO user_imports (id, total, lines, created, existing, failed, created_by, created_at, updated_at)
					VALUES (?, 0, 0, 0, 0, 0, 'cli', 1, 1)`, i))
			}
			for _, r := range []struct {
				imported       string
				line           int
				status         string
				external, user string
			}{
				{"imp_1", 9, "created", "a", "first"}, {"imp_2", 1, "created", "a", "later"}, {"imp_1", 10, "created", "b", "second"},
				{"imp_1", 2, "created", "c", "gone"}, {"imp_3", 1, "created", "c", "heir"}, // the first has been deleted
				{"imp_1", 3, "exists", "d", "had"}, {"imp_1", 4, "failed", "e", ""}, {"imp_2", 2, "failed", "f", "refused"},
				{"imp_1", 5, "created", "", "nameless"},
				{"imp_2", 3, "exists", "b", "second"}, {"imp_2", 4, "exists", "g", "second"}, // called otherwise, later
				{"imp_1", 11, "exists", "h", "by hand"}, {"imp_2", 5, "exists", "h", "by hand"},
			} {
				must(t, storage.Execute(ctx, s, `INSERT INTO user_import_results (import_id, line, status, external_id, user_id, field, detail)
					VALUES (?, ?, ?, ?, ?, '', '')`, r.imported, r.line, r.status, r.external, r.user))
			}
			applied, err := s.Migrate(ctx)
			if must(t, err); len(applied) == 0 || applied[0] != "0021_external_id" {
				t.Errorf("applied %v", applied)
			}

			want := map[string]string{"first": "a", "second": "b", "later": "", "heir": "c", "had": "", "refused": "", "nameless": "", "by hand": ""}
			for _, id := range slices.Sorted(maps.Keys(want)) {
				if u, err := s.User(ctx, id); err != nil || u.ExternalID != want[id] {
					t.Errorf("%s is %q, want %q: %v", id, u.ExternalID, want[id], err)
				}
			}
			u, err := s.User(ctx, "later")
			must(t, err)
			u.ExternalID = "a"
			if err := s.UpdateUser(ctx, u); !errors.Is(err, storage.ErrExternalIDTaken) || !errors.Is(err, storage.ErrConflict) {
				t.Errorf("a name that is taken: %v", err)
			}
			u.ExternalID = "A" // another name: byte by byte
			must(t, s.UpdateUser(ctx, u))
		})
	}
}
