package factor

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1" // what others have stored
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/storage"
)

// Hashes that people bring along from elsewhere. Each is checked as it is and replaced by our Argon2id when its password is
// next at hand (passwordUsed). Formats:
//
//	$2a$, $2b$, $2y$                              bcrypt (Auth0 exports these)
//	$argon2i$, $argon2id$                         PHC string format
//	$scrypt$ln=15,r=8,p=1$salt$key                PHC string format
//	$fbscrypt$v=1,n=14,r=8,p=1,ss=...,sk=...$salt$key   Firebase's scrypt, with the project's salt separator and signer key
//	$pbkdf2-sha256$i=27500,l=32$salt$key          PHC; also $pbkdf2$ and -sha1 and -sha512, and passlib's bare count
//	pbkdf2_sha256$600000$salt$key                 Django
//
// Keycloak's credentials are PBKDF2: algorithm, hashIterations, salt and value make a PHC string.

// Bounds of what a brought hash may cost to check: about a second. Without them one hostile line takes a core for hours.
const (
	maxBcryptCost  = 14
	maxPBKDF2Count = 2_000_000
	maxScryptWork  = 256 << 20 // bytes, 128 * N * r * p
)

// imported is a brought hash: what its password makes is compared with the key.
type imported struct {
	key    []byte
	derive func(password string) ([]byte, error)
	bcrypt []byte // instead, as its package compares by itself
}

// ImportPassword takes over a hash that was made elsewhere, or returns ErrMalformedHash for one that cannot be checked here or
// not at a bearable cost.
func ImportPassword(stored string) (NewPassword, error) {
	if _, err := parsePHC(stored); err == nil {
		return NewPassword{stored}, nil
	}
	if _, err := parseImported(stored); err != nil {
		return NewPassword{}, err
	}
	return NewPassword{stored}, nil
}

// Row is the factor of a user that a new password makes, for who stores many at once.
func (p NewPassword) Row(userID string, at storage.Time) *storage.Factor {
	return &storage.Factor{UserID: userID, ID: id.New(id.Factor), Kind: string(KindPassword), Secret: []byte(p.stored), ConfirmedAt: at, CreatedAt: at}
}

// verifyStored compares a password with a stored hash, whoever made it. Others hash what is typed as it is; ours is normalised.
func (h *Hasher) verifyStored(ctx context.Context, stored, normal, typed string) (bool, error) {
	if _, err := parsePHC(stored); err == nil {
		return h.Verify(ctx, stored, normal)
	}
	want, err := parseImported(stored)
	if err != nil {
		return false, err
	}
	done, err := h.enter(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	return want.is(typed)
}

func (i imported) is(password string) (bool, error) {
	if i.bcrypt != nil {
		if len(password) > 72 { // bcrypt takes no more, and whoever made the hash cut there
			password = password[:72]
		}
		return bcrypt.CompareHashAndPassword(i.bcrypt, []byte(password)) == nil, nil
	}
	key, err := i.derive(password)
	return err == nil && secret.Equal(key, i.key), err
}

func parseImported(s string) (imported, error) {
	if len(s) > 2*maxHashText {
		return imported{}, ErrMalformedHash
	}
	if name, rest, ok := strings.Cut(s, "$"); ok && strings.HasPrefix(name, "pbkdf2_") { // Django keeps its salt as text
		part := strings.Split(rest, "$")
		if len(part) != 3 {
			return imported{}, ErrMalformedHash
		}
		return newPBKDF2(strings.TrimPrefix(name, "pbkdf2_"), part[0], []byte(part[1]), anyBase64(part[2]))
	}
	part := strings.Split(s, "$")
	if len(part) < 4 || part[0] != "" {
		return imported{}, ErrMalformedHash
	}
	switch name := part[1]; {
	case name == "2a" || name == "2b" || name == "2y":
		cost, err := bcrypt.Cost([]byte(s))
		if err != nil || cost > maxBcryptCost || len(s) != 60 {
			return imported{}, ErrMalformedHash
		}
		return imported{bcrypt: []byte(s)}, nil
	case (name == "argon2i" || name == "argon2id") && len(part) == 6 && part[2] == "v=19":
		return newArgon2(name, members(part[3]), anyBase64(part[4]), anyBase64(part[5]))
	case name == "scrypt" && len(part) == 5:
		return newScrypt(members(part[2]), "ln", anyBase64(part[3]), anyBase64(part[4]))
	case name == "fbscrypt" && len(part) == 5:
		return newFirebase(members(part[2]), anyBase64(part[3]), anyBase64(part[4]))
	case strings.HasPrefix(name, "pbkdf2") && len(part) == 5:
		digest := strings.TrimPrefix(strings.TrimPrefix(name, "pbkdf2"), "-")
		if digest == "" {
			digest = "sha1"
		}
		count, m := part[2], members(part[2])
		if m["i"] != "" {
			count = m["i"]
		}
		return newPBKDF2(digest, count, anyBase64(part[3]), anyBase64(part[4]))
	}
	return imported{}, ErrMalformedHash
}

// members reads "ln=15,r=8,p=1".
func members(s string) map[string]string {
	m := map[string]string{}
	for _, p := range strings.Split(s, ",") {
		name, value, _ := strings.Cut(p, "=")
		m[name] = value
	}
	return m
}

// anyBase64 reads what the many writers of these formats make: either alphabet, passlib's dot for a plus, padded or not. nil is
// none of them.
func anyBase64(s string) []byte {
	s = strings.TrimRight(strings.NewReplacer(".", "+", "-", "+", "_", "/").Replace(s), "=")
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		return nil
	}
	return b
}

