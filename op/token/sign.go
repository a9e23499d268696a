package token

import (
	"time"

	"github.com/curfew-id/curfew/op/key"
)

// TTL is how long any token of curfew lives, counted from the reading of the clock before its session was read.
const TTL = 60 * time.Second

// sign is the only place where a token is signed, and where its life is set: iat and exp are appended here, last, from
// the instant of the read. until can only shorten it, zero does not. claims is an open JSON object without its closing brace.
func (t *Tokens) sign(dst []byte, signer *key.Signer, typ key.Typ, claims []byte, readAt, until time.Time) ([]byte, error) {
	iat := readAt.Unix() // rounds down: a token can only live shorter than TTL
	claims = append(claims, `,"iat":`...)
	claims = appendInt(claims, iat)
	claims = append(claims, `,"exp":`...)
	claims = appendInt(claims, expiry(readAt, until))
	claims = append(claims, '}')
	return signer.Append(dst, typ, claims)
}

// expiry is the exp of a token.
func expiry(readAt, until time.Time) int64 {
	exp := readAt.Unix() + int64(TTL/time.Second)
	if !until.IsZero() {
		exp = min(exp, until.Unix())
	}
	return exp
}
