package user

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// In returns Users that read through a transaction.
func (u *Users) In(tx *storage.Store) *Users { return &Users{store: tx, clock: u.clock} }

// People returns users with their identifiers, the oldest first.
func (u *Users) People(ctx context.Context, f storage.UserFilter) ([]*Person, error) {
	rows, err := u.store.Users(ctx, f)
	if err != nil {
		return nil, err
	}
	people, byID, ids := make([]*Person, len(rows)), map[string]*Person{}, make([]string, len(rows))
	for i, row := range rows {
		people[i], ids[i] = &Person{User: row}, row.ID
		byID[row.ID] = people[i]
	}
	list, err := u.store.IdentifiersOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, i := range list {
		byID[i.UserID].found(i)
	}
	return people, nil
}

// found adds what a person is found by.
func (p *Person) found(i *storage.Identifier) {
	p.Identifiers = append(p.Identifiers, i)
	switch {
	case i.Kind == storage.IdentifierEmail && i.IsPrimary:
		p.Email, p.EmailValue, p.EmailVerified = i.Display, i.Value, i.VerifiedAt.Set()
	case i.Kind == storage.IdentifierPhone && p.Phone == "":
		p.Phone, p.PhoneVerified = i.Value, i.VerifiedAt.Set()
	}
}

// Update writes a user as next has them: profile, external id, role and metadata. It returns storage.ErrConflict if the row is
// no longer at next.Version, ErrExternalID or ErrExternalIDTaken for an external id that cannot be accepted. Whoever gains a role
// signs in again: the sessions they have live longer than those of their new role may.
func (u *Users) Update(ctx context.Context, tx *storage.Store, door *logout.Door, next *storage.User, by string) error {
	return tx.Tx(ctx, func(tx *storage.Store) error {
		now, err := tx.User(ctx, next.ID)
		if err != nil {
			return err
		}
		data := changes(now, next)
		if data == nil {
			return nil
		}
		if next.Role != owner {
			if err := notTheLast(ctx, tx, now); err != nil {
				return err
			}
		}
		if next.ExternalID != now.ExternalID {
			if err := CheckExternalID(next.ExternalID); err != nil {
				return err
			}
		}
		next.Status, next.UpdatedAt = now.Status, storage.At(u.clock.Now())
		if err := tx.UpdateUser(ctx, next); err != nil {
			return err
		}
		if err := u.write(ctx, tx, audit.UserUpdated, next.ID, by, data); err != nil || next.Role == now.Role {
			return err
		}
		if next.Role == "" { // whom they act as they may not any more
			return door.EndActing(ctx, tx, next.ID, logout.Cause{Status: storage.StatusRevoked, Reason: logout.ActorEnded, By: by})
		}
		return endAll(ctx, tx, door, next.ID, logout.Revoked, by)
	})
}

// changes says what an update changes, for the audit: values of the profile, of metadata only that they changed, since an
// app may keep anything there.
func changes(was, is *storage.User) map[string]any {
	var changed []string
	before, after := map[string]string{}, map[string]string{}
	for name, v := range map[string][2]string{"name": {was.Name, is.Name}, "given_name": {was.GivenName, is.GivenName},
		"family_name": {was.FamilyName, is.FamilyName}, "locale": {was.Locale, is.Locale}, "role": {was.Role, is.Role},
		"external_id":   {was.ExternalID, is.ExternalID},
		"session_limit": {strconv.FormatInt(was.SessionLimit, 10), strconv.FormatInt(is.SessionLimit, 10)}} {
		if v[0] != v[1] {
			changed, before[name], after[name] = append(changed, name), v[0], v[1]
		}
	}
	for name, v := range map[string][2]string{"public_metadata": {was.PublicMetadata, is.PublicMetadata},
		"private_metadata": {was.PrivateMetadata, is.PrivateMetadata}, "unsafe_metadata": {was.UnsafeMetadata, is.UnsafeMetadata}} {
		if v[0] != v[1] {
			changed = append(changed, name)
		}
	}
	if changed == nil {
		return nil
	}
	slices.Sort(changed)
	return map[string]any{"changed": changed, "before": before, "after": after}
}

