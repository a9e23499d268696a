package user_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// OpenID Connect Core 5.1, 5.4: a scope gets its claims and no others, and what is not known is left out, never empty.
func TestClaims(t *testing.T) {
	at := time.Unix(1_772_366_400, 0)
	p := &user.Person{User: &storage.User{ID: "usr_1", Name: "Example User", GivenName: "Example", UpdatedAt: storage.At(at),
		PublicMetadata: `{"a":1}`, PrivateMetadata: `{"secret":1}`}, Email: "User@example.com", EmailValue: "user@example.com", EmailVerified: true}
	for _, c := range []struct {
		scope string
		names []string
		want  map[string]any
	}{
		{"openid", nil, map[string]any{}},
		{"openid email", nil, map[string]any{"email": "User@example.com", "email_verified": true}},
		{"openid phone", nil, map[string]any{}}, // there is none
		{"profile", nil, map[string]any{"name": "Example User", "given_name": "Example", "updated_at": at.Unix()}},
		{"openid", []string{"given_name", "private_metadata", "iss", "sub", "role", ""}, map[string]any{"given_name": "Example"}},
		{"emails", []string{"email_verified"}, map[string]any{"email_verified": true}},
	} {
		if d := cmp.Diff(c.want, p.Claims(c.scope, c.names)); d != "" {
			t.Errorf("%q %q (-want +got):\n%s", c.scope, c.names, d)
		}
	}
	for _, name := range user.Claims {
		if scope := user.ScopeOf(name); (scope == "") != (name == "sub") {
			t.Errorf("%s is of scope %q", name, scope)
		}
	}
}
