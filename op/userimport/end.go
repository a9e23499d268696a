package userimport

import (
	"context"
	"errors"
	"time"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// Keep is how long an import and its results are kept after its last line. The audit has for ever which user it made.
const Keep = 30 * 24 * time.Hour

const (
	deletedAtOnce = 5000 // results in a transaction
	oldAtOnce     = 100  // imports looked at together
)

// ErrFinished: all lines of the import were taken, so there is nothing to cancel.
var ErrFinished = errors.New("the import is finished")

// Cancel lets an import take no more lines and returns it; the users that it made stay. Of one that is cancelled already nothing
// changes. It returns ErrFinished, or storage.ErrNotFound.
func (m *Imports) Cancel(ctx context.Context, importID, by string) (i *storage.UserImport, err error) {
	err = m.store.Tx(ctx, func(tx *storage.Store) error {
		now := m.clock.Now()
		err := tx.CancelUserImport(ctx, importID, now)
		if err == nil {
			err = audit.Write(ctx, tx, audit.Event{Kind: audit.UserImportCancelled, At: now, By: by, Data: map[string]any{"import_id": importID}})
		} else if errors.Is(err, storage.ErrNotFound) {
			err = nil
		}
		if err != nil {
			return err
		}
		if i, err = tx.UserImport(ctx, importID); err != nil {
			return err
		}
		if i.Status() != storage.ImportCancelled {
			return ErrFinished
		}
		return nil
	})
	return i, err
}

// Delete removes an import and what it says of each line; the users that it made stay. Where lines are being sent to it, they
// are refused from now on. It returns storage.ErrNotFound where there is no such import.
func (m *Imports) Delete(ctx context.Context, importID, by string) error {
	if _, err := m.Cancel(ctx, importID, by); err != nil && !errors.Is(err, ErrFinished) {
		return err
	}
	if err := m.deleteResults(ctx, importID); err != nil {
		return err
	}
	return m.store.Tx(ctx, func(tx *storage.Store) error {
		if err := tx.DeleteUserImport(ctx, importID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Kind: audit.UserImportDeleted, At: m.clock.Now(), By: by, Data: map[string]any{"import_id": importID}})
	})
}

// Forget removes imports whose last line is longer ago than Keep. Nobody did that, so the audit does not say it.
func (m *Imports) Forget(ctx context.Context) error {
	for {
		ids, err := m.store.OldUserImports(ctx, m.clock.Now().Add(-Keep), oldAtOnce)
		if err != nil {
			return err
		}
		for _, importID := range ids {
			if err := m.deleteResults(ctx, importID); err != nil {
				return err
			}
			if err := m.store.DeleteUserImport(ctx, importID); err != nil && !errors.Is(err, storage.ErrNotFound) {
				return err
			}
		}
		if len(ids) < oldAtOnce {
			return nil
		}
	}
}

// deleteResults goes in steps, so that no transaction is long.
func (m *Imports) deleteResults(ctx context.Context, importID string) error {
	for {
		n, err := m.store.DeleteImportResults(ctx, importID, deletedAtOnce)
		if err != nil || n < deletedAtOnce {
			return err
		}
	}
}
