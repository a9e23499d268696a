package client

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/storage"
)

// ErrUnauthenticated: the client did not prove who it is. Why is not told.
var ErrUnauthenticated = errors.New("client authentication failed")

// Credentials are what a request carries, by whichever method.
type Credentials struct {
	Method    string // the one used: client_secret_basic, client_secret_post, private_key_jwt, none
	ClientID  string
	Secret    string
	Assertion string
}

// AssertionType is the client_assertion_type of private_key_jwt (RFC 7523 2.2).
const AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// maxAssertionTTL bounds how long an assertion is remembered.
const maxAssertionTTL = 10 * time.Minute

// Authenticate checks credentials against a client: by the method it registered and no other (a client registered for
// private_key_jwt must not get in by a secret). audiences are what an assertion may be addressed to.
func (r *Registry) Authenticate(ctx context.Context, c *Client, cred Credentials, audiences []string) error {
	switch c.TokenEndpointAuthMethod {
	case AuthNone:
		if cred.Method != AuthNone {
			return ErrUnauthenticated
		}
		return nil
	case AuthKey:
		if cred.Method != AuthKey {
			return ErrUnauthenticated
		}
		return r.checkAssertion(ctx, c, cred.Assertion, audiences)
	default:
		// Basic and post carry the same secret; RFC 6749 2.3.1 has every server take basic.
		if cred.Method != AuthBasic && cred.Method != AuthPost {
			return ErrUnauthenticated
		}
		if len(c.SecretHash) == 0 || !secret.Equal(secret.Hash(cred.Secret), c.SecretHash) {
			return ErrUnauthenticated
		}
		return nil
	}
}

// AssertionIssuer reads who an assertion says it is from, unverified, to find the client that must have signed it.
func AssertionIssuer(assertion string) string {
	if len(assertion) > 8<<10 {
		return ""
	}
	t, err := jwt.ParseSigned(assertion, assertionAlgs)
	if err != nil {
		return ""
	}
	var c jwt.Claims
	if err := t.UnsafeClaimsWithoutVerification(&c); err != nil {
		return ""
	}
	return c.Issuer
}

// Asymmetric ones only: with HS256 in the list a public key could be taken for a shared secret.
var assertionAlgs = []jose.SignatureAlgorithm{jose.ES256, jose.ES384, jose.RS256, jose.PS256, jose.EdDSA}

// checkAssertion checks what RFC 7523 section 3 and OpenID Connect Core 9 ask of an assertion.
func (r *Registry) checkAssertion(ctx context.Context, c *Client, assertion string, audiences []string) error {
	if len(assertion) > 8<<10 {
		return ErrUnauthenticated
	}
	jws, err := jose.ParseSignedCompact(assertion, assertionAlgs)
	if err != nil {
		return ErrUnauthenticated
	}
	payload, ok := verifyAny(jws, c.JWKS)
	if !ok {
		return ErrUnauthenticated
	}
	var claims jwt.Claims
	if err := json.Unmarshal(payload, &claims); err != nil {
		return ErrUnauthenticated
	}
	now := r.clock.Now()
	addressed := false
	for _, a := range audiences {
		addressed = addressed || claims.Audience.Contains(a)
	}
	if claims.Issuer != c.ID || claims.Subject != c.ID || !addressed || claims.ID == "" || claims.Expiry == nil {
		return ErrUnauthenticated
	}
	expires := claims.Expiry.Time()
	if !now.Before(expires) || expires.After(now.Add(maxAssertionTTL)) {
		return ErrUnauthenticated
	}
	if claims.NotBefore != nil && claims.NotBefore.Time().After(now.Add(5*time.Second)) {
		return ErrUnauthenticated
	}
	// By its hash: a jti is any text of any length, and a column with an index takes neither.
	err = r.store.UseAssertion(ctx, c.ID, base64.RawURLEncoding.EncodeToString(secret.Hash(claims.ID)), expires, now)
	if errors.Is(err, storage.ErrConflict) {
		return ErrUnauthenticated
	}
	return err
}

func verifyAny(jws *jose.JSONWebSignature, set *jose.JSONWebKeySet) ([]byte, bool) {
	if set == nil || len(jws.Signatures) != 1 {
		return nil, false
	}
	h := jws.Signatures[0].Header
	for _, k := range set.Keys {
		if h.KeyID != "" && k.KeyID != "" && h.KeyID != k.KeyID || k.Algorithm != "" && k.Algorithm != h.Algorithm {
			continue
		}
		if payload, err := jws.Verify(k); err == nil {
			return payload, true
		}
	}
	return nil, false
}
