package factor

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/curfew-id/curfew/internal/secret"
)

// ErrMalformedHash is returned for a stored password hash that is not Argon2id in the PHC string format, or asks for
// more than this server is willing to spend.
var ErrMalformedHash = errors.New("malformed password hash")

// Params are the cost of one Argon2id hash (RFC 9106 3.1).
type Params struct {
	MemoryKiB uint32 // m
	Time      uint32 // t, passes
	Threads   uint8  // p
	SaltLen   int    // bytes
	KeyLen    int    // bytes
}

// DefaultParams is 46 MiB, one pass, one lane: the first of the equivalent choices in OWASP's Password Storage Cheat
// Sheet. One lane, because the hashes of different people already fill the cores.
var DefaultParams = Params{MemoryKiB: 46 * 1024, Time: 1, Threads: 1, SaltLen: 16, KeyLen: 32}

// Upper bounds of what a stored string may ask for. The cost is read from the row, and rows are imported from
// elsewhere: without bounds one hostile row takes all memory at the next sign-in.
const (
	maxMemoryKiB = 256 * 1024
	maxTime      = 16
	maxThreads   = 16
	maxWork      = 1024 * 1024 // memory x passes, KiB: about a second
	maxHashText  = 512
)

// phc is one parsed string: $argon2id$v=19$m=47104,t=1,p=1$salt$key.
type phc struct {
	Params
	salt, key []byte
}

// parsePHC reads the PHC string format as Argon2's reference implementation writes it: members in this order, numbers
// without leading zeros, base64 without padding.
func parsePHC(s string) (phc, error) {
	var h phc
	if len(s) > maxHashText {
		return phc{}, ErrMalformedHash
	}
	part := strings.Split(s, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != "v=19" {
		return phc{}, ErrMalformedHash
	}
	cost := strings.Split(part[3], ",")
	if len(cost) != 3 {
		return phc{}, ErrMalformedHash
	}
	m, okM := number(cost[0], "m=", maxMemoryKiB)
	t, okT := number(cost[1], "t=", maxTime)
	p, okP := number(cost[2], "p=", maxThreads)
	// RFC 9106 3.1: at least 8 blocks of memory a lane.
	if !okM || !okT || !okP || m < 8*p || m*t > maxWork {
		return phc{}, ErrMalformedHash
	}
	var err error
	if h.salt, err = b64.DecodeString(part[4]); err != nil || len(h.salt) < 8 || len(h.salt) > 64 {
		return phc{}, ErrMalformedHash
	}
	if h.key, err = b64.DecodeString(part[5]); err != nil || len(h.key) < 16 || len(h.key) > 64 {
		return phc{}, ErrMalformedHash
	}
	h.Params = Params{MemoryKiB: uint32(m), Time: uint32(t), Threads: uint8(p), SaltLen: len(h.salt), KeyLen: len(h.key)}
	if h.String() != s { // one spelling only
		return phc{}, ErrMalformedHash
	}
	return h, nil
}

var b64 = base64.RawStdEncoding.Strict()

func number(s, prefix string, most uint64) (uint64, bool) {
	digits, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	return n, err == nil && n >= 1 && n <= most
}

// String writes the PHC string.
func (h phc) String() string {
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s",
		h.MemoryKiB, h.Time, h.Threads, b64.EncodeToString(h.salt), b64.EncodeToString(h.key))
}

// derive spends the memory and the time.
func (h phc) derive(password string) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.Time, h.MemoryKiB, h.Threads, uint32(h.KeyLen))
}

func newPHC(p Params, password string) phc {
	h := phc{Params: p, salt: secret.Bytes(p.SaltLen)}
	h.key = h.derive(password)
	return h
}

// NeedsRehash reports whether a stored hash was made with other parameters than p, so that it is replaced the next
// time the password is at hand.
func NeedsRehash(stored string, p Params) bool {
	h, err := parsePHC(stored)
	return err != nil || h.Params != p
}
