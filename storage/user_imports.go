package storage

import (
	"context"
	"time"

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

	CancelledAt Time
}

// UserImportFilter narrows a list of imports; zero values do not.
type UserImportFilter struct {
	Status string // ImportRunning, ImportFinished or ImportCancelled
	After  string // id to start behind
	Limit  int
}

// Statuses of an import. One that announced no total runs until it is cancelled or deleted.
const (
	ImportRunning   = "running"
	ImportFinished  = "finished"
	ImportCancelled = "cancelled"
)

// Status is where an import stands.
func (i *UserImport) Status() string {
	switch {
	case i.CancelledAt.Set():
		return ImportCancelled
	case i.Total != 0 && i.Lines >= i.Total:
		return ImportFinished
	}
	return ImportRunning
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

// UserImports returns imports, the newest first.
func (s *Store) UserImports(ctx context.Context, f UserImportFilter) (list []*UserImport, err error) {
	q := s.db.NewSelect().Model(&list).Order("id DESC").Limit(limit(f.Limit))
	switch f.Status {
	case ImportCancelled:
		q = q.Where("cancelled_at IS NOT NULL")
	case ImportFinished:
		q = q.Where("cancelled_at IS NULL AND total <> 0 AND lines >= total")
	case ImportRunning:
		q = q.Where("cancelled_at IS NULL AND (total = 0 OR lines < total)")
	}
	if f.After != "" {
		q = q.Where("id < ?", f.After)
	}
	return list, wrap(q.Scan(ctx), "list imports")
}

// CancelUserImport lets an import that runs take no more lines. It returns ErrNotFound for any other, as for one that is
// not there.
func (s *Store) CancelUserImport(ctx context.Context, id string, at time.Time) error {
	res, err := s.db.NewUpdate().Model((*UserImport)(nil)).Set("cancelled_at = ?", At(at)).Set("updated_at = ?", At(at)).
		Where("id = ? AND cancelled_at IS NULL AND (total = 0 OR lines < total)", id).Exec(ctx)
	return changed(res, err, "cancel import")
}

// OldUserImports returns which imports took their last line before an instant.
func (s *Store) OldUserImports(ctx context.Context, before time.Time, n int) (ids []string, err error) {
	err = s.db.NewSelect().Model((*UserImport)(nil)).Column("id").Where("updated_at < ?", At(before)).
		Order("id").Limit(limit(n)).Scan(ctx, &ids)
	return ids, wrap(err, "list old imports")
}

// DeleteImportResults removes up to n results of an import, and returns how many there were: an import can have more than
// one short transaction may delete.
func (s *Store) DeleteImportResults(ctx context.Context, importID string, n int) (int64, error) {
	res, err := s.db.NewRaw(`DELETE FROM user_import_results WHERE import_id = ? AND line IN
		(SELECT line FROM user_import_results WHERE import_id = ? ORDER BY line LIMIT ?)`, importID, importID, n).Exec(ctx)
	if err != nil {
		return 0, wrap(err, "delete results of import")
	}
	return res.RowsAffected()
}

// DeleteUserImport removes an import with what results it still has, or returns ErrNotFound. Its users stay.
func (s *Store) DeleteUserImport(ctx context.Context, id string) error {
	res, err := s.db.NewDelete().Model((*UserImport)(nil)).Where("id = ?", id).Exec(ctx)
	return changed(res, err, "delete import")
}

// AdvanceUserImport counts lines that have been taken, from was on. It returns ErrConflict where others have taken them, or
// the import was cancelled or deleted.
func (s *Store) AdvanceUserImport(ctx context.Context, i *UserImport, was int64) error {
	res, err := s.db.NewUpdate().Model(i).Column("lines", "created", "existing", "failed", "updated_at").
		Where("id = ? AND lines = ? AND cancelled_at IS NULL", i.ID, was).Exec(ctx)
	if err = changed(res, err, "advance import"); err == ErrNotFound {
		return ErrConflict
	}
	return err
}

// InsertImported adds users with what they are found by and prove with, many in one statement each. It returns ErrConflict if
// an identifier or an external id is taken.
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

// UsersOfExternalIDs returns whose external ids are.
func (s *Store) UsersOfExternalIDs(ctx context.Context, external []string) (map[string]string, error) {
	var list []*User
	if len(external) == 0 {
		return nil, nil
	}
	err := s.db.NewSelect().Model(&list).Column("id", "external_id").Where("external_id <> '' AND external_id IN (?)", bun.List(external)).Scan(ctx)
	users := map[string]string{}
	for _, u := range list {
		users[u.ExternalID] = u.ID
	}
	return users, wrap(err, "read users by external id")
}