func count(s string, most int) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 1 && n <= most
}

func newPBKDF2(digest, times string, salt, key []byte) (imported, error) {
	h := map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}[digest]
	n, ok := count(times, maxPBKDF2Count)
	if h == nil || !ok || len(salt) == 0 || len(key) < 16 || len(key) > 512 {
		return imported{}, ErrMalformedHash
	}
	return imported{key: key, derive: func(p string) ([]byte, error) { return pbkdf2.Key(h, p, salt, n, len(key)) }}, nil
}

func newArgon2(name string, m map[string]string, salt, key []byte) (imported, error) {
	mem, okM := count(m["m"], maxMemoryKiB)
	t, okT := count(m["t"], maxTime)
	p, okP := count(m["p"], maxThreads)
	if !okM || !okT || !okP || mem*t > maxWork || len(salt) < 8 || len(salt) > 64 || len(key) < 16 || len(key) > 128 {
		return imported{}, ErrMalformedHash
	}
	derive := argon2.Key
	if name == "argon2id" {
		derive = argon2.IDKey
	}
	return imported{key: key, derive: func(password string) ([]byte, error) {
		return derive([]byte(password), salt, uint32(t), uint32(mem), uint8(p), uint32(len(key))), nil
	}}, nil
}

func scryptCost(m map[string]string, log string) (n, r, p int, ok bool) {
	ln, okN := count(m[log], 20)
	r, okR := count(m["r"], 64)
	p, okP := count(m["p"], 16)
	return 1 << ln, r, p, okN && okR && okP && 128*(1<<ln)*r*p <= maxScryptWork
}

func newScrypt(m map[string]string, log string, salt, key []byte) (imported, error) {
	n, r, p, ok := scryptCost(m, log)
	if !ok || len(salt) == 0 || len(key) < 16 || len(key) > 128 {
		return imported{}, ErrMalformedHash
	}
	return imported{key: key, derive: func(password string) ([]byte, error) { return scrypt.Key([]byte(password), salt, n, r, p, len(key)) }}, nil
}

// newFirebase is scrypt whose key encrypts the project's signer key by AES-CTR.
func newFirebase(m map[string]string, salt, key []byte) (imported, error) {
	n, r, p, ok := scryptCost(m, "n")
	separator, signer := anyBase64(m["ss"]), anyBase64(m["sk"])
	if !ok || m["v"] != "1" || len(salt) == 0 || len(signer) < 16 || len(key) != len(signer) {
		return imported{}, ErrMalformedHash
	}
	salted := bytes.Join([][]byte{salt, separator}, nil)
	return imported{key: key, derive: func(password string) ([]byte, error) {
		k, err := scrypt.Key([]byte(password), salted, n, r, p, 32)
		if err != nil {
			return nil, err
		}
		block, err := aes.NewCipher(k)
		if err != nil {
			return nil, err
		}
		out := make([]byte, len(signer))
		cipher.NewCTR(block, make([]byte, aes.BlockSize)).XORKeyStream(out, signer)
		return out, nil
	}}, nil
}
