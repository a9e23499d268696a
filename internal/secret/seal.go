package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// ErrUnsealable is returned by Open for bytes that were not sealed under this key and name.
var ErrUnsealable = errors.New("cannot be unsealed with this key-encryption key")

// Sealer keeps secrets at rest: AES-256-GCM under a key-encryption key that is never in the database.
type Sealer struct{ aead cipher.AEAD }

// NewSealer returns a Sealer for a 32-byte key-encryption key.
func NewSealer(kek []byte) (*Sealer, error) {
	if len(kek) != 32 {
		return nil, fmt.Errorf("key-encryption key has %d bytes, want 32", len(kek))
	}
	block, err := aes.NewCipher(Derive(kek, "seal"))
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &Sealer{aead}, nil
}

// Seal encrypts plain. The name (which row and column it belongs to) is authenticated with it, so that a sealed value
// copied to another row does not open there.
func (s *Sealer) Seal(plain []byte, name string) []byte {
	nonce := Bytes(s.aead.NonceSize())
	return s.aead.Seal(nonce, nonce, plain, []byte(name))
}

// Open decrypts what Seal returned for the same name, or returns ErrUnsealable.
func (s *Sealer) Open(sealed []byte, name string) ([]byte, error) {
	n := s.aead.NonceSize()
	if len(sealed) < n {
		return nil, ErrUnsealable
	}
	plain, err := s.aead.Open(nil, sealed[:n], sealed[n:], []byte(name))
	if err != nil {
		return nil, ErrUnsealable
	}
	return plain, nil
}
