package op_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/client"
)

// keyed is a client that authenticates by private_key_jwt.
type keyed struct {
	*kit
	key *ecdsa.PrivateKey
	n   int
}

func newKeyed(k *kit) *keyed {
	c := &keyed{kit: k, key: ecKey(k)}
	k.register("keyed", client.Metadata{TokenEndpointAuthMethod: client.AuthKey, SkipConsent: true,
		RedirectURIs: []string{"https://rp.example.com/cb"},
		JWKS:         &jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: c.key.Public(), KeyID: "k1", Algorithm: "ES256", Use: "sig"}}}})
	return c
}

func ecKey(k *kit) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	k.must(err)
	return key
}

// claims are those of a good assertion (RFC 7523 3), each with a new jti.
func (c *keyed) claims() map[string]any {
	c.n++
	now := c.clock.Now()
	return map[string]any{"iss": "keyed", "sub": "keyed", "aud": issuer + "/oauth/token", "jti": "jti-" + string(rune('a'+c.n)),
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}
}

func (c *keyed) signed(alg jose.SignatureAlgorithm, key any, claims map[string]any) string {
	c.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "k1"))
	c.must(err)
	s, err := jwt.Signed(signer).Claims(claims).Serialize()
	c.must(err)
	return s
}

func (c *keyed) present(assertion string, pairs ...string) answer {
	c.Helper()
	return c.send(formRequest("/oauth/token", with(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"},
		"client_assertion_type": {client.AssertionType}, "client_assertion": {assertion}}, pairs...)))
}

func TestPrivateKeyJWT(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		c := newKeyed(k)
		code := k.signedIn(k.person("user@example.com")).code("keyed")
		good := func() string { return c.signed(jose.ES256, c.key, c.claims()) }
		form := k.codeForm("keyed", code, "client_assertion_type", client.AssertionType)
		got := k.send(formRequest("/oauth/token", with(form, "client_assertion", good()))).tokens(t)
		c.present(good(), "refresh_token", got.RefreshToken).tokens(t)
		c.present(good(), "refresh_token", got.RefreshToken, "client_id", "keyed").tokens(t)
		audience := c.claims()
		audience["aud"] = []string{"https://elsewhere.example.com", issuer}
		c.present(c.signed(jose.ES256, c.key, audience), "refresh_token", got.RefreshToken).tokens(t)
		if a := k.send(formRequest("/oauth/introspect", url.Values{"token": {got.AccessToken}, "client_assertion_type": {client.AssertionType},
			"client_assertion": {good()}})); a.json(t)["active"] != true {
			t.Errorf("introspection: %s", a.body)
		}
	})
}

// RFC 7523 3, OpenID Connect Core 9.
func TestPrivateKeyJWTRefusesBadAssertions(t *testing.T) {
	k := light(t)
	c := newKeyed(k)
	now := k.clock.Now()
	for name, change := range map[string]func(map[string]any){
		"another issuer":     func(m map[string]any) { m["iss"] = "web" },
		"another subject":    func(m map[string]any) { m["sub"] = "web" },
		"no issuer":          func(m map[string]any) { delete(m, "iss") },
		"no subject":         func(m map[string]any) { delete(m, "sub") },
		"no audience":        func(m map[string]any) { delete(m, "aud") },
		"another audience":   func(m map[string]any) { m["aud"] = "https://elsewhere.example.com" },
		"audience prefix":    func(m map[string]any) { m["aud"] = issuer + "/" },
		"audience of a path": func(m map[string]any) { m["aud"] = issuer + "/oauth" },
		"no expiry":          func(m map[string]any) { delete(m, "exp") },
		"expired":            func(m map[string]any) { m["exp"] = now.Unix() },
		"long past":          func(m map[string]any) { m["exp"] = 0 },
		"in an hour":         func(m map[string]any) { m["exp"] = now.Add(time.Hour).Unix() },
		"huge expiry":        func(m map[string]any) { m["exp"] = 1e300 },
		"negative expiry":    func(m map[string]any) { m["exp"] = -1e300 },
		"text for expiry":    func(m map[string]any) { m["exp"] = "soon" },
		"not yet":            func(m map[string]any) { m["nbf"] = now.Add(time.Minute).Unix() },
		"no jti":             func(m map[string]any) { delete(m, "jti") },
		"empty jti":          func(m map[string]any) { m["jti"] = "" },
	} {
		claims := c.claims()
		change(claims)
		if a := c.present(c.signed(jose.ES256, c.key, claims)); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
	if a := c.present(c.signed(jose.ES256, ecKey(k), c.claims())); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("foreign key: %d", a.StatusCode)
	}
	// RFC 8725 2.1: a public key taken for a shared secret, and no signature at all.
	x, err := c.key.PublicKey.ECDH()
	k.must(err)
	if a := c.present(c.signed(jose.HS256, x.Bytes(), c.claims())); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("HS256: %d", a.StatusCode)
	}
	if a := c.present(unsigned(t, map[string]any{"alg": "none"}, c.claims())); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("none: %d", a.StatusCode)
	}
	good := c.signed(jose.ES256, c.key, c.claims())
	c.present(good, "client_id", "web").wantError(t, 401, "invalid_client")
	c.present(good, "client_secret", "x").wantError(t, 400, "invalid_request")
	// A client registered for a key does not get in by anything else.
	k.call("/oauth/token", "keyed", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}).wantError(t, 401, "invalid_client")
	k.call("/oauth/token", "keyed", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "client_secret": {"x"}}).wantError(t, 401, "invalid_client")
	// And a good assertion of another kind of client proves nothing.
	claims := c.claims()
	claims["iss"], claims["sub"] = "web", "web"
	c.present(c.signed(jose.ES256, c.key, claims)).wantError(t, 401, "invalid_client")
	c.present(good).wantError(t, 400, "invalid_grant") // it was not used up by the refused ones
}

// RFC 7523 3 (jti): an assertion is good once, of twenty at the same moment for one.
func TestPrivateKeyJWTIsGoodOnce(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		c := newKeyed(k)
		assertion := c.signed(jose.ES256, c.key, c.claims())
		var in atomic.Int32
		var wg sync.WaitGroup
		begin := make(chan struct{})
		for range 20 {
			wg.Go(func() {
				<-begin
				switch a := c.present(assertion); a.StatusCode {
				case http.StatusBadRequest: // authenticated; the refresh token is not good
					in.Add(1)
				case http.StatusUnauthorized:
				default:
					t.Errorf("%d %s", a.StatusCode, a.body)
				}
			})
		}
		close(begin)
		wg.Wait()
		if in.Load() != 1 {
			t.Fatalf("accepted %d times", in.Load())
		}
	})
}

// A jti is any text, of any length that fits into an assertion.
func TestPrivateKeyJWTWithAnOddIdentifier(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		c := newKeyed(k)
		for _, jti := range []string{secret.New(4000), "a\x00b", "ab", "\u202e", strings.Repeat("x", 5000)} {
			claims := c.claims()
			claims["jti"] = jti
			assertion := c.signed(jose.ES256, c.key, claims)
			c.present(assertion).wantError(t, 400, "invalid_grant") // authenticated
			c.present(assertion).wantError(t, 401, "invalid_client")
		}
	})
}
