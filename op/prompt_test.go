package op_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/client"
)

// outcome is what an authorization request came to: "code", an error, or "sign-in" for the hosted pages.
func (a answer) outcome(t testing.TB) string {
	t.Helper()
	u := a.location(t)
	switch {
	case strings.HasPrefix(u.Path, "/signin/req_") && u.Host == "":
		return "sign-in"
	case u.Query().Has("error"):
		return u.Query().Get("error")
	case u.Query().Has("code"):
		return "code"
	}
	t.Fatalf("redirected to %v", u)
	return ""
}

// OpenID Connect Core 3.1.2.1, 3.1.2.3: prompt and max_age, for a person who is signed in and for one who is not.
func TestPromptAndMaxAge(t *testing.T) {
	k := light(t)
	u := k.person("user@example.com")
	k.must(k.consents.Grant(t.Context(), u.ID, "asking", "openid email"))
	k.register("impatient", client.Metadata{SkipConsent: true, RedirectURIs: []string{"https://rp.example.com/cb"}, DefaultMaxAge: new(int64)})
	b := k.signedIn(u)
	k.clock.Advance(90 * time.Second)
	for _, c := range []struct {
		clientID         string
		pairs            []string
		signedIn, nobody string
	}{
		{"web", nil, "code", "sign-in"},
		{"web", []string{"prompt", "none"}, "code", "login_required"},
		{"web", []string{"prompt", "login"}, "sign-in", "sign-in"},
		{"web", []string{"prompt", "consent"}, "sign-in", "sign-in"},
		{"web", []string{"prompt", "select_account"}, "sign-in", "sign-in"},
		{"web", []string{"prompt", "login consent select_account"}, "sign-in", "sign-in"},
		{"web", []string{"prompt", "none login"}, "invalid_request", "invalid_request"},
		{"web", []string{"prompt", "none none"}, "invalid_request", "invalid_request"},
		{"web", []string{"prompt", "none consent"}, "invalid_request", "invalid_request"},
		{"asking", []string{"prompt", "none"}, "code", "login_required"},
		{"asking", nil, "code", "sign-in"},
		{"asking", []string{"scope", "openid profile"}, "sign-in", "sign-in"},
		{"asking", []string{"scope", "openid profile", "prompt", "none"}, "consent_required", "login_required"},
		{"web", []string{"max_age", "91"}, "code", "sign-in"},
		{"web", []string{"max_age", "90"}, "code", "sign-in"},
		{"web", []string{"max_age", "89"}, "sign-in", "sign-in"},
		{"web", []string{"max_age", "89", "prompt", "none"}, "login_required", "login_required"},
		{"web", []string{"max_age", "0"}, "sign-in", "sign-in"},
		{"web", []string{"max_age", "0", "prompt", "none"}, "login_required", "login_required"},
		{"web", []string{"max_age", "2147483647"}, "code", "sign-in"},
		{"impatient", []string{"prompt", "none"}, "login_required", "login_required"},
		{"impatient", []string{"prompt", "none", "max_age", "1000"}, "code", "login_required"},
	} {
		if got := b.authorize(c.clientID, c.pairs...).outcome(t); got != c.signedIn {
			t.Errorf("%s %q signed in: %s, want %s", c.clientID, c.pairs, got, c.signedIn)
		}
		if got := k.browser().authorize(c.clientID, c.pairs...).outcome(t); got != c.nobody {
			t.Errorf("%s %q not signed in: %s, want %s", c.clientID, c.pairs, got, c.nobody)
		}
	}
}

// max_age=0 is prompt=login (Core 3.1.2.1), also in the very second of the sign-in.
func TestMaxAgeZeroAsksAtOnce(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	if got := b.authorize("web", "max_age", "0", "prompt", "none").outcome(t); got != "login_required" {
		t.Error(got)
	}
}

// Core 3.1.2.1: who the hint names must be who is signed in.
func TestHintOfAnotherUserIsNotAnswered(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	other := k.signedIn(k.person("other@example.com")).signInTo("web")
	own := b.signInTo("web")
	_, claims := parts(t, other.IDToken)
	sub := claims["sub"].(string)
	if got := b.authorize("web", "id_token_hint", own.IDToken, "prompt", "none").outcome(t); got != "code" {
		t.Errorf("own hint: %s", got)
	}
	for _, pairs := range [][]string{{"id_token_hint", other.IDToken},
		{"claims", `{"id_token":{"sub":{"value":"` + sub + `"}}}`}, {"claims", `{"userinfo":{"sub":{"value":"` + sub + `"}}}`}} {
		if got := b.authorize("web", append(pairs, "prompt", "none")...).outcome(t); got != "login_required" {
			t.Errorf("%q with prompt none: %s", pairs, got)
		}
		if got := b.authorize("web", pairs...).outcome(t); got != "sign-in" {
			t.Errorf("%q: %s", pairs, got)
		}
	}
	if got := b.authorize("web", "id_token_hint", own.IDToken, "claims", `{"id_token":{"sub":{"value":"`+sub+`"}}}`).outcome(t); got != "invalid_request" {
		t.Errorf("two users at once: %s", got)
	}
}

// RFC 9700 4.7: a sign-in is answered in the browser that began it and in no other.
func TestSignInBelongsToTheBrowserThatBeganIt(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		victim, attacker := k.browser(), k.browser()
		begun := attacker.authorize("web").location(t)
		flowID := strings.TrimPrefix(begun.Path, "/signin/")
		victim.authorize("web")
		hash := func(b *browser) []byte {
			r, _ := http.NewRequest("GET", issuer, nil)
			for name, v := range b.cookies {
				r.AddCookie(&http.Cookie{Name: name, Value: v})
			}
			return k.sessions.KnownBrowser(r)
		}
		if _, err := k.flows.Load(t.Context(), flowID, hash(attacker)); err != nil {
			t.Fatalf("its own browser: %v", err)
		}
		for name, h := range map[string][]byte{"another browser": hash(victim), "no cookie": hash(k.browser()), "empty": {}, "nil": nil} {
			if flow, err := k.flows.Load(t.Context(), flowID, h); err == nil || flow != nil {
				t.Errorf("%s got the flow: %v", name, err)
			}
		}
		for _, id := range []string{"", "x", flowID + "0", strings.ToUpper(flowID), "req_00000000000000000000000000", flowID[:len(flowID)-1] + "*"} {
			if _, err := k.flows.Load(t.Context(), id, hash(attacker)); err == nil {
				t.Errorf("%q is a flow", id)
			}
		}
		k.clock.Advance(time.Hour)
		if _, err := k.flows.Load(t.Context(), flowID, hash(attacker)); err == nil {
			t.Error("after an hour it is still there")
		}
	})
}
