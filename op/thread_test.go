package op_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/factor"
)

// The thread through all the rooms: authorize, code, tokens, userinfo, introspection, refresh, end.
func TestSignedInUntilTheSessionEnds(t *testing.T) {
	for _, clientID := range []string{"web", "spa"} {
		t.Run(clientID, func(t *testing.T) {
			each(t, func(t *testing.T, k *kit) {
				u := k.person("user@example.com")
				b := k.signedIn(u)
				got := b.signInTo(clientID)
				if got.ExpiresIn != 60 || got.Scope != "openid email" {
					t.Errorf("expires_in %d, scope %q", got.ExpiresIn, got.Scope)
				}
				for minute := range 4 {
					k.verified(got.AccessToken)
					k.verified(got.IDToken)
					if k.userinfo(got.AccessToken).StatusCode != http.StatusOK {
						t.Fatalf("minute %d: userinfo", minute)
					}
					if clientID != "spa" && (!k.active(clientID, got.AccessToken) || !k.active(clientID, got.RefreshToken)) {
						t.Fatalf("minute %d: not active", minute)
					}
					k.clock.Advance(50 * time.Second)
					next := k.refresh(clientID, got.RefreshToken).tokens(t)
					if rotated := next.RefreshToken != got.RefreshToken; rotated != (clientID == "spa") {
						t.Fatalf("minute %d: rotated %v", minute, rotated)
					}
					got = next
				}
				s := b.current().Session
				k.end(s)
				k.refresh(clientID, got.RefreshToken).wantError(t, 400, "invalid_grant")
				if a := k.userinfo(got.AccessToken); a.StatusCode != http.StatusUnauthorized {
					t.Errorf("userinfo after the end: %d", a.StatusCode)
				}
				if k.active("gateway", got.AccessToken) || k.active("gateway", got.RefreshToken) {
					t.Error("active after the end")
				}
				if b.authorize(clientID, "prompt", "none").location(t).Query().Get("error") != "login_required" {
					t.Error("the browser is still signed in")
				}
				owed, err := k.store.SessionDeliveries(t.Context(), s.ID)
				if err != nil || len(owed) != 1 || owed[0].Receiver != clientID {
					t.Errorf("deliveries %v, %v", owed, err)
				}
				if n := k.events(u.ID, audit.SessionEnded); n != 1 {
					t.Errorf("%d events", n)
				}
			})
		})
	}
}

// verified checks a token as a relying party does, against the published key set, and that it lives 60 s from the read.
func (k *kit) verified(jwt string) map[string]any {
	k.Helper()
	var set jose.JSONWebKeySet
	k.must(json.Unmarshal([]byte(k.browser().get("/.well-known/jwks.json").body), &set))
	jws, err := jose.ParseSignedCompact(jwt, []jose.SignatureAlgorithm{jose.ES256, jose.RS256, jose.PS256, jose.EdDSA})
	k.must(err)
	keys := set.Key(jws.Signatures[0].Protected.KeyID)
	if len(keys) != 1 {
		k.Fatalf("%d keys for %s", len(keys), jws.Signatures[0].Protected.KeyID)
	}
	_, err = jws.Verify(keys[0])
	k.must(err)
	_, claims := parts(k, jwt)
	now := k.clock.Now()
	exp := int64(claims["exp"].(float64))
	// Promise 1: never a moment longer than 60 s from the read.
	if left := time.Unix(exp, 0).Sub(now); left > 60*time.Second || left <= 59*time.Second || claims["iat"].(float64)+60 != float64(exp) {
		k.Fatalf("lives %v from the read", left)
	}
	return claims
}

