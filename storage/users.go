package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// User is a person. Version counts changes; Epoch is compared by every read of the user's sessions, so moving it ends
// them all at once.
type User struct {
	bun.BaseModel `bun:"table:users"`

	ID              string `bun:"id,pk"`
	Status          string
	Role            string
	Name            string
	GivenName       string
	FamilyName      string
	Locale          string
	Epoch           int64
	Version         int64
	PublicMetadata  string
	PrivateMetadata string
	UnsafeMetadata  string
	CreatedAt       Time
	UpdatedAt       Time
	LastSignInAt    Time
	SessionLimit    int64  // 0: as configured
	ExternalID      string // what they are called where they come from; "" for nothing, otherwise nobody else's
}

// Statuses of a user.
const (
	UserActive   = "active"
	UserDisabled = "disabled"
)

// Identifier is what a user is found by: an e-mail address or a phone number, normalised.
type Identifier struct {
	bun.BaseModel `bun:"table:identifiers"`

	Kind       string `bun:"kind,pk"`
	Value      string `bun:"value,pk"`
	UserID     string
	Display    string
	IsPrimary  bool
	VerifiedAt Time
	CreatedAt  Time
}

// Kinds of identifier.
const (
	IdentifierEmail = "email"
	IdentifierPhone = "phone"
)

// ErrExternalIDTaken: somebody else has this external id. It is an ErrConflict too.
var ErrExternalIDTaken = fmt.Errorf("external id: %w", ErrConflict)

// InsertUser adds a user with the identifiers they are found by, or returns ErrConflict if one is taken, ErrExternalIDTaken if
// that is.
func (s *Store) InsertUser(ctx context.Context, u *User, ids ...*Identifier) error {
	u.Version = 1
	return s.Tx(ctx, func(tx *Store) error {
		if _, err := tx.db.NewInsert().Model(u).Exec(ctx); err != nil {
			return tx.writtenUser(err, "insert user")
		}
		for _, i := range ids {
			if err := tx.InsertIdentifier(ctx, i); err != nil {
				return err
			}
		}
		return nil
	})
}

// writtenUser is inserted for a user's own row, of which nothing but the external id can be somebody else's.
func (s *Store) writtenUser(err error, what string) error {
	if err = s.inserted(err, what); err == ErrConflict {
		return ErrExternalIDTaken
	}
	return err
}

// InsertIdentifier adds an identifier, or returns ErrConflict if it is taken.
func (s *Store) InsertIdentifier(ctx context.Context, i *Identifier) error {
	_, err := s.db.NewInsert().Model(i).Exec(ctx)
	return s.inserted(err, "insert identifier")
}

// User returns a user, or ErrNotFound.
func (s *Store) User(ctx context.Context, id string) (*User, error) {
	u := new(User)
	err := s.db.NewSelect().Model(u).Where("id = ?", id).Scan(ctx)
	return u, found(err, "read user")
}

// UserByIdentifier returns the user found by a normalised identifier, and the identifier; or ErrNotFound.
func (s *Store) UserByIdentifier(ctx context.Context, kind, value string) (*User, *Identifier, error) {
	i := new(Identifier)
	err := s.db.NewSelect().Model(i).Where("kind = ? AND value = ?", kind, value).Scan(ctx)
	if err != nil {
		return nil, nil, found(err, "read identifier")
	}
	u, err := s.User(ctx, i.UserID)
	return u, i, err
}

// Identifiers returns what a user is found by, primary first.
func (s *Store) Identifiers(ctx context.Context, userID string) (list []*Identifier, err error) {
	err = s.db.NewSelect().Model(&list).Where("user_id = ?", userID).
		Order("kind", "is_primary DESC", "created_at").Scan(ctx)
	return list, wrap(err, "read identifiers")
}

// VerifyIdentifier records that the user proved to control an identifier, or returns ErrNotFound.
func (s *Store) VerifyIdentifier(ctx context.Context, userID, kind, value string, at time.Time) error {
	return s.Tx(ctx, func(tx *Store) error {
		res, err := tx.db.NewUpdate().Model((*Identifier)(nil)).Set("verified_at = COALESCE(verified_at, ?)", At(at)).
			Where("user_id = ? AND kind = ? AND value = ?", userID, kind, value).Exec(ctx)
		if err := changed(res, err, "verify identifier"); err != nil {
			return err
		}
		return tx.touchUser(ctx, userID, at)
	})
}

// DeleteIdentifier removes an identifier of the user, or returns ErrNotFound.
func (s *Store) DeleteIdentifier(ctx context.Context, userID, kind, value string, at time.Time) error {
	return s.Tx(ctx, func(tx *Store) error {
		res, err := tx.db.NewDelete().Model((*Identifier)(nil)).
			Where("user_id = ? AND kind = ? AND value = ?", userID, kind, value).Exec(ctx)
		if err := changed(res, err, "delete identifier"); err != nil {
			return err
		}
		return tx.touchUser(ctx, userID, at)
	})
}

