package user

import (
	"errors"
	"unicode"
	"unicode/utf8"

	"github.com/curfew-id/curfew/storage"
)

// MaxExternalID bounds what a user is called where they come from, in characters.
const MaxExternalID = 255

// Errors of external ids.
var (
	// ErrExternalID: longer than 255 characters, or with control characters.
	ErrExternalID = errors.New("not an external id")
	// ErrExternalIDTaken: somebody else has this external id.
	ErrExternalIDTaken = storage.ErrExternalIDTaken
)

// CheckExternalID returns ErrExternalID for what cannot be one; "" is none and can. It is somebody else's name for the user: it is
// kept as it is, and compared byte by byte.
func CheckExternalID(s string) error {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > MaxExternalID {
		return ErrExternalID
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return ErrExternalID
		}
	}
	return nil
}