func TestClaimsOfTheTokens(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		u := k.person("user@example.com")
		b := k.signedIn(u)
		k.clock.Advance(90 * time.Second)
		got := b.signInTo("web")
		sid := b.current().ID
		signedInAt, now := float64(start.Unix()), float64(k.clock.Now().Unix())

		header, access := parts(t, got.AccessToken)
		if header["typ"] != "at+jwt" || header["alg"] != "ES256" {
			t.Errorf("header %v", header)
		}
		jti, _ := access["jti"].(string)
		delete(access, "jti")
		if len(jti) < 20 {
			t.Errorf("jti %q", jti)
		}
		// RFC 9068 2.2, and the session's id.
		want := map[string]any{"iss": issuer, "sub": u.ID, "aud": []any{issuer, "web"}, "client_id": "web", "sid": sid,
			"scope": "openid email", "auth_time": signedInAt, "acr": factor.ACRSingle, "amr": []any{"pwd"}, "iat": now, "exp": now + 60}
		if d := cmp.Diff(want, access); d != "" {
			t.Errorf("access token (-want +got):\n%s", d)
		}

		header, id := parts(t, got.IDToken)
		if header["typ"] != "JWT" || header["alg"] != "ES256" {
			t.Errorf("header %v", header)
		}
		sum := sha256.Sum256([]byte(got.AccessToken))
		want = map[string]any{"iss": issuer, "sub": u.ID, "aud": "web", "azp": "web", "sid": sid, "nonce": "n-1",
			"auth_time": signedInAt, "acr": factor.ACRSingle, "amr": []any{"pwd"}, "iat": now, "exp": now + 60,
			"at_hash": base64.RawURLEncoding.EncodeToString(sum[:16])}
		if d := cmp.Diff(want, id); d != "" {
			t.Errorf("ID token (-want +got):\n%s", d)
		}

		want = map[string]any{"sub": u.ID, "email": "user@example.com", "email_verified": true}
		if d := cmp.Diff(want, k.userinfo(got.AccessToken).json(t)); d != "" {
			t.Errorf("userinfo (-want +got):\n%s", d)
		}

		want = map[string]any{"active": true, "token_type": "Bearer", "iss": issuer, "sub": u.ID, "aud": []any{issuer, "web"},
			"client_id": "web", "sid": sid, "jti": jti, "scope": "openid email", "iat": now, "exp": now + 60,
			"auth_time": signedInAt, "acr": factor.ACRSingle, "amr": []any{"pwd"}}
		if d := cmp.Diff(want, k.call("/oauth/introspect", "web", map[string][]string{"token": {got.AccessToken}}).json(t)); d != "" {
			t.Errorf("introspection (-want +got):\n%s", d)
		}

		// Core 12.2: a refreshed ID token has no nonce and the auth_time of the original authentication.
		k.clock.Advance(45 * time.Second)
		next := k.refresh("web", got.RefreshToken).tokens(t)
		_, again := parts(t, next.IDToken)
		if again["nonce"] != nil || again["auth_time"] != signedInAt || again["sid"] != sid || again["sub"] != u.ID || again["aud"] != "web" {
			t.Errorf("refreshed ID token: %v", again)
		}
		sum = sha256.Sum256([]byte(next.AccessToken))
		if again["at_hash"] != base64.RawURLEncoding.EncodeToString(sum[:16]) {
			t.Error("at_hash of the refreshed ID token")
		}
		if next.IDToken == "" || strings.Contains(next.IDToken, "=") {
			t.Error("ID token")
		}
	})
}

func TestIDTokenIsSignedAsTheClientRegistered(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	for _, alg := range []string{"ES256", "RS256", "PS256", "EdDSA"} {
		c, err := k.clients.Get(t.Context(), "web")
		k.must(err)
		m := c.Metadata
		m.IDTokenAlg = alg
		_, err = k.clients.Update(t.Context(), k.store, c, m)
		k.must(err)
		got := b.signInTo("web")
		if header, _ := parts(t, got.IDToken); header["alg"] != alg {
			t.Errorf("%s: signed with %v", alg, header["alg"])
		}
		k.verified(got.IDToken)
		if header, _ := parts(t, got.AccessToken); header["alg"] != "ES256" {
			t.Errorf("%s: access token signed with %v", alg, header["alg"])
		}
	}
}

func TestAccessTokenDiesAfterSixtySeconds(t *testing.T) {
	k := light(t)
	got := k.signedIn(k.person("user@example.com")).signInTo("web")
	k.clock.Advance(59 * time.Second)
	if a := k.userinfo(got.AccessToken); a.StatusCode != http.StatusOK {
		t.Fatalf("after 59 s: %d", a.StatusCode)
	}
	k.clock.Advance(time.Second)
	if a := k.userinfo(got.AccessToken); a.StatusCode != http.StatusUnauthorized || k.active("web", got.AccessToken) {
		t.Fatalf("after 60 s: %d", a.StatusCode)
	}
}
