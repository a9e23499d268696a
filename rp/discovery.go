package rp

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Metadata is the part of the provider's discovery document that a relying party needs (OpenID Connect
// Discovery 1.0, section 3).
type Metadata struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	UserinfoEndpoint      string   `json:"userinfo_endpoint"`
	EndSessionEndpoint    string   `json:"end_session_endpoint"`
	JWKSURI               string   `json:"jwks_uri"`
	CodeChallengeMethods  []string `json:"code_challenge_methods_supported"`
	// ResponseIssParameter promises iss in every authorization response (RFC 9207 3).
	ResponseIssParameter bool `json:"authorization_response_iss_parameter_supported"`
	// The feeds that Follow reads are curfew's own; other providers have none.
	SessionEventsEndpoint   string `json:"session_events_endpoint"`
	SessionDenyListEndpoint string `json:"session_denylist_endpoint"`
}

// provider is what this process knows about the issuer.
type provider struct {
	meta   Metadata
	keys   *keySet
	do     Doer
	now    func() time.Time
	leeway time.Duration
}

// discover reads the discovery document and the first keys.
func discover(ctx context.Context, issuer string, do Doer, now func() time.Time, leeway time.Duration) (*provider, error) {
	if _, err := secureURL(issuer); err != nil {
		return nil, fmt.Errorf("rp: Issuer: %w", err)
	}
	p := &provider{do: do, now: now, leeway: leeway}
	address := strings.TrimSuffix(issuer, "/") + "/.well-known/openid-configuration"
	status, err := getJSON(ctx, do, address, "", &p.meta)
	if err != nil {
		return nil, fmt.Errorf("rp: read discovery document: %w", err)
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("rp: read discovery document: %w: status %d", ErrUnavailable, status)
	}
	if err := p.meta.check(issuer); err != nil {
		return nil, fmt.Errorf("rp: discovery document: %w", err)
	}
	p.keys = newKeySet(p.meta.JWKSURI, do, now)
	if err := p.keys.fetch(ctx); err != nil {
		return nil, fmt.Errorf("rp: read keys: %w", err)
	}
	return p, nil
}

func (m *Metadata) check(issuer string) error {
	// OIDC Discovery 4.3: identical, or a provider could speak for another one.
	if m.Issuer != issuer {
		return fmt.Errorf("issuer is %q, not %q", m.Issuer, issuer)
	}
	for _, e := range []struct {
		name, address string
		required      bool
	}{
		{"jwks_uri", m.JWKSURI, true},
		{"authorization_endpoint", m.AuthorizationEndpoint, false}, // New asks for these two
		{"token_endpoint", m.TokenEndpoint, false},
		{"userinfo_endpoint", m.UserinfoEndpoint, false},
		{"end_session_endpoint", m.EndSessionEndpoint, false},
		{"session_events_endpoint", m.SessionEventsEndpoint, false},
		{"session_denylist_endpoint", m.SessionDenyListEndpoint, false},
	} {
		if e.address == "" && !e.required {
			continue
		}
		if _, err := secureURL(e.address); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
	}
	return nil
}

// signsIn reports what keeps the provider from signing users in, or nil.
func (m *Metadata) signsIn() error {
	if m.AuthorizationEndpoint == "" || m.TokenEndpoint == "" {
		return fmt.Errorf("rp: %s has no authorization or no token endpoint", m.Issuer)
	}
	// RFC 9700 2.1.1: a client must be sure that the provider looks at the code challenge.
	if len(m.CodeChallengeMethods) > 0 && !slices.Contains(m.CodeChallengeMethods, "S256") {
		return fmt.Errorf("rp: %s does not support PKCE with S256", m.Issuer)
	}
	return nil
}
