package op_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/token"
)

// unsigned makes a JWT with an empty signature.
func unsigned(t testing.TB, header, claims map[string]any) string {
	t.Helper()
	var out []string
	for _, part := range []map[string]any{header, claims} {
		b, err := json.Marshal(part)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, base64.RawURLEncoding.EncodeToString(b))
	}
	return strings.Join(out, ".") + "."
}

func signedWith(t testing.TB, alg jose.SignatureAlgorithm, k any, header, claims map[string]any) string {
	t.Helper()
	opts := &jose.SignerOptions{}
	for name, v := range header {
		if name != "alg" {
			opts.WithHeader(jose.HeaderKey(name), v)
		}
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: k}, opts)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(b)
	if err != nil {
		t.Fatal(err)
	}
	s, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// RFC 8725 2.1, 3.1, 3.11, 3.12: what is not exactly an access token of ours is none anywhere.
func TestForgedAccessTokensAreRefused(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	got := b.signInTo("web")
	header, claims := parts(t, got.AccessToken)
	kid := header["kid"].(string)
	ours, err := k.ring.Key(t.Context(), kid)
	k.must(err)
	public, err := json.Marshal(ours)
	k.must(err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	k.must(err)
	change := func(m map[string]any, pairs ...any) map[string]any {
		out := map[string]any{}
		for name, v := range m {
			out[name] = v
		}
		for i := 0; i < len(pairs); i += 2 {
			out[pairs[i].(string)] = pairs[i+1]
		}
		return out
	}
	elsewhere := token.New("https://other.example.com", k.ring, k.store, k.clock, make([]byte, 32))
	_, family, _, err := k.tokens.ParseRefresh(got.RefreshToken)
	k.must(err)
	g, err := k.store.Grant(t.Context(), b.current().UserID, family, k.clock.Now())
	k.must(err)
	foreignIssuer, err := elsewhere.Access(nil, g, nil)
	k.must(err)

	bad := map[string]string{
		"empty":                     "",
		"ID token":                  got.IDToken,
		"refresh token":             got.RefreshToken,
		"alg none":                  unsigned(t, change(header, "alg", "none"), claims),
		"alg None":                  unsigned(t, change(header, "alg", "NonE"), claims),
		"alg none with a signature": unsigned(t, change(header, "alg", "none"), claims) + strings.Split(got.AccessToken, ".")[2],
		"no signature":              got.AccessToken[:strings.LastIndexByte(got.AccessToken, '.')+1],
		"HS256 with the public JWK": signedWith(t, jose.HS256, public, header, claims),
		"HS256 with the kid":        signedWith(t, jose.HS256, []byte(kid), header, claims),
		"foreign key with our kid":  signedWith(t, jose.ES256, ecKey(k), header, claims),
		"foreign RSA key":           signedWith(t, jose.RS256, rsaKey, header, claims),
		"embedded key": signedWith(t, jose.ES256, ecKey(k), change(header, "jwk", jose.JSONWebKey{Key: ecKey(k).Public()},
			"kid", "mine"), claims),
		"jku":           signedWith(t, jose.ES256, ecKey(k), change(header, "jku", "https://evil.example.com/jwks", "kid", "mine"), claims),
		"no kid":        unsigned(t, map[string]any{"alg": "ES256", "typ": "at+jwt"}, claims) + strings.Split(got.AccessToken, ".")[2],
		"crit":          signedWith(t, jose.ES256, ecKey(k), change(header, "crit", []string{"x"}, "x", 1), claims),
		"other issuer":  string(foreignIssuer),
		"JSON instead":  `{"payload":"x","signatures":[]}`,
		"encrypted":     "a.b.c.d.e",
		"huge":          got.AccessToken + strings.Repeat("A", 1<<15),
		"dots":          strings.Repeat(".", 1000),
		"padded":        got.AccessToken + "=",
		"spaces":        got.AccessToken[:20] + " " + got.AccessToken[20:],
		"second period": strings.Replace(got.AccessToken, ".", "..", 1),
	}
	for _, path := range []string{"../../../etc/passwd", "/dev/null", "' OR 1=1 --", "\x00", strings.Repeat("k", 5000), "*", ""} {
		bad["kid "+path[:min(8, len(path))]] = signedWith(t, jose.ES256, ecKey(k), change(header, "kid", path), claims)
	}
	// The right key, and the wrong type or claims.
	signer, err := k.ring.Signer("ES256")
	k.must(err)
	sign := func(typ key.Typ, claims map[string]any) string {
		b, err := json.Marshal(claims)
		k.must(err)
		s, err := signer.Append(nil, typ, b)
		k.must(err)
		return string(s)
	}
	bad["typ JWT"] = sign(key.TypID, claims)
	bad["typ logout+jwt"] = sign(key.TypLogout, claims)
	bad["audience without us"] = sign(key.TypAccess, change(claims, "aud", []string{"web"}))
	bad["audience a prefix"] = sign(key.TypAccess, change(claims, "aud", []string{issuer + "/"}))
	bad["expired"] = sign(key.TypAccess, change(claims, "exp", k.clock.Now().Unix()))
	bad["no expiry"] = sign(key.TypAccess, change(claims, "exp", nil))
	bad["another's family"] = sign(key.TypAccess, change(claims, "sub", "usr_00000000000000000000000000"))
	bad["no family"] = sign(key.TypAccess, change(claims, "jti", "x"))
	bad["claims that are a list"] = func() string {
		s, err := signer.Append(nil, key.TypAccess, []byte(`["x"]`))
		k.must(err)
		return string(s)
	}()

	if sign(key.TypAccess, claims) == "" || k.userinfo(sign(key.TypAccess, claims)).StatusCode != http.StatusOK {
		t.Fatal("the unchanged one is refused")
	}
	for name, tok := range bad {
		if a := k.userinfo(tok); a.StatusCode != http.StatusUnauthorized || strings.Contains(a.body, "@") {
			t.Errorf("%s at userinfo: %d %s", name, a.StatusCode, a.body)
		}
		if tok == "" || name == "refresh token" {
			continue
		}
		if k.active("gateway", tok) {
			t.Errorf("%s is active", name)
		}
		if a := k.call("/oauth/revoke", "web", url.Values{"token": {tok}}); a.StatusCode != http.StatusOK { // RFC 7009 2.2
			t.Errorf("%s at revocation: %d %s", name, a.StatusCode, a.body)
		}
	}
	if a := k.userinfo(got.AccessToken); a.StatusCode != http.StatusOK {
		t.Fatalf("the good one was taken along: %d", a.StatusCode)
	}
}

// Every bit of a token's signature and payload counts.
func TestTamperedAccessTokensAreRefused(t *testing.T) {
	k := light(t)
	got := k.signedIn(k.person("user@example.com")).signInTo("web")
	raw := []byte(got.AccessToken)
	for i := range raw {
		if raw[i] == '.' {
			continue
		}
		was := raw[i]
		raw[i] = "AB"[btoi(was == 'A')]
		if a := k.userinfo(string(raw)); a.StatusCode != http.StatusUnauthorized {
			t.Fatalf("byte %d: %d", i, a.StatusCode)
		}
		raw[i] = was
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// An access token is no id_token_hint, and an ID token of another client or issuer is none either.
func TestHintMustBeAnIDTokenOfTheClient(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	got, other := b.signInTo("web"), b.signInTo("other")
	header, claims := parts(t, got.IDToken)
	for name, hint := range map[string]string{
		"access token":      got.AccessToken,
		"refresh token":     got.RefreshToken,
		"another client's":  other.IDToken,
		"garbage":           "x",
		"unsigned":          unsigned(t, map[string]any{"alg": "none", "typ": "JWT"}, claims),
		"foreign key":       signedWith(t, jose.ES256, ecKey(k), header, claims),
		"truncated":         got.IDToken[:len(got.IDToken)-2],
		"huge":              got.IDToken + strings.Repeat("A", 1<<15),
		"with a line break": got.IDToken + "\n",
	} {
		q := b.authorize("web", "id_token_hint", hint).location(t).Query()
		if q.Get("error") != "invalid_request" || q.Has("code") {
			t.Errorf("%s: %v", name, q)
		}
		a := b.get("/oauth/logout?" + url.Values{"id_token_hint": {hint}, "client_id": {"web"}}.Encode())
		if a.StatusCode != http.StatusBadRequest {
			t.Errorf("%s at end_session: %d %s", name, a.StatusCode, a.body)
		}
	}
	b.current() // nobody has signed out
	k.clock.Advance(time.Hour)
	b.code("web", "id_token_hint", got.IDToken) // Core 3.1.2.1: an expired one is good
}
