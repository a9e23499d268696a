package rp_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/rp"
	"github.com/curfew-id/curfew/rp/rptest"
	"github.com/go-jose/go-jose/v4"
)

// TestHostileIDTokens signs in against a provider, or somebody in between, that answers with an ID token
// that is right but for one thing.
func TestHostileIDTokens(t *testing.T) {
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set := func(name string, v any) func(*world) {
		return func(w *world) { w.provider.Tamper.IDToken = func(c map[string]any) { c[name] = v } }
	}
	drop := func(name string) func(*world) {
		return func(w *world) { w.provider.Tamper.IDToken = func(c map[string]any) { delete(c, name) } }
	}
	sign := func(f func(c map[string]any, sign func(string) string) string) func(*world) {
		return func(w *world) { w.provider.Tamper.SignIDToken = f }
	}
	start := newClock().Now()
	for name, c := range map[string]struct {
		bend   func(*world)
		reason string
	}{
		"wrong iss": {set("iss", "https://evil.example.com"), "iss"},
		"iss with a slash more": {func(w *world) {
			w.provider.Tamper.IDToken = func(c map[string]any) { c["iss"] = c["iss"].(string) + "/" }
		}, "iss"},
		"no iss":                  {drop("iss"), "iss"},
		"wrong aud":               {set("aud", "other-client"), "aud"},
		"no aud":                  {drop("aud"), "aud"},
		"aud not a string":        {set("aud", 7), "aud"},
		"several aud without azp": {set("aud", []string{"shop", "other-client"}), "azp"},
		"azp of another":          {set("azp", "other-client"), "azp"},
		"no sub":                  {drop("sub"), "no sub"},
		"wrong nonce":             {set("nonce", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "nonce"},
		"no nonce":                {drop("nonce"), "nonce"},
		"wrong at_hash":           {set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), "at_hash"},
		"at_hash not a string":    {set("at_hash", 1), "at_hash"},
		"expired":                 {set("exp", start.Add(-time.Minute).Unix()), "expired"},
		"no exp":                  {drop("exp"), "no exp"},
		"exp a string":            {set("exp", "4102444800"), "no exp"},
		"exp negative":            {set("exp", -1), "no exp"},
		"issued in the future":    {set("iat", start.Add(time.Minute).Unix()), "future"},
		"no iat":                  {drop("iat"), "no iat"},
		"not valid yet":           {set("nbf", start.Add(time.Minute).Unix()), "not valid yet"},
		"act without sub":         {set("act", map[string]any{"iss": "x"}), "act"},
		"act a string":            {set("act", "usr_admin"), "act"},
		"upper case sub": {func(w *world) {
			w.provider.Tamper.IDToken = func(c map[string]any) { delete(c, "sub"); c["SUB"] = "usr_02" }
		}, "no sub"},
		"alg none": {sign(func(c map[string]any, _ func(string) string) string {
			payload, _ := json.Marshal(c)
			return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." +
				base64.RawURLEncoding.EncodeToString(payload) + "."
		}), "algorithm"},
		"HS256 with the public key": {func(w *world) {
			der, _ := x509.MarshalPKIXPublicKey(w.provider.PublicKey())
			secret := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
			sign(func(c map[string]any, _ func(string) string) string {
				return rptest.SignWith(c, jose.HS256, secret, "k1", "JWT")
			})(w)
		}, "algorithm"},
		"a stranger's key under a known kid": {sign(func(c map[string]any, _ func(string) string) string {
			return rptest.SignWith(c, jose.ES256, stranger, "k1", "JWT")
		}), "signature"},
		"an unknown kid": {sign(func(c map[string]any, _ func(string) string) string {
			return rptest.SignWith(c, jose.ES256, stranger, "k9", "JWT")
		}), "no ES256 key"},
		"an access token":   {sign(func(_ map[string]any, sign func(string) string) string { return sign("at+jwt") }), "typ"},
		"a logout token":    {sign(func(_ map[string]any, sign func(string) string) string { return sign("application/logout+jwt") }), "typ"},
		"a critical header": {sign(func(c map[string]any, _ func(string) string) string { return critical(t, c) }), "critical"},
		"cut short":         {sign(func(_ map[string]any, sign func(string) string) string { s := sign("JWT"); return s[:len(s)-4] }), "signature"},
		"garbage":           {sign(func(map[string]any, func(string) string) string { return "a.b.c" }), "invalid token"},
		"no token":          {sign(func(map[string]any, func(string) string) string { return "" }), "invalid token"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.bend(w)
			res, _ := w.get(w.browser(), "/")
			w.wantFailure(res, http.StatusBadGateway, rp.CodeSignInFailed)
			if got := res.Header.Get("X-Reason"); !strings.Contains(got, c.reason) {
				t.Errorf("refused because of %q, want %q", got, c.reason)
			}
			if w.store.Len() != 0 {
				t.Error("a session began all the same")
			}
		})
	}
}

