package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/curfew-id/curfew/e2e/browser"
)

// Signing keys are rotated: the next one is published, a day later it signs, and what the one before has signed verifies.
func keysJourney(t *testing.T, o *operator) {
	person := o.person()
	rp{o.house}.authorize(person)
	signIn(person, theUser, o.Info.User(theUser).Password)
	allow(person)
	old := rp{o.house}.redeem(t, person).access
	first := o.signer(t, old)

	o.open("/admin/keys")
	o.WaitText(first)
	o.see("keys")
	o.sure("/rotate", "Make a new signing key?", "The new keys are published.")
	o.see("keys-rotated")
	var kid, state []string
	kid, state = o.texts(".table td code"), o.texts(".table td .tag")
	if len(kid) != 2 || len(state) != 2 || state[0] != "Signs" || state[1] != "Next" || kid[0] != first {
		t.Fatalf("the keys are %q, %q", kid, state)
	}
	if n := len(o.jwks(t, kid[1])); n != 1 {
		t.Error("the next key is not published")
	}
	o.signer(t, old)
	if got := o.signer(t, o.access(t, person)); got != first {
		t.Errorf("%s signs, before everybody knows it", got)
	}
	o.clock.Advance(25 * time.Hour)
	if got := o.signer(t, o.access(t, person)); got != kid[1] {
		t.Errorf("%s signs, want %s", got, kid[1])
	}
	o.signer(t, old)
}

// access is another access token in the session of somebody's browser.
func (o *operator) access(t *testing.T, p *browser.Page) string {
	t.Helper()
	rp{o.house}.authorize(p)
	return rp{o.house}.redeem(t, p).access
}

// signer verifies a token by the keys that are published, and returns the id of the key.
func (o *operator) signer(t *testing.T, token string) (kid string) {
	t.Helper()
	signed, err := jose.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	kid = signed.Signatures[0].Header.KeyID
	found := o.jwks(t, kid)
	if len(found) != 1 {
		t.Fatalf("%d keys are published as %s", len(found), kid)
	}
	if _, err := signed.Verify(found[0]); err != nil {
		t.Errorf("the token of %s: %v", kid, err)
	}
	return kid
}

func (o *operator) jwks(t *testing.T, kid string) []jose.JSONWebKey {
	t.Helper()
	var discovery struct {
		URI string `json:"jwks_uri"`
	}
	plain := func(*http.Request) {}
	o.call("GET", "/.well-known/openid-configuration", "", "", plain, &discovery)
	var set jose.JSONWebKeySet
	o.call("GET", strings.TrimPrefix(discovery.URI, o.Info.Issuer), "", "", plain, &set)
	return set.Key(kid)
}
