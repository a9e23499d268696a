package op_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/factor"
)

// OpenID Connect Core 5.5: claims by name, where they were asked for, at first and at every refresh.
func TestClaimsByName(t *testing.T) {
	k := light(t)
	u := k.person("user@example.com")
	b := k.signedIn(u)
	got := b.signInTo("web", "scope", "openid", "claims",
		`{"userinfo":{"name":{"essential":true},"unknown":null,"sub":null},"id_token":{"email":null,"iss":{"value":"https://evil.example.com"},
		"exp":null,"auth_time":{"essential":true,"values":[1,2]}},"other":{"x":1}}`)
	for range 2 {
		if d := cmp.Diff(map[string]any{"sub": u.ID, "name": "Example User"}, k.userinfo(got.AccessToken).json(t)); d != "" {
			t.Errorf("userinfo (-want +got):\n%s", d)
		}
		id := k.verified(got.IDToken)
		if id["email"] != "user@example.com" || id["name"] != nil || id["iss"] != issuer || id["auth_time"] != float64(start.Unix()) {
			t.Errorf("ID token: %v", id)
		}
		got = k.refresh("web", got.RefreshToken).tokens(t)
	}
}

// What the claims parameter asks for is subject to consent and registration like the scopes that it goes around.
func TestClaimsByNameNeedTheConsentOfTheirScope(t *testing.T) {
	k := light(t)
	u := k.person("user@example.com")
	b := k.signedIn(u)
	k.register("modest", client.Metadata{SkipConsent: true, Scope: "openid", RedirectURIs: []string{"https://rp.example.com/cb"}})
	k.must(k.consents.Grant(t.Context(), u.ID, "asking", "openid"))
	claims := []string{"scope", "openid", "claims", `{"userinfo":{"email":null},"id_token":{"email":null}}`}
	if got := b.authorize("asking", append(claims, "prompt", "none")...).outcome(t); got != "consent_required" {
		t.Errorf("asking: %s", got)
	}
	got := b.signInTo("modest", claims...)
	if _, id := parts(t, got.IDToken); id["email"] != nil || k.userinfo(got.AccessToken).json(t)["email"] != nil {
		t.Error("a client that may not ask for email gets it by name")
	}
	k.must(k.consents.Grant(t.Context(), u.ID, "asking", "email"))
	got = b.signInTo("asking", claims...)
	if _, id := parts(t, got.IDToken); id["email"] == nil || k.userinfo(got.AccessToken).json(t)["email"] == nil || got.Scope != "openid" {
		t.Errorf("with consent: %v", id)
	}
}

// Core 5.5.1.1: an essential acr that cannot be met is a failed authentication; a voluntary one is only told.
func TestEssentialACR(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com")) // by password
	acr := func(values string, essential string) string {
		return b.authorize("web", "claims", `{"id_token":{"acr":{"essential":`+essential+`,`+values+`}}}`).outcome(t)
	}
	for _, c := range []struct{ values, essential, want string }{
		{`"values":["` + factor.ACRSingle + `"]`, "true", "code"},
		{`"value":"` + factor.ACRSingle + `"`, "true", "code"},
		{`"values":["unknown","` + factor.ACRSingle + `"]`, "true", "code"},
		{`"values":["` + factor.ACRMulti + `"]`, "true", "sign-in"}, // a code by mail is possible
		{`"values":["` + factor.ACRMulti + `"]`, "false", "sign-in"},
		{`"values":["unknown"]`, "true", "unmet_authentication_requirements"},
		{`"value":"unknown"`, "true", "unmet_authentication_requirements"},
		{`"values":["unknown"]`, "false", "code"},
		{`"values":[]`, "true", "code"},
	} {
		if got := acr(c.values, c.essential); got != c.want {
			t.Errorf("%s essential %s: %s, want %s", c.values, c.essential, got, c.want)
		}
	}
	if got := b.authorize("web", "acr_values", "unknown").outcome(t); got != "code" {
		t.Errorf("voluntary and unknown: %s", got)
	}
	if got := k.browser().authorize("web", "claims", `{"id_token":{"acr":{"essential":true,"values":["unknown"]}}}`).outcome(t); got != "sign-in" {
		t.Errorf("not signed in: %s", got)
	}
}
