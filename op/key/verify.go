package key

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// ErrInvalid: not a token that curfew signed, or not one of the type asked for.
var ErrInvalid = errors.New("not a token of ours")

// maxToken bounds what is parsed; our own tokens are smaller than 5 KiB.
const maxToken = 16 << 10

// Verify checks signature and type and returns the payload. Whether the token is still good is for the caller to decide.
func (r *Ring) Verify(ctx context.Context, token string, typ Typ) ([]byte, error) {
	if len(token) > maxToken || !canonical(token) {
		return nil, ErrInvalid
	}
	// RFC 8725 3.1: only the algorithms that we sign with, never the one a token asks for.
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256, jose.RS256, jose.PS256, jose.EdDSA})
	if err != nil || len(jws.Signatures) != 1 {
		return nil, ErrInvalid
	}
	h := jws.Signatures[0].Protected
	// RFC 9068 4, RFC 8725 3.11: an ID token must not pass as an access token, nor the other way about.
	if got, _ := h.ExtraHeaders[jose.HeaderType].(string); got != string(typ) {
		return nil, ErrInvalid
	}
	k, err := r.Key(ctx, h.KeyID)
	if errors.Is(err, ErrNoKey) {
		return nil, ErrInvalid
	}
	if err != nil {
		return nil, fmt.Errorf("find key: %w", err)
	}
	if k.Algorithm != h.Algorithm { // a key signs with one algorithm only
		return nil, ErrInvalid
	}
	payload, err := jws.Verify(k)
	if err != nil {
		return nil, ErrInvalid
	}
	return payload, nil
}

// canonical accepts the one spelling of a compact serialisation (RFC 7515 2: no line breaks, no padding). The parser is
// lenient about white space and about the last bits of a part, and one token should not be many strings.
func canonical(token string) bool {
	if strings.ContainsAny(token, "\r\n") { // which the decoder skips even when strict
		return false
	}
	for part := range strings.SplitSeq(token, ".") {
		if _, err := base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return false
		}
	}
	return true
}
