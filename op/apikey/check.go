package apikey

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// FieldError says what a key cannot begin with. Its text is meant for people.
type FieldError struct {
	Field  string // name, scopes or expires_at; scopes[i] for a scope that there is not
	Reason string
	Beyond string // a scope that the maker has not themselves
}

func (e *FieldError) Error() string { return e.Field + " " + e.Reason }

// Check brings what a key begins with into the form that is stored, or returns a *FieldError. Known are all scopes, has those
// that its maker may use at this moment: whoever could make keys with more would have it.
func (k *Keys) Check(n NewKey, known, has []string) (NewKey, error) {
	name, err := user.NormalizeName(n.Name)
	if err != nil || name == "" {
		return n, &FieldError{Field: "name", Reason: "must be 1 to 200 characters without control characters"}
	}
	n.Name = name
	if len(n.Scopes) == 0 {
		return n, &FieldError{Field: "scopes", Reason: "must name one at least"}
	}
	for i, s := range n.Scopes {
		if !slices.Contains(known, s) {
			return n, &FieldError{Field: "scopes[" + strconv.Itoa(i) + "]", Reason: "is not a scope of this API"}
		}
	}
	for _, s := range n.Scopes {
		if !slices.Contains(has, s) {
			return n, &FieldError{Field: "scopes", Reason: "has a scope that you do not have", Beyond: s}
		}
	}
	if e := n.ExpiresAt; !e.IsZero() && (!e.After(k.clock.Now()) || e.Year() > 9999) {
		return n, &FieldError{Field: "expires_at", Reason: "must be in the future, in milliseconds since 1970"}
	}
	return n, nil
}

// Lookup returns a key as tx sees it, or storage.ErrNotFound, also for what could be no key's id.
func (k *Keys) Lookup(ctx context.Context, tx *storage.Store, keyID string) (*storage.APIKey, error) {
	if _, err := id.Bytes(id.APIKey, keyID); err != nil {
		return nil, storage.ErrNotFound
	}
	return tx.APIKey(ctx, keyID)
}

// End revokes a key in tx and returns it as it is then. Of one that is revoked already nothing changes; storage.ErrNotFound for
// one that is not there.
func (k *Keys) End(ctx context.Context, tx *storage.Store, keyID, by string) (row *storage.APIKey, err error) {
	err = tx.Tx(ctx, func(tx *storage.Store) error {
		if row, err = k.Lookup(ctx, tx, keyID); err != nil || row.RevokedAt.Set() {
			return err
		}
		if err := k.Revoke(ctx, tx, keyID, by); err != nil {
			return err
		}
		row, err = tx.APIKey(ctx, keyID)
		return err
	})
	return row, err
}

// Good tells whether a key opens anything at an instant.
func Good(row *storage.APIKey, now time.Time) bool {
	return !row.RevokedAt.Set() && (!row.ExpiresAt.Set() || row.ExpiresAt.After(now))
}
