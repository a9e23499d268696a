package user

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// Errors of this package.
var (
	// ErrEmail: not an e-mail address that mail can be sent to.
	ErrEmail = errors.New("not an e-mail address")
	// ErrPhone: not an international phone number.
	ErrPhone = errors.New("not a phone number")
	// ErrName: longer than 200 characters, or with control characters.
	ErrName = errors.New("not a name")
	// ErrTaken: somebody has this identifier.
	ErrTaken = errors.New("identifier is taken")
)

// Users reads and writes people.
type Users struct {
	store *storage.Store
	clock clock.Clock
}

// New returns the Users of a store.
func New(store *storage.Store, clk clock.Clock) *Users { return &Users{store: store, clock: clk} }

// NormalizeEmail returns the one spelling that an address is found by: NFKC, lower case, the domain in ASCII (RFC 5891).
// Upper case in the local part is legal and in use by nobody; two accounts that differ in it would be a trap.
func NormalizeEmail(typed string) (string, error) {
	s := strings.ToLower(norm.NFKC.String(strings.TrimSpace(typed)))
	if len(s) > 254 { // RFC 5321 4.5.3.1
		return "", ErrEmail
	}
	if a, err := mail.ParseAddress(s); err != nil || a.Address != s || a.Name != "" {
		return "", ErrEmail
	}
	at := strings.LastIndexByte(s, '@')
	domain, err := idna.Lookup.ToASCII(s[at+1:])
	if err != nil || !strings.Contains(domain, ".") || strings.ContainsFunc(s[:at], unseen) {
		return "", ErrEmail
	}
	return s[:at+1] + domain, nil
}

// unseen tells whether r makes two addresses look the same, or another than they are: spaces, joiners, what turns the direction. No
// identifier of RFC 8264 4.2 has any of them but two joiners between certain letters.
func unseen(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }

// NormalizePhone returns a number in the form of E.164: a plus and 8 to 15 digits.
func NormalizePhone(typed string) (string, error) {
	var b strings.Builder
	for i, r := range norm.NFKC.String(strings.TrimSpace(typed)) {
		switch {
		case r >= '0' && r <= '9', r == '+' && i == 0:
			b.WriteRune(r)
		case strings.ContainsRune(" -./()", r):
		default:
			return "", ErrPhone
		}
	}
	s := b.String()
	if len(s) < 9 || len(s) > 16 || s[0] != '+' || s[1] == '0' {
		return "", ErrPhone
	}
	return s, nil
}

// NormalizeName returns a name as it is stored, or ErrName.
func NormalizeName(typed string) (string, error) {
	s := norm.NFC.String(strings.TrimSpace(typed))
	if len([]rune(s)) > MaxName || strings.ContainsFunc(s, unicode.IsControl) {
		return "", ErrName
	}
	return s, nil
}

// NewUser is what a user begins with. The address counts as verified unless it is said not to be: nobody gets an account for
// one they do not control, and an administrator vouches for the ones they enter.
type NewUser struct {
	Email      string
	Unverified bool // the address
	Name       string
	GivenName  string
	FamilyName string
	Locale     string
	Role       string

	ExternalID string // what they are called where they come from; "" for nothing

	// Kind is audit.SignedUp or audit.UserCreated, By who did it; empty for the user.
	Kind audit.Kind
	By   string
}

// Create adds a user in tx. It returns ErrEmail, ErrName, ErrTaken, ErrExternalID or ErrExternalIDTaken for what cannot be
// accepted.
func (u *Users) Create(ctx context.Context, tx *storage.Store, n NewUser) (*storage.User, error) {
	email, err := NormalizeEmail(n.Email)
	if err != nil {
		return nil, err
	}
	for _, name := range []*string{&n.Name, &n.GivenName, &n.FamilyName} {
		if *name, err = NormalizeName(*name); err != nil {
			return nil, err
		}
	}
	if err := CheckExternalID(n.ExternalID); err != nil {
		return nil, err
	}
	now := storage.At(u.clock.Now())
	row := &storage.User{ID: id.New(id.User), Status: storage.UserActive, Role: n.Role, Name: n.Name, GivenName: n.GivenName, FamilyName: n.FamilyName, Locale: n.Locale, ExternalID: n.ExternalID,
		PublicMetadata: "{}", PrivateMetadata: "{}", UnsafeMetadata: "{}", CreatedAt: now, UpdatedAt: now}
	address := &storage.Identifier{Kind: storage.IdentifierEmail, Value: email, UserID: row.ID, Display: strings.TrimSpace(n.Email),
		IsPrimary: true, CreatedAt: now}
	if !n.Unverified {
		address.VerifiedAt = now
	}
	err = tx.Tx(ctx, func(tx *storage.Store) error {
		err := tx.InsertUser(ctx, row, address)
		if errors.Is(err, storage.ErrConflict) && !errors.Is(err, ErrExternalIDTaken) {
			return ErrTaken
		}
		if err != nil {
			return err
		}
		blank := &storage.User{PublicMetadata: "{}", PrivateMetadata: "{}", UnsafeMetadata: "{}"}
		by := n.By
		if by == "" {
			by = row.ID
		}
		return audit.Write(ctx, tx, audit.Event{Kind: n.Kind, At: now.Time, UserID: row.ID, By: by, Data: changes(blank, row)})
	})
	if err != nil {
		return nil, err
	}
	return row, nil
}

// ByEmail returns the user with a normalised address, or storage.ErrNotFound.
func (u *Users) ByEmail(ctx context.Context, email string) (*storage.User, error) {
	row, _, err := u.store.UserByIdentifier(ctx, storage.IdentifierEmail, email)
	return row, err
}

// Person is a user with what they are found by.
type Person struct {
	*storage.User
	Email         string // primary, as it was typed
	EmailValue    string // primary, normalised
	EmailVerified bool
	Phone         string // normalised
	PhoneVerified bool

	Identifiers []*storage.Identifier // all that they are found by
}

// Person returns a user with identifiers, or storage.ErrNotFound.
func (u *Users) Person(ctx context.Context, userID string) (*Person, error) {
	row, err := u.store.User(ctx, userID)
	if err != nil {
		return nil, err
	}
	list, err := u.store.Identifiers(ctx, userID)
	if err != nil {
		return nil, fmt.Errorf("identifiers of %s: %w", userID, err)
	}
	p := &Person{User: row}
	for _, i := range list {
		p.found(i)
	}
	return p, nil
}
