package storage

import (
	"context"

	"github.com/uptrace/bun"
)

// UserImport is a bulk import of users and how far it is.
type UserImport struct {
	bun.BaseModel `bun:"table:user_imports"`

	ID        string `bun:"id,pk"`
	Total     int64
	Lines     int64
	Created   int64
	Existing  int64
	Failed    int64
	CreatedBy string
	CreatedAt Time
	UpdatedAt Time
}

// ImportResult is what became of a line, which count from 1.
type ImportResult struct {
	bun.BaseModel `bun:"table:user_import_results"`

	ImportID   string `bun:"import_id,pk"`
	Line       int64  `bun:"line,pk"`
	Status     string
	ExternalID string
	UserID     string
	Field      string
	Detail     string
}

// Statuses of a line.
const (
	ImportCreated = "created"
	ImportExists  = "exists"
	ImportFailed  = "failed"
)

// InsertUserImport begins an import.
func (s *Store) InsertUserImport(ctx context.Context, i *UserImport) error {
	_, err := s.db.NewInsert().Model(i).Exec(ctx)
	return s.inserted(err, "begin import")
}

// UserImport returns an import, or ErrNotFound.
func (s *Store) UserImport(ctx context.Context, id string) (*UserImport, error) {
	i := new(UserImport)
	err := s.db.NewSelect().Model(i).Where("id = ?", id).Scan(ctx)
	return i, found(err, "read import")
}

// AdvanceUserImport counts lines that have been taken, from was on. It returns ErrConflict where others have taken them.
func (s *Store) AdvanceUserImport(ctx context.Context, i *UserImport, was int64) error {
	res, err := s.db.NewUpdate().Model(i).Column("lines", "created", "existing", "failed", "updated_at").
		Where("id = ? AND lines = ?", i.ID, was).Exec(ctx)
	if err = changed(res, err, "advance import"); err == ErrNotFound {
		return ErrConflict
	}
	return err
}

// InsertImported adds users with what they are found by and prove with, many in one statement each. It returns ErrConflict if
// an identifier is taken.
func (s *Store) InsertImported(ctx context.Context, users []*User, ids []*Identifier, factors []*Factor) error {
	if len(users) == 0 {
		return nil
	}
	return s.Tx(ctx, func(tx *Store) error {
		if _, err := tx.db.NewInsert().Model(&users).Exec(ctx); err != nil {
			return tx.inserted(err, "insert users")
		}
		if _, err := tx.db.NewInsert().Model(&ids).Exec(ctx); err != nil {
			return tx.inserted(err, "insert identifiers")
		}
		if len(factors) == 0 {
			return nil
		}
		_, err := tx.db.NewInsert().Model(&factors).Exec(ctx)
		return tx.inserted(err, "insert passwords")
	})
}

// InsertImportResults adds what became of lines.
func (s *Store) InsertImportResults(ctx context.Context, list []*ImportResult) error {
	if len(list) == 0 {
		return nil
	}
	_, err := s.db.NewInsert().Model(&list).Exec(ctx)
	return s.inserted(err, "write results of import")
}

// ImportResults returns what became of the lines behind one, in their order.
func (s *Store) ImportResults(ctx context.Context, importID string, after int64, n int) (list []*ImportResult, err error) {
	err = s.db.NewSelect().Model(&list).Where("import_id = ? AND line > ?", importID, after).Order("line").Limit(limit(n)).Scan(ctx)
	return list, wrap(err, "list results of import")
}

// UsersOfIdentifiers returns whose identifiers of a kind are.
func (s *Store) UsersOfIdentifiers(ctx context.Context, kind string, values []string) (map[string]string, error) {
	var list []*Identifier
	if len(values) == 0 {
		return nil, nil
	}
	err := s.db.NewSelect().Model(&list).Where("kind = ? AND value IN (?)", kind, bun.List(values)).Scan(ctx)
	owners := map[string]string{}
	for _, i := range list {
		owners[i.Value] = i.UserID
	}
	return owners, wrap(err, "read identifiers")
}

// ImportedAs returns which users an import has made of external ids.
func (s *Store) ImportedAs(ctx context.Context, importID string, external []string) (map[string]string, error) {
	var list []*ImportResult
	if len(external) == 0 {
		return nil, nil
	}
	err := s.db.NewSelect().Model(&list).Where("import_id = ? AND status = 'created' AND external_id <> '' AND external_id IN (?)",
		importID, bun.List(external)).Scan(ctx)
	users := map[string]string{}
	for _, r := range list {
		users[r.ExternalID] = r.UserID
	}
	return users, wrap(err, "read results of import")
}
