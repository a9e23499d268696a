package client_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/curfew-id/curfew/op/client"
)

// The zero value is a confidential client with PKCE, consent and no exceptions.
func TestDefaultsAreSafe(t *testing.T) {
	m := client.Metadata{RedirectURIs: []string{"https://rp.example.com/cb"}}
	if err := m.Complete(); err != nil {
		t.Fatal(err)
	}
	c := &client.Client{Metadata: m}
	if c.Public() || m.PKCENotRequired || m.SkipConsent || c.SigningAlg() != "ES256" || c.Rotates() || len(c.Origins()) != 0 {
		t.Errorf("%+v", m)
	}
	if !c.Allows(client.GrantCode) || !c.Allows(client.GrantRefresh) || c.Allows(client.GrantClientCredentials) {
		t.Errorf("grants %v", m.GrantTypes)
	}
}

func TestRegistrationRefuses(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set := func(key any) *jose.JSONWebKeySet { return &jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key}}} }
	one := []string{"https://rp.example.com/cb"}
	negative := int64(-1)
	for name, c := range map[string]struct {
		field string
		m     client.Metadata
	}{
		"no redirect":              {"redirect_uris", client.Metadata{}},
		"too many redirects":       {"redirect_uris", client.Metadata{RedirectURIs: slices.Repeat(one, 51)}},
		"unknown method":           {"token_endpoint_auth_method", client.Metadata{RedirectURIs: one, TokenEndpointAuthMethod: "client_secret_jwt"}},
		"key method without keys":  {"jwks", client.Metadata{RedirectURIs: one, TokenEndpointAuthMethod: client.AuthKey}},
		"empty key set":            {"jwks", client.Metadata{RedirectURIs: one, TokenEndpointAuthMethod: client.AuthKey, JWKS: &jose.JSONWebKeySet{}}},
		"private key":              {"jwks", client.Metadata{RedirectURIs: one, TokenEndpointAuthMethod: client.AuthKey, JWKS: set(private)}},
		"symmetric key":            {"jwks", client.Metadata{RedirectURIs: one, TokenEndpointAuthMethod: client.AuthKey, JWKS: set([]byte("secret"))}},
		"keys beside a secret":     {"jwks", client.Metadata{RedirectURIs: one, JWKS: set(private.Public())}},
		"public without PKCE":      {"pkce_not_required", client.Metadata{RedirectURIs: one, TokenEndpointAuthMethod: client.AuthNone, PKCENotRequired: true}},
		"public machine":           {"grant_types", client.Metadata{TokenEndpointAuthMethod: client.AuthNone, GrantTypes: []string{client.GrantClientCredentials}}},
		"implicit":                 {"grant_types", client.Metadata{RedirectURIs: one, GrantTypes: []string{"implicit"}}},
		"password":                 {"grant_types", client.Metadata{RedirectURIs: one, GrantTypes: []string{"password"}}},
		"token response":           {"response_types", client.Metadata{RedirectURIs: one, ResponseTypes: []string{"code token"}}},
		"unknown alg":              {"id_token_signed_response_alg", client.Metadata{RedirectURIs: one, IDTokenAlg: "HS256"}},
		"alg none":                 {"id_token_signed_response_alg", client.Metadata{RedirectURIs: one, IDTokenAlg: "none"}},
		"negative max_age":         {"default_max_age", client.Metadata{RedirectURIs: one, DefaultMaxAge: &negative}},
		"quote in scope":           {"scope", client.Metadata{RedirectURIs: one, Scope: `openid a"b`}},
		"backslash in scope":       {"scope", client.Metadata{RedirectURIs: one, Scope: `a\b`}},
		"script as logo":           {"logo_uri", client.Metadata{RedirectURIs: one, LogoURI: "javascript:alert(1)"}},
		"data as logo":             {"logo_uri", client.Metadata{RedirectURIs: one, LogoURI: "data:image/svg+xml,x"}},
		"script as home":           {"client_uri", client.Metadata{RedirectURIs: one, ClientURI: "javascript:alert(1)"}},
		"control in name":          {"client_name", client.Metadata{RedirectURIs: one, ClientName: "a\nb"}},
		"long name":                {"client_name", client.Metadata{RedirectURIs: one, ClientName: strings.Repeat("a", 201)}},
		"unknown kind":             {"application_type", client.Metadata{RedirectURIs: one, ApplicationType: "service"}},
		"origin with path":         {"allowed_cors_origins", client.Metadata{RedirectURIs: one, AllowedCORSOrigins: []string{"https://a.example.com/"}}},
		"any origin":               {"allowed_cors_origins", client.Metadata{RedirectURIs: one, AllowedCORSOrigins: []string{"*"}}},
		"opaque origin":            {"allowed_cors_origins", client.Metadata{RedirectURIs: one, AllowedCORSOrigins: []string{"null"}}},
		"back-channel by fragment": {"backchannel_logout_uri", client.Metadata{RedirectURIs: one, BackchannelLogoutURI: "https://a.example.com/#x"}},
		"back-channel by file":     {"backchannel_logout_uri", client.Metadata{RedirectURIs: one, BackchannelLogoutURI: "file:///etc/passwd"}},
	} {
		var field *client.FieldError
		if err := c.m.Complete(); !errors.As(err, &field) || field.Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// RFC 6749 3.1.2, RFC 8252 7, 8.3, RFC 9700 2.1, 4.1: addresses that could carry a code somewhere else.
func TestRegistrationRefusesRedirects(t *testing.T) {
	try := func(kind, uri string) bool {
		m := client.Metadata{ApplicationType: kind, RedirectURIs: []string{uri}}
		n := client.Metadata{ApplicationType: kind, RedirectURIs: []string{uri}, PostLogoutRedirectURIs: []string{uri}}
		return m.Complete() == nil && n.Complete() == nil
	}
	for _, uri := range []string{"", "/cb", "//rp.example.com/cb", "rp.example.com/cb", "https://", "https:///cb", "https:cb", "https://rp.example.com/cb#",
		"https://rp.example.com/cb#x", "https://*.example.com/cb", "https://rp.example.com/*", "https://user@rp.example.com/", "https://user:pw@rp.example.com/",
		"https://rp.example.com\\@evil.example.com", "https://rp.example.com/a b", "https://rp.example.com/\n", "http://rp.example.com/cb",
		"http://127.0.0.2/cb", "http://localhost.example.com/cb", "http://0.0.0.0/cb", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd",
		"ftp://a.example.com/", "vbscript:x", "about:blank", "blob:https://a.example.com/x", "https://rp.example.com:port/", "https://[::1", "https://%zz/",
		"https://rp.example.com/" + strings.Repeat("x", 2000)} {
		for _, kind := range []string{"", "web", "native"} {
			if try(kind, uri) {
				t.Errorf("%q %q is accepted", kind, uri)
			}
		}
	}
	for uri, kinds := range map[string]string{"https://rp.example.com": "web native", "https://rp.example.com:8443/cb?a=b": "web native",
		"http://127.0.0.1/cb": "web native", "http://localhost:3000/cb": "web native", "http://[::1]/": "web native",
		"com.example.app:/cb": "native", "com.example.app://cb": "native", "myapp:/cb": ""} {
		for _, kind := range []string{"web", "native"} {
			if want := strings.Contains(kinds, kind); try(kind, uri) != want {
				t.Errorf("%q %q: %v", kind, uri, !want)
			}
		}
	}
}
