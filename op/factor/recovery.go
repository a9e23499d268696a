package factor

import (
	"encoding/base32"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/curfew-id/curfew/internal/secret"
)

const (
	// RecoveryCodes is how many a user gets.
	RecoveryCodes = 10

	recoveryBytes = 10 // 80 bit
	recoveryChars = 16
	recoveryGroup = 4
)

// Crockford's base32: no letter that is mistaken for a digit.
var recoveryEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// newRecoveryCode returns 80 random bits as four groups of four: 7k2m-x0pq-vd3n-9hzt.
func newRecoveryCode() string {
	plain := recoveryEncoding.EncodeToString(secret.Bytes(recoveryBytes))
	groups := make([]string, 0, recoveryChars/recoveryGroup)
	for at := 0; at < len(plain); at += recoveryGroup {
		groups = append(groups, plain[at:at+recoveryGroup])
	}
	return strings.Join(groups, "-")
}

var misread = strings.NewReplacer("o", "0", "i", "1", "l", "1")

// NormalizeRecoveryCode brings what somebody read off paper into the form that is hashed: lower case, without
// separators, with o, i and l as the digits they were. It reports false for what cannot be a recovery code.
func NormalizeRecoveryCode(typed string) (string, bool) {
	if len(typed) > 128 {
		return "", false
	}
	code := strings.Map(func(r rune) rune {
		if separator(r) {
			return -1
		}
		return r
	}, strings.ToLower(norm.NFKC.String(typed)))
	code = misread.Replace(code)
	if len(code) != recoveryChars {
		return "", false
	}
	_, err := recoveryEncoding.DecodeString(code)
	return code, err == nil
}

// recoveryMAC is how a code is stored: bound to its user, under a key outside the database.
func recoveryMAC(key []byte, userID, code string) []byte {
	return secret.MAC(key, []byte(userID), []byte(code))
}
