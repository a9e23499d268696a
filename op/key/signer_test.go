package key

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"math/big"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

func TestSignatureOfES256IsOfFixedSize(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &Signer{KID: "key_1", Alg: "ES256", private: private}
	// One R or S in 128 is shorter than 32 bytes: enough tries meet them.
	for i := range 2000 {
		input := []byte{byte(i), byte(i >> 8)}
		sig, err := s.sign(input)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(input)
		if len(sig) != 64 || !ecdsa.Verify(&private.PublicKey, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
			t.Fatalf("signature %d of %d bytes is wrong: %x", i, len(sig), sig)
		}
	}
}

func TestFixedSizeRefusesWhatIsNoSignature(t *testing.T) {
	long := append([]byte{0x30, 0x26, 0x02, 0x21, 0x01}, make([]byte, 32)...)
	for _, der := range [][]byte{nil, {0x30, 0x00}, {0x30, 0x03, 0x02, 0x01, 0x01}, append(long, 0x02, 0x01, 0x01)} {
		if sig, err := fixedSize(der); err == nil {
			t.Errorf("%x became %x", der, sig)
		}
	}
}

func TestAppendedTokenVerifies(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &Signer{KID: "key_1", Alg: "ES256", private: private, headers: map[Typ][]byte{TypAccess: []byte("eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9")}}
	token, err := s.Append([]byte(`{"access_token":"`), TypAccess, []byte(`{"sub":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	compact, ok := bytes.CutPrefix(token, []byte(`{"access_token":"`))
	if !ok {
		t.Fatalf("what stood before was lost: %s", token)
	}
	jws, err := jose.ParseSignedCompact(string(compact), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	if payload, err := jws.Verify(private.Public()); err != nil || string(payload) != `{"sub":"x"}` {
		t.Fatalf("payload %s, %v", payload, err)
	}
}
