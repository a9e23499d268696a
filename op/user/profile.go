package user

import (
	"context"
	"errors"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// Profile is what people say about themselves.
type Profile struct {
	Name   string
	Locale string // BCP 47; "" follows the browser
}

// UpdateProfile writes what a user says about themselves. It returns ErrName for a name that cannot be accepted; that the
// locale is one the server speaks is the caller's to check.
func (u *Users) UpdateProfile(ctx context.Context, userID string, p Profile) error {
	name, err := NormalizeName(p.Name)
	if err != nil {
		return err
	}
	for range 3 { // somebody may change the same row meanwhile; what they changed must stay
		err = u.store.Tx(ctx, func(tx *storage.Store) error {
			row, err := tx.User(ctx, userID)
			if err != nil {
				return err
			}
			if row.Name == name && row.Locale == p.Locale {
				return nil
			}
			now := u.clock.Now()
			row.Name, row.Locale, row.UpdatedAt = name, p.Locale, storage.At(now)
			if err := tx.UpdateUser(ctx, row); err != nil {
				return err
			}
			return audit.Write(ctx, tx, audit.Event{Kind: audit.UserUpdated, At: now, UserID: userID, By: userID,
				Data: map[string]any{"fields": []string{"name", "locale"}}})
		})
		if !errors.Is(err, storage.ErrConflict) {
			break
		}
	}
	return err
}
