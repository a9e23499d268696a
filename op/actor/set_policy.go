package actor

import (
	"context"
	"encoding/json"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// SetPolicy writes a policy over row, which was read in tx, and ends every impersonation through the door: what they began
// under is no more. A policy that says the same as before changes nothing. It returns a *Fault for one that cannot be, and
// storage.ErrConflict where somebody was faster.
func (a *Actors) SetPolicy(ctx context.Context, tx *storage.Store, row *storage.Policy, document, by string) (Policy, error) {
	p, err := ParsePolicy(document)
	if err != nil {
		return p, err
	}
	if err := p.Check(a.NeverScope); err != nil {
		return p, err
	}
	was, err := ParsePolicy(row.Document)
	if err != nil {
		return p, err
	}
	before, err := json.Marshal(was)
	if err != nil {
		return p, err
	}
	after, err := json.Marshal(p)
	if err != nil || string(before) == string(after) {
		return p, err
	}
	now := a.Clock.Now()
	row.Document, row.UpdatedAt = string(after), storage.At(now)
	return p, tx.Tx(ctx, func(tx *storage.Store) error {
		if err := tx.UpdatePolicy(ctx, row); err != nil {
			return err
		}
		if err := a.Door.EndActing(ctx, tx, "", logout.Cause{Status: storage.StatusRevoked, Reason: logout.PolicyChanged, By: by}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Kind: audit.PolicyChanged, At: now, By: by, Data: map[string]any{
			"policy": row.Name, "before": json.RawMessage(before), "after": json.RawMessage(after)}})
	})
}
