package user

import (
	"context"
	"errors"
	"strings"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// ChangeEmail puts an address in the place of all the user had, as verified: the caller has seen that the user reads it.
// It returns the primary address before, as it was typed; ErrEmail, ErrTaken for one of somebody else, or
// storage.ErrConflict if the user was changed meanwhile.
func (u *Users) ChangeEmail(ctx context.Context, tx *storage.Store, userID, typed string) (before string, err error) {
	email, err := NormalizeEmail(typed)
	if err != nil {
		return "", err
	}
	return u.replace(ctx, tx, &storage.Identifier{Kind: storage.IdentifierEmail, Value: email, UserID: userID,
		Display: strings.TrimSpace(typed)})
}

// SetPhone puts a number in the place of the one the user had, as verified. It returns ErrPhone, or ErrTaken for one of
// somebody else, or storage.ErrConflict if the user was changed meanwhile.
func (u *Users) SetPhone(ctx context.Context, tx *storage.Store, userID, typed string) error {
	number, err := NormalizePhone(typed)
	if err != nil {
		return err
	}
	_, err = u.replace(ctx, tx, &storage.Identifier{Kind: storage.IdentifierPhone, Value: number, UserID: userID,
		Display: number})
	return err
}

// RemovePhone takes the user's numbers away; there may be none.
func (u *Users) RemovePhone(ctx context.Context, tx *storage.Store, userID string) error {
	now := u.clock.Now()
	return tx.Tx(ctx, func(tx *storage.Store) error {
		old, err := u.drop(ctx, tx, userID, storage.IdentifierPhone)
		if err != nil || old == "" {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Kind: audit.UserUpdated, At: now, UserID: userID, By: userID,
			Data: map[string]any{"fields": []string{"phone"}}})
	})
}

func (u *Users) replace(ctx context.Context, tx *storage.Store, i *storage.Identifier) (before string, err error) {
	now := u.clock.Now()
	i.IsPrimary, i.VerifiedAt, i.CreatedAt = true, storage.At(now), storage.At(now)
	err = tx.Tx(ctx, func(tx *storage.Store) error {
		if before, err = u.drop(ctx, tx, i.UserID, i.Kind); err != nil {
			return err
		}
		err := tx.InsertIdentifier(ctx, i)
		if errors.Is(err, storage.ErrConflict) {
			return ErrTaken
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Kind: audit.IdentifierVerified, At: now, UserID: i.UserID, By: i.UserID,
			Data: map[string]any{"kind": i.Kind, "replaced": before != ""}})
	})
	return before, err
}

// drop deletes the user's identifiers of a kind and returns the primary one, as it was typed. It moves the user's version:
// of two that change the identifiers at once one fails, and apps are told anew who the user is.
func (u *Users) drop(ctx context.Context, tx *storage.Store, userID, kind string) (primary string, err error) {
	row, err := tx.User(ctx, userID)
	if err != nil {
		return "", err
	}
	row.UpdatedAt = storage.At(u.clock.Now())
	if err := tx.UpdateUser(ctx, row); err != nil {
		return "", err
	}
	list, err := tx.Identifiers(ctx, userID)
	if err != nil {
		return "", err
	}
	for _, i := range list {
		if i.Kind != kind {
			continue
		}
		if primary == "" || i.IsPrimary {
			primary = i.Display
		}
		if err := tx.DeleteIdentifier(ctx, userID, kind, i.Value, row.UpdatedAt.Time); err != nil {
			return "", err
		}
	}
	return primary, nil
}
