package userimport

import (
	"context"
	"errors"
	"strings"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// What keeps lines from being taken.
var (
	ErrOvertaken = errors.New("lines were taken by another request")
	ErrCancelled = errors.New("the import was cancelled")
)

// Line is one user to be made, or why there cannot be one.
type Line struct {
	Number     int64 // from 1
	ExternalID string
	Email      string
	Unverified bool          // the address
	User       *storage.User // what else there is: profile, role, metadata; ID and times are made
	Password   *factor.NewPassword
	Refused    *Refusal
}

// Refusal says which member of a line cannot be accepted, and why.
type Refusal struct{ Field, Detail string }

// Imports takes lines.
type Imports struct {
	store *storage.Store
	clock clock.Clock
}

// New returns the Imports of a store.
func New(store *storage.Store, clk clock.Clock) *Imports { return &Imports{store, clk} }

// Begin makes an import. Total is how many lines are to come, 0 if that is not known.
func (m *Imports) Begin(ctx context.Context, tx *storage.Store, total int64, by string) (*storage.UserImport, error) {
	now := storage.At(m.clock.Now())
	i := &storage.UserImport{ID: id.New(id.Import), Total: total, CreatedBy: by, CreatedAt: now, UpdatedAt: now}
	return i, tx.Tx(ctx, func(tx *storage.Store) error {
		if err := tx.InsertUserImport(ctx, i); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Kind: audit.UsersImported, At: now.Time, By: by, Data: map[string]any{"import_id": i.ID}})
	})
}

// Take makes the users of lines, which follow those that i has taken, and brings i up to date. upTo is the number of the last
// line, blank ones included. It returns ErrOvertaken where i is not how the database has it, ErrCancelled where the import takes
// no more lines, and storage.ErrNotFound where it was deleted.
func (m *Imports) Take(ctx context.Context, i *storage.UserImport, lines []*Line, upTo int64, by string) error {
	for try := 0; ; try++ {
		next := *i
		err := m.store.Tx(ctx, func(tx *storage.Store) error {
			next = *i
			return m.take(ctx, tx, &next, lines, upTo, by)
		})
		if errors.Is(err, storage.ErrConflict) {
			// An address or an external id was taken between the look and the insert, or the count has moved: the next look sees which.
			now, readErr := m.store.UserImport(ctx, i.ID)
			if readErr != nil {
				return readErr
			}
			if now.CancelledAt.Set() {
				return ErrCancelled
			}
			if now.Lines != i.Lines {
				return ErrOvertaken
			}
			if try < 5 {
				continue
			}
		}
		if err == nil {
			*i = next
		}
		return err
	}
}

func (m *Imports) take(ctx context.Context, tx *storage.Store, i *storage.UserImport, lines []*Line, upTo int64, by string) error {
	was, now := i.Lines, storage.At(m.clock.Now())
	i.Lines, i.UpdatedAt = upTo, now
	results, b, err := m.sort(ctx, tx, i, lines, now)
	if err != nil {
		return err
	}
	if err := tx.AdvanceUserImport(ctx, i, was); err != nil { // first: it makes another request with the same lines wait
		return err
	}
	if err := tx.InsertImported(ctx, b.users, b.identifiers, b.passwords); err != nil {
		return err
	}
	for _, u := range b.users {
		err := audit.Write(ctx, tx, audit.Event{Kind: audit.UserCreated, At: now.Time, UserID: u.ID, By: by, Data: map[string]any{"import_id": i.ID}})
		if err != nil {
			return err
		}
	}
	return tx.InsertImportResults(ctx, results)
}

// batch is what is inserted of some lines.
type batch struct {
	users       []*storage.User
	identifiers []*storage.Identifier
	passwords   []*storage.Factor
}

// sort decides what becomes of each line and counts it.
func (m *Imports) sort(ctx context.Context, tx *storage.Store, i *storage.UserImport, lines []*Line, now storage.Time) (results []*storage.ImportResult, b batch, err error) {
	emails, external := make([]string, len(lines)), []string{}
	for n, l := range lines {
		if l.Refused == nil {
			if emails[n], err = user.NormalizeEmail(l.Email); err != nil {
				l.Refused = &Refusal{"email", err.Error()}
			}
		}
		if l.ExternalID != "" {
			external = append(external, l.ExternalID)
		}
	}
	taken, err := tx.UsersOfIdentifiers(ctx, storage.IdentifierEmail, emails)
	if err != nil {
		return nil, b, err
	}
	known, err := tx.UsersOfExternalIDs(ctx, external)
	if err != nil {
		return nil, b, err
	}
	if taken == nil {
		taken = map[string]string{}
	}
	if known == nil {
		known = map[string]string{}
	}
	for n, l := range lines {
		r := &storage.ImportResult{ImportID: i.ID, Line: l.Number, ExternalID: l.ExternalID}
		results = append(results, r)
		if l.Refused != nil {
			i.Failed++
			r.Status, r.Field, r.Detail = storage.ImportFailed, l.Refused.Field, l.Refused.Detail
			continue
		}
		if l.ExternalID != "" && known[l.ExternalID] != "" {
			i.Existing++
			r.Status, r.UserID, r.Field, r.Detail = storage.ImportExists, known[l.ExternalID], "external_id", "somebody has this external id"
			continue
		}
		if owner := taken[emails[n]]; owner != "" {
			i.Existing++
			r.Status, r.UserID, r.Field, r.Detail = storage.ImportExists, owner, "email", "somebody has this address"
			continue
		}
		u := *l.User // a transaction may be run twice
		u.ExternalID = l.ExternalID
		u.ID, u.Status, u.Version, u.CreatedAt, u.UpdatedAt = id.New(id.User), storage.UserActive, 1, now, now
		e := &storage.Identifier{Kind: storage.IdentifierEmail, Value: emails[n], UserID: u.ID, Display: strings.TrimSpace(l.Email), IsPrimary: true, CreatedAt: now}
		if !l.Unverified {
			e.VerifiedAt = now
		}
		b.users, b.identifiers = append(b.users, &u), append(b.identifiers, e)
		if l.Password != nil {
			b.passwords = append(b.passwords, l.Password.Row(u.ID, now))
		}
		taken[emails[n]], r.Status, r.UserID = u.ID, storage.ImportCreated, u.ID
		if l.ExternalID != "" {
			known[l.ExternalID] = u.ID
		}
		i.Created++
	}
	return results, b, nil
}
