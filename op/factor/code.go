package factor

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/curfew-id/curfew/internal/secret"
)

const codeDigits = 6

var codeSpace = big.NewInt(1_000_000)

// NewCode returns six random digits, each of the million equally likely.
func NewCode() string {
	// rand.Int draws again instead of reducing, so no code is likelier than another.
	n, _ := rand.Int(rand.Reader, codeSpace) // fails only if reading randomness does, which ends the process
	return fmt.Sprintf("%0*d", codeDigits, n)
}

// NormalizeCode brings what somebody typed or pasted into six ASCII digits: digits of other scripts and full width are
// read, spaces, dashes, dots and invisible characters that came along are dropped. It reports false for anything else.
func NormalizeCode(typed string) (string, bool) {
	if len(typed) > 64 {
		return "", false
	}
	var code strings.Builder
	for _, r := range norm.NFKC.String(typed) {
		switch {
		case unicode.Is(unicode.Nd, r):
			code.WriteByte('0' + digitValue(r))
		case separator(r):
		default:
			return "", false
		}
	}
	return code.String(), code.Len() == codeDigits
}

// digitValue relies on Unicode's promise that decimal digits stand in runs of ten, zero first (UAX 44, Numeric_Type).
func digitValue(r rune) byte {
	for _, span := range unicode.Nd.R16 {
		if uint32(r) >= uint32(span.Lo) && uint32(r) <= uint32(span.Hi) {
			return byte((uint32(r) - uint32(span.Lo)) % 10)
		}
	}
	for _, span := range unicode.Nd.R32 {
		if uint32(r) >= span.Lo && uint32(r) <= span.Hi {
			return byte((uint32(r) - span.Lo) % 10)
		}
	}
	return 0
}

func separator(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || unicode.Is(unicode.Cf, r) || r == '.' || r == '_'
}

// codeMAC binds a code to the challenge it was made for: the same digits prove nothing for another challenge, purpose
// or address, and without the key a stolen table of MACs cannot be searched for the million possibilities.
func codeMAC(key []byte, challengeID, purpose, target, code string) []byte {
	return secret.MAC(key, []byte(challengeID), []byte(purpose), []byte(target), []byte(code))
}