// critical returns a token with a header parameter that nobody may ignore (RFC 7515 4.1.11).
func critical(t *testing.T, claims map[string]any) string {
	t.Helper()
	o := (&jose.SignerOptions{}).WithType("JWT").WithHeader("crit", []string{"b64"}).WithHeader("b64", true)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, o)
	if err != nil {
		t.Fatal(err)
	}
	payload, _ := json.Marshal(claims)
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestKindsOfIDToken(t *testing.T) {
	for _, typ := range []string{"", "JWT", "jwt", "application/jwt"} {
		w := newWorld(t)
		w.provider.Tamper.SignIDToken = func(_ map[string]any, sign func(string) string) string { return sign(typ) }
		if p := w.visit(w.browser(), "/"); p.Subject != "usr_01" {
			t.Errorf("typ %q: %+v", typ, p)
		}
	}
}

func TestClockSkew(t *testing.T) {
	for ahead, good := range map[time.Duration]bool{
		0: true, 4 * time.Second: true, -4 * time.Second: true, // the leeway is 5 s
		7 * time.Second:   false, // their iat is in our future
		-50 * time.Second: true,  // late, but not past exp
		-70 * time.Second: false, // past exp
	} {
		w := newWorld(t)
		w.theirs.advance(ahead)
		res, _ := w.get(w.browser(), "/")
		if got := res.StatusCode == http.StatusOK; got != good {
			t.Errorf("provider's clock off by %v: accepted %v, want %v", ahead, got, good)
		}
	}
}

func TestHostileCallbacks(t *testing.T) {
	edit := func(f func(q url.Values)) func(string) string {
		return func(back string) string {
			u, _ := url.Parse(back)
			q := u.Query()
			f(q)
			u.RawQuery = q.Encode()
			return u.String()
		}
	}
	for name, c := range map[string]struct {
		bend   func(string) string
		status int
		code   string
	}{
		"iss of another (mix-up)": {edit(func(q url.Values) { q.Set("iss", "https://evil.example.com") }), 400, rp.CodeSignInFailed},
		"iss missing":             {edit(func(q url.Values) { q.Del("iss") }), 400, rp.CodeSignInFailed},
		"iss empty":               {edit(func(q url.Values) { q.Set("iss", "") }), 400, rp.CodeSignInFailed},
		"wrong state":             {edit(func(q url.Values) { q.Set("state", q.Get("state")[:8]+"AAAAAAAA") }), 400, rp.CodeSignInExpired},
		"short state":             {edit(func(q url.Values) { q.Set("state", "x") }), 400, rp.CodeSignInExpired},
		"no state":                {edit(func(q url.Values) { q.Del("state") }), 400, rp.CodeInvalidRequest},
		"no code":                 {edit(func(q url.Values) { q.Del("code") }), 400, rp.CodeInvalidRequest},
		"two codes":               {edit(func(q url.Values) { q.Add("code", "b") }), 400, rp.CodeInvalidRequest},
		"code and error":          {edit(func(q url.Values) { q.Set("error", "access_denied") }), 400, rp.CodeInvalidRequest},
		"bad escape":              {func(s string) string { return s + "&x=%zz" }, 400, rp.CodeInvalidRequest},
		"wrong code":              {edit(func(q url.Values) { q.Set("code", "made-up") }), 502, rp.CodeSignInFailed},
		"cancelled":               {edit(func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") }), 403, "access_denied"},
		"error with markup":       {edit(func(q url.Values) { q.Del("code"); q.Set("error", "<b>call us</b>") }), 403, rp.CodeSignInFailed},
		"provider busy":           {edit(func(q url.Values) { q.Del("code"); q.Set("error", "temporarily_unavailable") }), 503, rp.CodeProviderUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b := w.browser()
			res, _ := w.get(b, c.bend(w.callback(b)))
			w.wantFailure(res, c.status, c.code)
			if w.store.Len() != 0 {
				t.Error("a session began all the same")
			}
		})
	}
}

func TestLoginCSRF(t *testing.T) {
	w := newWorld(t)
	back := w.callback(w.browser()) // the attacker's, signed in as the attacker
	res, _ := w.get(w.browser(), back)
	w.wantFailure(res, http.StatusBadRequest, rp.CodeSignInExpired)
}

func TestStateReplay(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	back := w.callback(b)
	u, _ := url.Parse(w.url)
	copied := b.Jar.Cookies(u) // survive the clearing
	w.get(b, back)
	res, _ := w.get(still(b), back)
	w.wantFailure(res, http.StatusBadRequest, rp.CodeSignInExpired)

	tokens := w.provider.Requests("/token")
	thief := w.browser()
	thief.Jar.SetCookies(u, copied)
	res, _ = w.get(thief, back)
	w.wantFailure(res, http.StatusBadRequest, rp.CodeSignInExpired)
	if n := w.provider.Requests("/token"); n != tokens {
		t.Error("the replay reached the token endpoint")
	}
}

func TestSignInTakesTooLong(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	back := w.callback(b)
	w.clock.advance(31 * time.Minute)
	res, _ := w.get(b, back)
	w.wantFailure(res, http.StatusBadRequest, rp.CodeSignInExpired)
}
