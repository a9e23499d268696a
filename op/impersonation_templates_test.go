package op_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/op/claims"
	"github.com/curfew-id/curfew/storage"
)

// A template can say who acts, in words of its own; act itself it can neither set nor take away.
func TestTemplatesAndActor(t *testing.T) {
	eachCast(t, func(t *testing.T, c *cast) {
		put := func(kind, name, source string) error {
			return c.store.Tx(t.Context(), func(tx *storage.Store) error {
				return c.tokens.Templates().Put(t.Context(), tx, &storage.ClaimTemplate{Kind: kind, Name: name, Claims: source,
					CreatedAt: storage.At(c.clock.Now()), UpdatedAt: storage.At(c.clock.Now())})
			})
		}
		for _, source := range []string{`{"act":null}`, `{"act":{"sub":"x"}}`, `{"act":"{{session.actor.sub}}"}`, `{"may_act":{"sub":"x"}}`} {
			for _, kind := range []string{storage.TemplateSession, storage.TemplateClient, storage.TemplateNamed} {
				var fault *claims.Fault
				if err := put(kind, "x", source); !errors.As(err, &fault) {
					t.Errorf("%s %s: %v", kind, source, err)
				}
			}
		}
		c.must(put(storage.TemplateSession, "", `{"by":"{{session.actor.sub || 'nobody'}}","via":"{{session.actor.sid}}","of":"{{session.actor.iss}}","kind":"{{session.kind}}"}`))
		c.act()
		got := c.signInTo("web")
		for _, jwt := range []string{got.AccessToken, got.IDToken} {
			_, m := parts(t, jwt)
			want := map[string]any{"by": c.admin.ID, "via": c.own.ID, "of": issuer, "kind": "impersonation",
				"act": map[string]any{"iss": issuer, "sub": c.admin.ID, "sid": c.own.ID}}
			for name, v := range want {
				if diff := cmp.Diff(v, m[name]); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
			}
		}
		if _, m := parts(t, c.signedIn(c.user).signInTo("web").AccessToken); m["by"] != "nobody" || m["act"] != nil || m["of"] != nil {
			t.Errorf("nobody acts, and yet %v", m)
		}
	})
}
