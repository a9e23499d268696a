package op_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/client"
)

// Only the origins of browser apps may read what the token, revocation and userinfo endpoints answer, nobody with
// credentials, and pages and introspection are in no class at all.
func TestCORS(t *testing.T) {
	k := light(t)
	k.register("listed", client.Metadata{SkipConsent: true, RedirectURIs: []string{"https://rp.example.com/cb"},
		AllowedCORSOrigins: []string{"https://app.example.com:8443"}})
	all := []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/.well-known/jwks.json", "/oauth/authorize",
		"/oauth/token", "/oauth/introspect", "/oauth/revoke", "/oauth/userinfo", "/oauth/logout"}
	registered := map[string]bool{"https://spa.example.com": true, "https://app.example.com:8443": true}
	origins := []string{"https://spa.example.com", "https://app.example.com:8443", "https://evil.example.com", "https://rp.example.com",
		"http://spa.example.com", "https://spa.example.com.evil.example.com", "https://spa.example.com:443", "https://SPA.example.com",
		"https://sub.spa.example.com", "null", "*", "https://spa.example.com/", issuer, strings.Repeat("x", 5000)}
	for _, path := range all {
		public := strings.HasPrefix(path, "/.well-known/")
		browserApps := path == "/oauth/token" || path == "/oauth/revoke" || path == "/oauth/userinfo"
		for _, origin := range origins {
			for _, method := range []string{"OPTIONS", "POST", "GET"} {
				r := httptest.NewRequest(method, issuer+path, nil)
				r.Header.Set("Origin", origin)
				if method == "OPTIONS" {
					r.Header.Set("Access-Control-Request-Method", "POST")
					r.Header.Set("Access-Control-Request-Headers", "authorization")
				}
				a := k.send(r)
				want := ""
				switch {
				case public:
					want = "*"
				case browserApps && registered[origin]:
					want = origin
				}
				if got := a.Header.Get("Access-Control-Allow-Origin"); got != want {
					t.Errorf("%s %s from %.40q: allows %q, want %q", method, path, origin, got, want)
				}
				if a.Header.Get("Access-Control-Allow-Credentials") != "" {
					t.Errorf("%s %s from %.40q: credentials", method, path, origin)
				}
				if browserApps && !strings.Contains(a.Header.Get("Vary"), "Origin") {
					t.Errorf("%s %s from %.40q: Vary %q", method, path, origin, a.Header.Get("Vary"))
				}
			}
		}
	}
	// A client that is gone takes its origin along, within seconds.
	k.must(k.store.DeleteClient(t.Context(), "listed"))
	k.clock.Advance(5 * time.Second)
	r := formRequest("/oauth/token", url.Values{})
	r.Header.Set("Origin", "https://app.example.com:8443")
	if got := k.send(r).Header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("a deleted client's origin: %q", got)
	}
	// One that another replica registers, or changes, brings its origin along at once: its first visitor is on the way.
	m := client.Metadata{TokenEndpointAuthMethod: client.AuthNone, RedirectURIs: []string{"https://new.example.com/cb"}}
	added, _, err := client.NewRegistry(k.store, k.clock).Register(t.Context(), k.store, "", m)
	k.must(err)
	m.RedirectURIs = []string{"https://newer.example.com/cb"}
	for _, origin := range []string{"https://new.example.com", "https://newer.example.com"} {
		r = formRequest("/oauth/token", url.Values{})
		r.Header.Set("Origin", origin)
		if got := k.send(r).Header.Get("Access-Control-Allow-Origin"); got != origin {
			t.Errorf("a new client's origin %s: %q", origin, got)
		}
		_, err = client.NewRegistry(k.store, k.clock).Update(t.Context(), k.store, added, m)
		k.must(err)
		added.Version++
	}
}

// A browser app reads errors, too: without the header it would see a network failure instead of invalid_grant.
func TestCORSOnErrors(t *testing.T) {
	k := light(t)
	r := formRequest("/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "client_id": {"spa"}})
	r.Header.Set("Origin", "https://spa.example.com")
	a := k.send(r)
	a.wantError(t, 400, "invalid_grant")
	if a.Header.Get("Access-Control-Allow-Origin") != "https://spa.example.com" {
		t.Errorf("headers %v", a.Header)
	}
}
