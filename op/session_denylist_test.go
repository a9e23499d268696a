package op_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

const pathDenied = "/oauth/sessions/denied"

// A resource server reads what it may know of: its own, or all with the right to introspect all.
func TestSessionDenyList(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		k.register("service", client.Metadata{GrantTypes: []string{client.GrantClientCredentials}, Scope: op.ScopeListen})
		u := k.person("user@example.com")
		b := k.signedIn(u)
		b.signInTo("web")
		sid := b.current().ID
		k.endAs(b.current().Session, storage.StatusEnded, logout.SignedOut)
		k.must(k.push.Read(t.Context()))
		sids := func(a answer, audience string) []string {
			t.Helper()
			if a.StatusCode != 200 || a.Header.Get("Content-Type") != "application/denylist+jwt" ||
				a.Header.Get("Cache-Control") != "private, max-age=1" || a.Header.Get("Vary") != "Authorization" {
				t.Fatalf("%d %v %s", a.StatusCode, a.Header, a.body)
			}
			payload, err := k.ring.Verify(t.Context(), a.body, key.TypDeny)
			k.must(err)
			var list struct {
				Issuer   string   `json:"iss"`
				Audience string   `json:"aud"`
				Sessions []string `json:"sids"`
			}
			k.must(json.Unmarshal(payload, &list))
			if list.Issuer != issuer || list.Audience != audience {
				t.Errorf("%s", payload)
			}
			return list.Sessions
		}
		get := func(clientID string) answer {
			return k.send(k.authenticated(httptest.NewRequest("GET", issuer+pathDenied, nil), clientID))
		}
		for clientID, want := range map[string][]string{"web": {sid}, "gateway": {sid}, "other": {}, "service": {}} {
			if got := sids(get(clientID), clientID); !slices.Equal(got, want) {
				t.Errorf("%s: %v", clientID, got)
			}
		}
		token := k.call("/oauth/token", "service", url.Values{"grant_type": {"client_credentials"}}).tokens(t).AccessToken
		r := httptest.NewRequest("GET", issuer+pathDenied, nil)
		bearer(token)(r)
		sids(k.send(r), "service")

		// Whoever has it is told so.
		r = k.authenticated(httptest.NewRequest("GET", issuer+pathDenied, nil), "web")
		r.Header.Set("If-None-Match", get("web").Header.Get("ETag"))
		if a := k.send(r); a.StatusCode != 304 || a.body != "" || a.Header.Get("ETag") == "" {
			t.Errorf("%d %q", a.StatusCode, a.body)
		}
		// Nothing is better than an old list.
		k.clock.Advance(6 * time.Second)
		if a := get("web"); a.StatusCode != 503 || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("not read for long: %d", a.StatusCode)
		}
	})
}

func TestSessionDenyListRefused(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	tokens := b.signInTo("web")
	machine := k.call("/oauth/token", "machine", url.Values{"grant_type": {"client_credentials"}}).tokens(t).AccessToken
	k.must(k.push.Read(t.Context()))
	for name, c := range map[string]struct {
		authorization string
		status        int
	}{
		"nobody": {"", 401}, "a person's token": {"Bearer " + tokens.AccessToken, 403}, "no scope": {"Bearer " + machine, 403},
		"garbage": {"Bearer x", 401}, "another scheme": {"Digest x", 401}, "no secret": {"Basic d2ViOg==", 401},
	} {
		r := httptest.NewRequest("GET", issuer+pathDenied, nil)
		if c.authorization != "" {
			r.Header.Set("Authorization", c.authorization)
		}
		for name, value := range b.cookies {
			r.Header.Add("Cookie", name+"="+value)
		}
		a := k.send(r)
		if a.StatusCode != c.status || a.Header.Get("Cache-Control") != "no-store" || !strings.Contains(a.Header.Get("WWW-Authenticate"), `realm="curfew"`) {
			t.Errorf("%s: %d %v", name, a.StatusCode, a.Header)
		}
	}
	if a := k.call(pathDenied, "web", url.Values{}); a.StatusCode != 405 {
		t.Errorf("POST: %d", a.StatusCode)
	}
}
