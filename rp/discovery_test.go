package rp_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/curfew-id/curfew/rp"
	"github.com/curfew-id/curfew/rp/rptest"
)

func TestDiscoveryRefuses(t *testing.T) {
	for name, bend := range map[string]func(doc map[string]any){
		"another issuer":           func(d map[string]any) { d["issuer"] = "https://evil.example.com" },
		"an issuer with a slash":   func(d map[string]any) { d["issuer"] = d["issuer"].(string) + "/" },
		"no issuer":                func(d map[string]any) { delete(d, "issuer") },
		"no keys":                  func(d map[string]any) { delete(d, "jwks_uri") },
		"keys in clear":            func(d map[string]any) { d["jwks_uri"] = "http://id.example.com/jwks" },
		"token endpoint in clear":  func(d map[string]any) { d["token_endpoint"] = "http://id.example.com/token" },
		"authorize a script":       func(d map[string]any) { d["authorization_endpoint"] = "javascript:alert(1)" },
		"no token endpoint":        func(d map[string]any) { delete(d, "token_endpoint") },
		"PKCE plain only":          func(d map[string]any) { d["code_challenge_methods_supported"] = []string{"plain"} },
		"end_session a script":     func(d map[string]any) { d["end_session_endpoint"] = "javascript:alert(1)" },
		"endpoints of other types": func(d map[string]any) { d["token_endpoint"] = 7 },
	} {
		p := rptest.Start(t, newClock().Now)
		p.Tamper.Discovery = bend
		if _, err := rp.New(context.Background(), rp.Config{Issuer: p.Issuer, ClientID: "shop", RedirectURI: "https://shop.example.com/cb"}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestDiscoveryWhenTheProviderIsNotUp(t *testing.T) {
	cfg := rp.Config{Issuer: "http://127.0.0.1:1", ClientID: "shop", RedirectURI: "https://shop.example.com/cb"}
	if _, err := rp.New(context.Background(), cfg); !errors.Is(err, rp.ErrUnavailable) {
		t.Errorf("nobody there: %v", err)
	}
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	cfg.Issuer = srv.URL
	if _, err := rp.New(context.Background(), cfg); !errors.Is(err, rp.ErrUnavailable) {
		t.Errorf("404: %v", err)
	}
}

func TestConfigRefuses(t *testing.T) {
	good := func() rp.Config {
		return rp.Config{Issuer: "https://id.example.com", ClientID: "shop", RedirectURI: "https://shop.example.com/cb", Doer: &wire{}}
	}
	for name, bend := range map[string]func(*rp.Config){
		"no issuer":              func(c *rp.Config) { c.Issuer = "" },
		"issuer in clear":        func(c *rp.Config) { c.Issuer = "http://id.example.com" },
		"no client":              func(c *rp.Config) { c.ClientID = "" },
		"no redirect":            func(c *rp.Config) { c.RedirectURI = "" },
		"relative redirect":      func(c *rp.Config) { c.RedirectURI = "/cb" },
		"redirect in clear":      func(c *rp.Config) { c.RedirectURI = "http://shop.example.com/cb" },
		"redirect with fragment": func(c *rp.Config) { c.RedirectURI += "#x" },
		"logout in clear":        func(c *rp.Config) { c.PostLogoutRedirectURI = "http://shop.example.com/" },
		"short key":              func(c *rp.Config) { c.CookieKey = []byte("short") },
	} {
		cfg := good()
		bend(&cfg)
		if _, err := rp.New(context.Background(), cfg); err == nil || errors.Is(err, rp.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