func (s *Store) touchUser(ctx context.Context, userID string, at time.Time) error {
	_, err := s.db.NewUpdate().Model((*User)(nil)).Set("version = version + 1").Set("updated_at = ?", At(at)).
		Where("id = ?", userID).Exec(ctx)
	return wrap(err, "touch user")
}

// UpdateUser writes the profile, role, status and metadata of u if nobody changed the row since it was read, and
// moves its version; otherwise ErrConflict. It returns ErrExternalIDTaken where the external id is somebody else's.
func (s *Store) UpdateUser(ctx context.Context, u *User) error {
	res, err := s.db.NewUpdate().Model(u).
		Column("status", "role", "name", "given_name", "family_name", "locale",
			"public_metadata", "private_metadata", "unsafe_metadata", "session_limit", "external_id", "updated_at").
		Set("version = version + 1").Where("id = ? AND version = ?", u.ID, u.Version).Exec(ctx)
	if err != nil {
		return s.writtenUser(err, "update user")
	}
	if err := changed(res, nil, "update user"); err != nil {
		if err == ErrNotFound {
			return ErrConflict
		}
		return err
	}
	u.Version++
	if u.Status != UserActive {
		return s.recordUserEnd(ctx, u.ID)
	}
	return nil
}

// SignedIn records when the user last signed in. It is not a change that anybody must see, so the version stays.
func (s *Store) SignedIn(ctx context.Context, userID string, at time.Time) error {
	_, err := s.db.NewUpdate().Model((*User)(nil)).Set("last_sign_in_at = ?", At(at)).Where("id = ?", userID).Exec(ctx)
	return wrap(err, "record sign-in")
}

// DeleteUser removes a user with everything that hangs off them except the audit, or returns ErrNotFound. Their sessions
// must have been ended before, in the same transaction.
func (s *Store) DeleteUser(ctx context.Context, id string) error {
	return s.Tx(ctx, func(tx *Store) error {
		for _, table := range []string{"token_families", "client_sessions", "sessions", "codes", "actor_tokens"} {
			if _, err := tx.db.NewRaw("DELETE FROM ? WHERE user_id = ?", bun.Ident(table), id).Exec(ctx); err != nil {
				return wrap(err, "delete from "+table)
			}
		}
		res, err := tx.db.NewDelete().Model((*User)(nil)).Where("id = ?", id).Exec(ctx)
		return changed(res, err, "delete user")
	})
}

// LockRole returns who has a role and can sign in. Whoever takes a role from somebody calls it first: others who do wait for the
// end of the transaction, and are then told of whom it left.
func (s *Store) LockRole(ctx context.Context, role string) (ids []string, err error) {
	err = s.db.NewRaw(`SELECT id FROM users WHERE role = ? AND status = ? ORDER BY id`+s.dialect.lockRow(), role, UserActive).Scan(ctx, &ids)
	return ids, wrap(err, "lock role")
}

// UserFilter narrows a list of users. Zero values mean no limit but the default of 50 rows.
type UserFilter struct {
	Status string
	Email  string // exact, normalised
	Query  string // what a name or an e-mail address begins with; case counts for nothing
	Role   string

	ExternalID string // exact

	// CreatedSince and CreatedBefore bound when the user came to be, the first included.
	CreatedSince, CreatedBefore time.Time
	After                       string // id to start behind
	Limit                       int
}

// Users returns users by id, the oldest first.
func (s *Store) Users(ctx context.Context, f UserFilter) (list []*User, err error) {
	q := s.db.NewSelect().Model(&list).Order("id").Limit(limit(f.Limit))
	if f.Status != "" {
		q = q.Where("status = ?", f.Status)
	}
	if f.Email != "" {
		q = q.Where("id IN (SELECT user_id FROM identifiers WHERE kind = 'email' AND value = ?)", f.Email)
	}
	if f.ExternalID != "" {
		q = q.Where("external_id = ? AND external_id <> ''", f.ExternalID)
	}
	if f.Role != "" {
		q = q.Where("role = ?", f.Role)
	}
	if f.Query != "" {
		q = q.Where(`(lower(name) COLLATE "C" BETWEEN lower(?0) AND lower(?1) OR id IN (SELECT user_id FROM identifiers
			WHERE kind = 'email' AND value COLLATE "C" BETWEEN lower(?0) AND lower(?1)))`, f.Query, f.Query+lastRune)
	}
	if !f.CreatedSince.IsZero() {
		q = q.Where("created_at >= ?", At(f.CreatedSince))
	}
	if !f.CreatedBefore.IsZero() {
		q = q.Where("created_at < ?", At(f.CreatedBefore))
	}
	if f.After != "" {
		q = q.Where("id > ?", f.After)
	}
	return list, wrap(q.Scan(ctx), "list users")
}

func limit(n int) int64 {
	if n <= 0 {
		return 50
	}
	return int64(min(n, 501))
}
