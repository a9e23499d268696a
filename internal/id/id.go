package id

import (
	"encoding/base32"
	"errors"
	"strings"

	"github.com/google/uuid"
)

// Kinds of things, as they are written before the underscore.
const (
	User         = "usr"
	Session      = "ses"
	Device       = "dev"
	AuthRequest  = "req"
	Family       = "fam"
	Factor       = "fac"
	Challenge    = "chl"
	Event        = "evt"
	Delivery     = "dlv"
	Key          = "key"
	Client       = "app"
	ActorToken   = "act"
	Webhook      = "whk"
	Message      = "msg"
	LogoutIntent = "out"
	SessionEnd   = "end"
	Chain        = "chn"
	APIKey       = "apk"
	Import       = "imp"
)

// ErrMalformed is returned by Bytes for anything that New could not have made.
var ErrMalformed = errors.New("malformed id")

// Lower-case Crockford base32: no padding, and its order is the order of the bytes.
var encoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// New returns a fresh identifier of the given kind. It panics only if the system has no randomness.
func New(kind string) string {
	return FromBytes(kind, uuid.Must(uuid.NewV7()))
}

// FromBytes writes 16 bytes as an identifier of the given kind.
func FromBytes(kind string, b [16]byte) string {
	return kind + "_" + encoding.EncodeToString(b[:])
}

// Bytes returns the 16 bytes of an identifier of the given kind, or ErrMalformed.
func Bytes(kind, s string) (b [16]byte, err error) {
	rest, ok := strings.CutPrefix(s, kind+"_")
	if !ok || len(rest) != 26 {
		return b, ErrMalformed
	}
	if n, err := encoding.Decode(b[:], []byte(rest)); err != nil || n != 16 {
		return b, ErrMalformed
	}
	if FromBytes(kind, b) != s { // one spelling only: stray low bits in the last character
		return b, ErrMalformed
	}
	return b, nil
}

// Next returns a fresh identifier behind one of the given kind in the order of time, or ErrMalformed.
func Next(kind, s string) (string, error) {
	b, err := Bytes(kind, s)
	if err != nil {
		return "", err
	}
	const ordered = 10 // what follows is random in a UUIDv7, and is made anew: two that follow one identifier must differ
	for i := ordered - 1; i >= 0; i-- {
		if b[i]++; b[i] != 0 {
			break
		}
	}
	fresh := uuid.New()
	copy(b[ordered:], fresh[ordered:])
	return FromBytes(kind, b), nil
}
