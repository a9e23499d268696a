package secret

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// New returns n random bytes as base64url without padding.
func New(n int) string { return base64.RawURLEncoding.EncodeToString(Bytes(n)) }

// Bytes returns n random bytes.
func Bytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // crypto/rand.Read never fails; it ends the process instead
	return b
}

// Hash is how a random secret of ours is stored: SHA-256. A random secret has nothing to guess, so a slow hash
// would only slow the server down.
func Hash(s string) []byte {
	h := sha256.Sum256([]byte(s))
	return h[:]
}

// Equal compares in constant time.
func Equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

// MAC returns HMAC-SHA-256 of the parts under key, each part preceded by its length so that no two lists of parts
// collide.
func MAC(key []byte, parts ...[]byte) []byte {
	m := hmac.New(sha256.New, key)
	for _, p := range parts {
		m.Write([]byte{byte(len(p) >> 24), byte(len(p) >> 16), byte(len(p) >> 8), byte(len(p))})
		m.Write(p)
	}
	return m.Sum(nil)
}

// Derive returns a 32-byte key for one purpose from the master key (HKDF-SHA-256, RFC 5869), so that no two uses
// share a key.
func Derive(master []byte, purpose string) []byte {
	k, err := hkdf.Key(sha256.New, master, nil, "curfew "+purpose, 32)
	if err != nil {
		panic(err) // only for lengths over 255 hashes
	}
	return k
}
