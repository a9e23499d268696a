package rp

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// algorithms that are believed: asymmetric only. Without the HMAC family a public key can never be
// taken for a shared secret, and none is not a signature (RFC 8725 3.1).
var algorithms = []jose.SignatureAlgorithm{jose.ES256, jose.RS256, jose.PS256, jose.EdDSA, jose.ES384, jose.ES512}

// maxToken bounds the work that a stranger's token can cause.
const maxToken = 16 << 10

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrInvalidToken}, args...)...)
}

// verify checks a token's signature and kind and returns its claims, of which nothing is checked yet.
// RFC 8725 3.11: the kinds that a caller accepts are named, so that one never passes for another.
func (p *provider) verify(ctx context.Context, raw string, kinds ...string) (Claims, jose.SignatureAlgorithm, error) {
	if len(raw) > maxToken {
		return nil, "", invalid("%d bytes long", len(raw))
	}
	return p.verifyOfAnyLength(ctx, raw, kinds...)
}

func (p *provider) verifyOfAnyLength(ctx context.Context, raw string, kinds ...string) (Claims, jose.SignatureAlgorithm, error) {
	jws, err := jose.ParseSignedCompact(raw, algorithms)
	if err != nil {
		return nil, "", invalid("%w", err)
	}
	header := jws.Signatures[0].Protected
	if !kindIn(header, kinds) {
		return nil, "", invalid("typ %v", header.ExtraHeaders[jose.HeaderType])
	}
	if _, critical := header.ExtraHeaders["crit"]; critical {
		return nil, "", invalid("critical header") // RFC 7515 4.1.11: we understand none
	}
	alg := jose.SignatureAlgorithm(header.Algorithm)
	payload, err := p.checkSignature(ctx, jws, header.KeyID, alg)
	if err != nil {
		return nil, "", err
	}
	claims, err := parseClaims(payload)
	if err != nil {
		return nil, "", invalid("%w", err)
	}
	return claims, alg, nil
}

func (p *provider) checkSignature(ctx context.Context, jws *jose.JSONWebSignature, kid string, alg jose.SignatureAlgorithm) ([]byte, error) {
	known, reads := p.keys.matching(kid, alg)
	if payload, ok := verifyWith(jws, known); ok {
		return payload, nil
	}
	read, err := p.keys.refetch(ctx, reads)
	if err != nil && len(known) == 0 {
		return nil, err // we do not have the key and cannot ask for it: undecided
	}
	if read && err == nil {
		known, _ = p.keys.matching(kid, alg)
		if payload, ok := verifyWith(jws, known); ok {
			return payload, nil
		}
	}
	if len(known) == 0 {
		return nil, invalid("no %s key %q", alg, kid)
	}
	return nil, invalid("signature")
}

func verifyWith(jws *jose.JSONWebSignature, keys []jose.JSONWebKey) ([]byte, bool) {
	for _, key := range keys {
		if payload, err := jws.Verify(key.Key); err == nil {
			return payload, true
		}
	}
	return nil, false
}

// kindIn compares typ as RFC 7515 4.1.9 says: a media type, "application/" being optional. The empty kind
// stands for a token without typ.
func kindIn(header jose.Header, kinds []string) bool {
	value, present := header.ExtraHeaders[jose.HeaderType]
	typ, ok := value.(string)
	if present && (!ok || typ == "") {
		return false
	}
	typ = strings.TrimPrefix(strings.ToLower(typ), "application/")
	for _, kind := range kinds {
		if typ == kind {
			return true
		}
	}
	return false
}