// Disable keeps a user out and ends all their sessions; of a user who is disabled already it changes nothing.
func (u *Users) Disable(ctx context.Context, tx *storage.Store, door *logout.Door, userID, by string) error {
	return tx.Tx(ctx, func(tx *storage.Store) error {
		done, err := u.setStatus(ctx, tx, userID, storage.UserDisabled, audit.UserDisabled, by)
		if err != nil || !done {
			return err
		}
		return endAll(ctx, tx, door, userID, logout.UserDisabled, by)
	})
}

// Enable lets a disabled user in again. The sessions of before stay ended.
func (u *Users) Enable(ctx context.Context, tx *storage.Store, userID, by string) error {
	return tx.Tx(ctx, func(tx *storage.Store) error {
		_, err := u.setStatus(ctx, tx, userID, storage.UserActive, audit.UserEnabled, by)
		return err
	})
}

func (u *Users) setStatus(ctx context.Context, tx *storage.Store, userID, status string, kind audit.Kind, by string) (done bool, err error) {
	row, err := tx.User(ctx, userID)
	if err != nil || row.Status == status {
		return false, err
	}
	if status != storage.UserActive {
		if err := notTheLast(ctx, tx, row); err != nil {
			return false, err
		}
	}
	data := map[string]any{"before": map[string]string{"status": row.Status}, "after": map[string]string{"status": status}}
	row.Status, row.UpdatedAt = status, storage.At(u.clock.Now())
	if err := tx.UpdateUser(ctx, row); err != nil {
		return false, err
	}
	return true, u.write(ctx, tx, kind, userID, by, data)
}

// Delete ends all sessions of a user and removes everything that is kept of them but the audit. It returns
// storage.ErrNotFound where there is no such user.
func (u *Users) Delete(ctx context.Context, tx *storage.Store, door *logout.Door, userID, by string) error {
	return tx.Tx(ctx, func(tx *storage.Store) error {
		row, err := tx.User(ctx, userID)
		if err != nil {
			return err
		}
		if err := notTheLast(ctx, tx, row); err != nil {
			return err
		}
		if err := endAll(ctx, tx, door, userID, logout.UserDeleted, by); err != nil {
			return err
		}
		if err := tx.DeleteUser(ctx, userID); err != nil {
			return err
		}
		return u.write(ctx, tx, audit.UserDeleted, userID, by, nil)
	})
}

// ErrLastOwner: nobody would be left who can give roles, or undo what was done.
var ErrLastOwner = errors.New("the last owner who can sign in stays one")

const owner = "owner"

// notTheLast refuses to take from the owners one whom nobody else could replace. Two who take each other's role wait here for
// one another, and the second finds out.
func notTheLast(ctx context.Context, tx *storage.Store, row *storage.User) error {
	if row.Role != owner || row.Status != storage.UserActive {
		return nil
	}
	left, err := tx.LockRole(ctx, owner)
	if err == nil && !slices.ContainsFunc(left, func(userID string) bool { return userID != row.ID }) {
		err = ErrLastOwner
	}
	return err
}

// endAll moves the epoch first: that locks the user's row and reaches a session that is being started right now, which
// a list of those there are would miss.
func endAll(ctx context.Context, tx *storage.Store, door *logout.Door, userID string, reason logout.Reason, by string) error {
	cause := logout.Cause{Status: storage.StatusRevoked, Reason: reason, By: by}
	if err := door.EndUser(ctx, tx, userID, cause); err != nil {
		return fmt.Errorf("end sessions of %s: %w", userID, err)
	}
	return door.EndUserNow(ctx, tx, userID, "", cause)
}

func (u *Users) write(ctx context.Context, tx *storage.Store, kind audit.Kind, userID, by string, data map[string]any) error {
	return audit.Write(ctx, tx, audit.Event{Kind: kind, At: u.clock.Now(), UserID: userID, By: by, Data: data})
}
