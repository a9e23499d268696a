package rp_test

import (
	"context"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/rp"
)

func banner(claims rp.Claims) string {
	id := &rp.Identity{Subject: "usr_1", Claims: claims, Actor: claims.Actor()}
	return string(rp.Banner(rp.NewContext(context.Background(), id)))
}

func TestBanner(t *testing.T) {
	if got := rp.Banner(context.Background()); got != "" {
		t.Errorf("for a stranger: %q", got)
	}
	if got := banner(rp.Claims{"iss": "https://id.example.com", "name": "A User"}); got != "" {
		t.Errorf("for the user: %q", got)
	}
	act := map[string]any{"sub": "usr_2", "iss": "https://id.example.com"}
	for name, c := range map[string]struct {
		claims       rp.Claims
		want, absent string
	}{
		"by sub": {rp.Claims{"iss": "https://id.example.com", "act": act},
			`as <b>usr_1</b>. Acting: <b>usr_2</b>.</p> <a class="curfew-banner-stop" href="https://id.example.com/impersonate/stop"`, "style"},
		"by name": {rp.Claims{"iss": "https://id.example.com/", "name": "A User", "email": "user@example.com",
			"act": map[string]any{"sub": "usr_2", "name": "Sam"}},
			`as <b>A User (user@example.com)</b>. Acting: <b>Sam</b>.</p> <a class="curfew-banner-stop" href="https://id.example.com/impersonate/stop"`, "usr_2"},
		"a name that is markup": {rp.Claims{"iss": "https://id.example.com", "name": `<script>x</script>`, "act": act},
			`&lt;script&gt;x&lt;/script&gt;`, "<script"},
		"an issuer that is a script": {rp.Claims{"iss": "javascript:alert(1)", "act": act}, `<b>usr_2</b>`, "javascript"},
	} {
		got := banner(c.claims)
		if !strings.Contains(got, c.want) || strings.Contains(got, c.absent) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
