package storage

import (
	"context"

	"github.com/uptrace/bun"
)

// PolicyImpersonation names the policy of who may act as whom.
const PolicyImpersonation = "impersonation"

// Policy is a rule of the operator's. Document is JSON, an empty object for the default; Version counts changes.
type Policy struct {
	bun.BaseModel `bun:"table:policies"`

	Name      string `bun:"name,pk"`
	Document  string
	Version   int64
	CreatedAt Time
	UpdatedAt Time
}

// Policy returns one, or ErrNotFound.
func (s *Store) Policy(ctx context.Context, name string) (*Policy, error) {
	p := new(Policy)
	err := s.db.NewSelect().Model(p).Where("name = ?", name).Scan(ctx)
	return p, found(err, "read policy")
}

// HoldPolicy is Policy and keeps it from changing before the transaction has committed: what is begun under a policy is there
// to be ended when the policy changes. The statement changes nothing: it is the row's lock on every engine.
func (s *Store) HoldPolicy(ctx context.Context, name string) (*Policy, error) {
	p := new(Policy)
	err := s.db.NewRaw(`UPDATE policies SET version = version WHERE name = ? RETURNING *`, name).Scan(ctx, p)
	return p, found(err, "hold policy")
}

// UpdatePolicy writes a policy if nobody changed it since it was read, and moves its version; otherwise ErrConflict.
func (s *Store) UpdatePolicy(ctx context.Context, p *Policy) error {
	res, err := s.db.NewUpdate().Model(p).Column("document", "updated_at").Set("version = version + 1").
		Where("name = ? AND version = ?", p.Name, p.Version).Exec(ctx)
	if err := changed(res, err, "update policy"); err != nil {
		if err == ErrNotFound {
			return ErrConflict
		}
		return err
	}
	p.Version++
	return nil
}
