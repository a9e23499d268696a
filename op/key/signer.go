package key

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/storage"
)

// Typ is the explicit type in a token's header (RFC 8725 3.11): what keeps one kind from passing as another.
type Typ string

// Types of tokens that curfew signs.
const (
	TypAccess Typ = "at+jwt"       // RFC 9068 2.1
	TypID     Typ = "JWT"          // OpenID Connect Core 2 names none
	TypLogout Typ = "logout+jwt"   // Back-Channel Logout 2.4
	TypDeny   Typ = "denylist+jwt" // of curfew's own
	TypNamed  Typ = "named+jwt"    // of curfew's own
)

// Signer signs with one key. The header of each type is encoded once.
type Signer struct {
	KID, Alg string
	activeAt time.Time
	private  crypto.Signer
	headers  map[Typ][]byte
}

func newSigner(row *storage.SigningKey, sealer *secret.Sealer) (*Signer, error) {
	plain, err := sealer.Open(row.PrivateSealed, "signing_keys."+row.ID)
	if err != nil {
		return nil, err
	}
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON(plain); err != nil {
		return nil, fmt.Errorf("read private key: %w", err)
	}
	private, ok := jwk.Key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%T cannot sign", jwk.Key)
	}
	s := &Signer{KID: row.ID, Alg: row.Alg, activeAt: row.ActiveAt.Time, private: private, headers: map[Typ][]byte{}}
	for _, typ := range []Typ{TypAccess, TypID, TypLogout, TypDeny, TypNamed} {
		h := fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":%q}`, s.Alg, s.KID, typ)
		s.headers[typ] = base64.RawURLEncoding.AppendEncode(nil, []byte(h))
	}
	return s, nil
}

// Append appends the compact serialisation (RFC 7515 7.1) of payload to dst. It is assembled by hand because it stands on
// the hot path: a general encoder costs half a signature more.
func (s *Signer) Append(dst []byte, typ Typ, payload []byte) ([]byte, error) {
	start := len(dst)
	dst = append(dst, s.headers[typ]...)
	dst = append(dst, '.')
	dst = base64.RawURLEncoding.AppendEncode(dst, payload)
	sig, err := s.sign(dst[start:])
	if err != nil {
		return nil, fmt.Errorf("sign with %s: %w", s.KID, err)
	}
	dst = append(dst, '.')
	return base64.RawURLEncoding.AppendEncode(dst, sig), nil
}

func (s *Signer) sign(input []byte) ([]byte, error) {
	sum := sha256.Sum256(input)
	switch private := s.private.(type) {
	case *ecdsa.PrivateKey:
		// Without a source of randomness the nonce is derived from key and message (RFC 6979). That is a quarter cheaper,
		// and safe from a bad source; its weakness, a fault injected while the same message is signed twice, wants equal
		// messages, and every token of ours is unique.
		der, err := private.Sign(nil, sum[:], crypto.SHA256)
		if err != nil {
			return nil, err
		}
		return fixedSize(der)
	case ed25519.PrivateKey:
		return ed25519.Sign(private, input), nil
	case *rsa.PrivateKey:
		if s.Alg == "PS256" { // RFC 7518 3.5: the salt is as long as the hash
			return rsa.SignPSS(rand.Reader, private, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		}
		return rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, sum[:])
	}
	return nil, fmt.Errorf("%T cannot sign", s.private)
}

// fixedSize turns the ASN.1 of a P-256 signature into what JWS wants: R and S as 32 bytes each (RFC 7518 3.4).
func fixedSize(der []byte) ([]byte, error) {
	var pair cryptobyte.String
	var r, s []byte
	in := cryptobyte.String(der)
	if !in.ReadASN1(&pair, asn1.SEQUENCE) || !pair.ReadASN1Integer(&r) || !pair.ReadASN1Integer(&s) || len(r) > 32 || len(s) > 32 {
		return nil, errors.New("not a signature of P-256")
	}
	sig := make([]byte, 64)
	copy(sig[32-len(r):], r)
	copy(sig[64-len(s):], s)
	return sig, nil
}
