package op_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/curfew-id/curfew/op/client"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with testdata/name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := "testdata/" + name
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-want +got):\n%s", file, d)
	}
}

func indent(t *testing.T, body string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(body), "", "  "); err != nil {
		t.Fatal(err)
	}
	b.WriteByte('\n')
	return b.Bytes()
}

func TestDiscoveryIsGolden(t *testing.T) {
	k := light(t)
	a := k.browser().get("/.well-known/openid-configuration")
	golden(t, "discovery.json", indent(t, a.body))
	if other := k.browser().get("/.well-known/oauth-authorization-server"); other.body != a.body { // RFC 8414
		t.Error("the two documents differ")
	}
	if a.Header.Get("Content-Type") != "application/json" || a.Header.Get("Cache-Control") != "public, max-age=3600" {
		t.Errorf("headers %v", a.Header)
	}
}

// RFC 9110 13.1.2: whoever has it gets 304, also behind a proxy that weakens the tag.
func TestDocumentsAreNotSentTwice(t *testing.T) {
	k := light(t)
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/jwks.json"} {
		etag := k.browser().get(path).Header.Get("ETag")
		if len(etag) < 10 {
			t.Fatalf("%s: ETag %q", path, etag)
		}
		for tag, want := range map[string]int{etag: 304, "W/" + etag: 304, `"x", ` + etag: 304, "*": 304, `"x"`: 200, "": 200,
			strings.Trim(etag, `"`): 200} {
			r := httptest.NewRequest("GET", issuer+path, nil)
			r.Header.Set("If-None-Match", tag)
			if a := k.send(r); a.StatusCode != want || (want == 304) != (a.body == "") || a.Header.Get("ETag") != etag {
				t.Errorf("%s with %q: %d", path, tag, a.StatusCode)
			}
		}
	}
}

// What discovery names is there, and works as it says.
func TestDiscoveryTellsTheTruth(t *testing.T) {
	k := light(t)
	var doc oidc.DiscoveryConfiguration
	k.must(json.Unmarshal([]byte(k.browser().get("/.well-known/openid-configuration").body), &doc))
	if doc.Issuer != issuer {
		t.Errorf("issuer %q", doc.Issuer)
	}
	for _, endpoint := range []string{doc.AuthorizationEndpoint, doc.TokenEndpoint, doc.IntrospectionEndpoint, doc.UserinfoEndpoint,
		doc.RevocationEndpoint, doc.EndSessionEndpoint, doc.JwksURI} {
		if a := k.send(httptest.NewRequest("GET", endpoint, nil)); a.StatusCode == http.StatusNotFound {
			t.Errorf("%s is not there", endpoint)
		}
	}
	if !slices.Equal(doc.CodeChallengeMethodsSupported, []oidc.CodeChallengeMethod{"S256"}) {
		t.Errorf("challenge methods %v", doc.CodeChallengeMethodsSupported)
	}
	u := k.person("user@example.com")
	b := k.signedIn(u)
	k.must(k.consents.Grant(t.Context(), u.ID, "web", strings.Join(doc.ScopesSupported, " ")))
	if got := b.signInTo("web", "scope", strings.Join(doc.ScopesSupported, " ")); got.Scope != strings.Join(doc.ScopesSupported, " ") {
		t.Errorf("scope %q", got.Scope)
	}
	for _, mode := range doc.ResponseModesSupported {
		if a := b.authorize("web", "response_mode", mode); !strings.Contains(a.Header.Get("Location")+a.body, "code=") {
			t.Errorf("response mode %s: %d", mode, a.StatusCode)
		}
	}
	for _, typ := range doc.ResponseTypesSupported {
		b.code("web", "response_type", typ)
	}
	for _, acr := range doc.ACRValuesSupported {
		if got := b.authorize("web", "acr_values", acr).outcome(t); got == "invalid_request" {
			t.Errorf("acr %s: %s", acr, got)
		}
	}
	for _, alg := range doc.IDTokenSigningAlgValuesSupported {
		m := client.Metadata{SkipConsent: true, RedirectURIs: []string{"https://rp.example.com/cb"}, IDTokenAlg: alg}
		k.register("alg-"+alg, m)
		if header, _ := parts(t, b.signInTo("alg-"+alg).IDToken); header["alg"] != alg {
			t.Errorf("signed with %v, want %s", header["alg"], alg)
		}
	}
	for _, method := range doc.TokenEndpointAuthMethodsSupported {
		m := client.Metadata{RedirectURIs: []string{"https://rp.example.com/cb"}, TokenEndpointAuthMethod: string(method)}
		if method == client.AuthKey {
			continue // client_assertion_test.go
		}
		k.register("method-"+string(method), m)
	}
	for _, grant := range doc.GrantTypesSupported {
		a := k.call("/oauth/token", "web", map[string][]string{"grant_type": {string(grant)}})
		if a.json(t)["error"] == "unsupported_grant_type" {
			t.Errorf("grant type %s", grant)
		}
	}
}
