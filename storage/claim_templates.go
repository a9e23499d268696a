package storage

import (
	"context"

	"github.com/uptrace/bun"
)

// Kinds of claim template.
const (
	TemplateSession = "session" // for the tokens of all clients
	TemplateClient  = "client"  // for those of one, its name is the client's id
	TemplateNamed   = "named"
)

// ClaimTemplate is what an administrator wants in tokens. Claims is JSON.
type ClaimTemplate struct {
	bun.BaseModel `bun:"table:claim_templates"`

	Kind      string `bun:"kind,pk"`
	Name      string `bun:"name,pk"`
	Claims    string
	Version   int64
	CreatedAt Time
	UpdatedAt Time
}

// ClaimTemplates returns all of them and the version of the whole.
func (s *Store) ClaimTemplates(ctx context.Context) (version int64, list []*ClaimTemplate, err error) {
	// The version first: what is saved in between is newer than it says, and will be read again.
	if err := s.db.NewRaw(`SELECT templates_version FROM realm WHERE id = 1`).Scan(ctx, &version); err != nil {
		return 0, nil, wrap(err, "read the version of claim templates")
	}
	err = s.db.NewSelect().Model(&list).Order("kind", "name").Scan(ctx)
	return version, list, wrap(err, "list claim templates")
}

// ClaimTemplate returns one, or ErrNotFound.
func (s *Store) ClaimTemplate(ctx context.Context, kind, name string) (*ClaimTemplate, error) {
	t := new(ClaimTemplate)
	err := s.db.NewSelect().Model(t).Where("kind = ? AND name = ?", kind, name).Scan(ctx)
	return t, found(err, "read claim template")
}

// MoveClaimTemplates tells every replica that the templates change in this transaction, and makes others wait that want
// to change them: what two of them add up to is checked on what both have written.
func (s *Store) MoveClaimTemplates(ctx context.Context) error {
	_, err := s.db.NewRaw(`UPDATE realm SET templates_version = templates_version + 1 WHERE id = 1`).Exec(ctx)
	return wrap(err, "move the version of claim templates")
}

// PutClaimTemplate adds a template or takes the place of the one before, whose version it follows. It must run behind
// MoveClaimTemplates.
func (s *Store) PutClaimTemplate(ctx context.Context, t *ClaimTemplate) error {
	t.Version++
	if t.Version == 1 {
		_, err := s.db.NewInsert().Model(t).Exec(ctx)
		return s.inserted(err, "insert claim template")
	}
	res, err := s.db.NewUpdate().Model(t).Column("claims", "version", "updated_at").WherePK().
		Where("version = ?", t.Version-1).Exec(ctx)
	return changed(res, err, "update claim template")
}

// DeleteClaimTemplate removes a template, or returns ErrNotFound. It must run behind MoveClaimTemplates.
func (s *Store) DeleteClaimTemplate(ctx context.Context, kind, name string) error {
	res, err := s.db.NewDelete().Model((*ClaimTemplate)(nil)).Where("kind = ? AND name = ?", kind, name).Exec(ctx)
	return changed(res, err, "delete claim template")
}

// SampleUsers returns users at random, for a look at what a template would make of them.
func (s *Store) SampleUsers(ctx context.Context, n int) (list []*User, err error) {
	err = s.db.NewSelect().Model(&list).Where("id IN (SELECT id FROM users ORDER BY random() LIMIT ?)", n).Scan(ctx)
	return list, wrap(err, "sample users")
}
