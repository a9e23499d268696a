package rp

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"

	"github.com/go-jose/go-jose/v4"
)

// verifyIDToken follows OIDC Core 3.1.3.7. The access token that came along is checked against at_hash;
// the nonce is compared by the callers, who differ in what they expect of it.
func (a *App) verifyIDToken(ctx context.Context, raw, accessToken string) (Claims, error) {
	claims, alg, err := a.provider.verify(ctx, raw, "", "jwt")
	if err != nil {
		return nil, err
	}
	if _, err := a.provider.checkCommon(claims, []string{a.cfg.ClientID}); err != nil {
		return nil, err
	}
	if err := a.checkParty(claims); err != nil {
		return nil, err
	}
	// OIDC Core 3.1.3.6: optional in this flow, binding when it is there.
	if hash, present := claims["at_hash"]; present {
		s, _ := hash.(string)
		if want := tokenHash(alg, accessToken); subtle.ConstantTimeCompare([]byte(s), []byte(want)) != 1 {
			return nil, invalid("at_hash")
		}
	}
	return claims, nil
}

// checkParty checks rules 4 and 5: with several audiences azp says for whom it was issued, and it must be us.
func (a *App) checkParty(claims Claims) error {
	azp, present := claims["azp"]
	if present && azp != a.cfg.ClientID || !present && len(claims.Strings("aud")) > 1 {
		return invalid("azp %v", azp)
	}
	return nil
}

// tokenHash is the left half of the hash that belongs to the signature's algorithm, base64url.
func tokenHash(alg jose.SignatureAlgorithm, token string) string {
	var sum []byte
	switch alg {
	case jose.ES384:
		h := sha512.Sum384([]byte(token))
		sum = h[:]
	case jose.ES512, jose.EdDSA: // Ed25519 hashes with SHA-512
		h := sha512.Sum512([]byte(token))
		sum = h[:]
	default:
		h := sha256.Sum256([]byte(token))
		sum = h[:]
	}
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
