package factor

import (
	"context"
	"errors"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Why a new password is refused. A page tells the user which, in the user's words.
var (
	ErrPasswordTooShort = errors.New("password is too short")
	ErrPasswordTooLong  = errors.New("password is too long")
	ErrPasswordUnusable = errors.New("password has characters that cannot be typed again")
	ErrPasswordCommon   = errors.New("password is one of the first that are guessed")
	ErrPasswordPersonal = errors.New("password is made of the account's own words")
	ErrPasswordBreached = errors.New("password is known from a breach")
)

// MaxPasswordLength is in characters. SP 800-63B 5.1.1.2 wants 64 at least; all of them count, none is cut off.
const MaxPasswordLength = 256

// DefaultMinPasswordLength is in characters: SP 800-63B (revision 3) 5.1.1.2, and revision 4 3.1.1.2 for a password
// that is used with a second factor. Revision 4 wants 15 where a password is the only factor; an operator whose users
// have no second factor sets that.
const DefaultMinPasswordLength = 8

// Policy decides which new passwords are accepted. There are no composition rules: SP 800-63B 5.1.1.2 says that
// verifiers should not impose them, since people answer them with a capital in front and "1!" behind.
type Policy struct {
	MinLength int       // characters; 0 means DefaultMinPasswordLength
	Service   string    // the name people know the service by, refused as a password
	Breaches  *Breaches // nil: no look-up
}

// Normalize brings a typed password into the one form that is hashed: NFKC (SP 800-63B 5.1.1.2), so that the same
// keys on another keyboard or system are the same password. Nothing is trimmed or cut. It returns ErrPasswordUnusable
// for what is not text, ErrPasswordTooLong beyond MaxPasswordLength.
func Normalize(password string) (string, error) {
	if len(password) > MaxPasswordLength*utf8.UTFMax {
		return "", ErrPasswordTooLong
	}
	if !utf8.ValidString(password) {
		return "", ErrPasswordUnusable
	}
	for _, r := range password {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return "", ErrPasswordUnusable
		}
	}
	// Counted as typed: composing can only make it shorter, but a few compatibility characters become many.
	if utf8.RuneCountInString(password) > MaxPasswordLength {
		return "", ErrPasswordTooLong
	}
	return norm.NFKC.String(password), nil
}

// Accept returns the normalised form of a new password, or why it is refused. The account's own words (e-mail
// addresses, names) may not be all there is to it.
func (p Policy) Accept(ctx context.Context, password string, own ...string) (string, error) {
	password, err := Normalize(password)
	if err != nil {
		return "", err
	}
	least := p.MinLength
	if least == 0 {
		least = DefaultMinPasswordLength
	}
	// SP 800-63B 5.1.1.2: each code point counts as one character.
	if utf8.RuneCountInString(password) < least {
		return "", ErrPasswordTooShort
	}
	if personal(password, append(own, p.Service)) {
		return "", ErrPasswordPersonal
	}
	if common(password) {
		return "", ErrPasswordCommon
	}
	if p.Breaches.Contain(ctx, password) {
		return "", ErrPasswordBreached
	}
	return password, nil
}
