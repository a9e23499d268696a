package webhook

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/curfew-id/curfew/internal/secret"
)

// Signature schemes.
const (
	HMAC    = "hmac"    // v1: HMAC-SHA-256
	Ed25519 = "ed25519" // v1a
)

// Prefixes of what keys look like (Standard Webhooks, Signature scheme).
const (
	prefixSecret  = "whsec_"
	prefixPrivate = "whsk_"
	prefixPublic  = "whpk_"
)

// ErrSecret is returned for what is no secret of either scheme.
var ErrSecret = errors.New("not a webhook secret")

// Secret is what messages to an endpoint are signed with.
type Secret struct {
	hmac    []byte
	private ed25519.PrivateKey
}

// NewSecret makes one for a scheme.
func NewSecret(scheme string) Secret {
	if scheme == Ed25519 {
		return Secret{private: ed25519.NewKeyFromSeed(secret.Bytes(ed25519.SeedSize))}
	}
	return Secret{hmac: secret.Bytes(32)}
}

// decode is strict: encoding/base64 would pass over line breaks.
func decode(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, ErrSecret
	}
	return base64.StdEncoding.Strict().DecodeString(s)
}

// ParseSecret reads what String wrote: whsec_ and base64 of 24 to 64 bytes, or whsk_ and base64 of an ed25519 key.
func ParseSecret(s string) (Secret, error) {
	if rest, ok := strings.CutPrefix(s, prefixSecret); ok {
		b, err := decode(rest)
		if err != nil || len(b) < 24 || len(b) > 64 {
			return Secret{}, ErrSecret
		}
		return Secret{hmac: b}, nil
	}
	rest, ok := strings.CutPrefix(s, prefixPrivate)
	b, err := decode(rest)
	if !ok || err != nil || len(b) != ed25519.PrivateKeySize {
		return Secret{}, ErrSecret
	}
	return Secret{private: b}, nil
}

// String is the secret in the form that receivers' libraries take. It is not for logs.
func (s Secret) String() string {
	if s.private != nil {
		return prefixPrivate + base64.StdEncoding.EncodeToString(s.private)
	}
	return prefixSecret + base64.StdEncoding.EncodeToString(s.hmac)
}

// Public is the key that an ed25519 signature is verified with; empty for HMAC.
func (s Secret) Public() string {
	if s.private == nil {
		return ""
	}
	return prefixPublic + base64.StdEncoding.EncodeToString(s.private.Public().(ed25519.PublicKey))
}

// Sign is the signature of a message at an instant, as it stands in the header.
func (s Secret) Sign(id string, at time.Time, payload []byte) string {
	signed := append([]byte(id+"."+strconv.FormatInt(at.Unix(), 10)+"."), payload...)
	if s.private != nil {
		return "v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(s.private, signed))
	}
	m := hmac.New(sha256.New, s.hmac)
	m.Write(signed)
	return "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil))
}
