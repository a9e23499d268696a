package op_test

import (
	"testing"
)

// RFC 9700 2.1.1: S256 of every client, and plain of none.
func TestAuthorizeRefusesWhatIsNotS256(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	for name, pairs := range map[string][]string{
		"no challenge, confidential": {"code_challenge", "", "code_challenge_method", ""},
		"challenge without method":   {"code_challenge_method", ""}, // RFC 7636 4.3: that means plain
		"method without challenge":   {"code_challenge", ""},
		"plain":                      {"code_challenge", verifier, "code_challenge_method", "plain"},
		"unknown method":             {"code_challenge_method", "S512"},
		"lower case":                 {"code_challenge_method", "s256"},
		"short":                      {"code_challenge", challenge()[:42]},
		"long":                       {"code_challenge", challenge() + "A"},
		"padded":                     {"code_challenge", challenge()[:42] + "="},
		"not base64url":              {"code_challenge", challenge()[:42] + "+"},
	} {
		for _, clientID := range []string{"web", "spa"} {
			q := b.authorize(clientID, pairs...).location(t).Query()
			if q.Get("error") != "invalid_request" || q.Has("code") || q.Get("state") != "st/ä te" || q.Get("iss") != issuer {
				t.Errorf("%s, %s: %v", clientID, name, q)
			}
		}
	}
	// An exception is for a request without any challenge, not for a bad one.
	if q := b.authorize("legacy", "code_challenge_method", "plain").location(t).Query(); q.Get("error") != "invalid_request" {
		t.Errorf("plain of an excepted client: %v", q)
	}
	b.redeem("legacy", b.code("legacy", "code_challenge", "", "code_challenge_method", ""), "code_verifier", "").tokens(t)
}

// RFC 9700 2.1.1, 4.8.2: whether a verifier is wanted is decided by the code, not by what the request leaves out.
func TestTokenRefusesAnOmittedOrWrongVerifier(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		b := k.signedIn(k.person("user@example.com"))
		for _, clientID := range []string{"web", "spa", "legacy"} {
			code := b.code(clientID)
			k.redeem(clientID, code, "code_verifier", "").wantError(t, 400, "invalid_grant")
			k.redeem(clientID, code, "code_verifier", challenge()).wantError(t, 400, "invalid_grant")
			k.redeem(clientID, code, "code_verifier", verifier+"x").wantError(t, 400, "invalid_grant")
			k.redeem(clientID, code, "code_verifier", "short").wantError(t, 400, "invalid_request")
			k.redeem(clientID, code, "code_verifier", verifier+" ").wantError(t, 400, "invalid_request")
			k.redeem(clientID, code).tokens(t) // none of them has used it up
		}
		// A downgrade: a verifier for a code that was got without a challenge (RFC 9700 4.8.2).
		code := b.code("legacy", "code_challenge", "", "code_challenge_method", "")
		k.redeem("legacy", code).wantError(t, 400, "invalid_grant")
	})
}
