package storage

import (
	"context"
	"io/fs"
	"testing/fstest"

	"github.com/uptrace/bun/migrate"

	"github.com/curfew-id/curfew/migrations"
)

// MigrateUpTo brings the schema of an empty database to a number, such as "0020", as the version did of which that was the newest.
func MigrateUpTo(ctx context.Context, s *Store, last string) error {
	all, err := fs.ReadDir(migrations.Files, ".")
	if err != nil {
		return err
	}
	files := fstest.MapFS{}
	for _, f := range all {
		if f.Name() < last+"~" {
			raw, err := fs.ReadFile(migrations.Files, f.Name())
			if err != nil {
				return err
			}
			files[f.Name()] = &fstest.MapFile{Data: raw}
		}
	}
	found := migrate.NewMigrations()
	if err := found.Discover(files); err != nil {
		return err
	}
	m := migrate.NewMigrator(s.root, found, migrate.WithTableName("migrations"), migrate.WithLocksTableName("migration_locks"),
		migrate.WithMarkAppliedOnSuccess(true))
	if err := m.Init(ctx); err != nil {
		return err
	}
	_, err = m.Migrate(ctx)
	return err
}
