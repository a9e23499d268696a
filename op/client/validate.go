package client

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// FieldError says which member of the metadata is wrong and why.
type FieldError struct{ Field, Reason string }

func (e *FieldError) Error() string { return e.Field + ": " + e.Reason }

func bad(field, format string, args ...any) error {
	return &FieldError{field, fmt.Sprintf(format, args...)}
}

// maxList bounds every list a client registers.
const maxList = 50

// Complete fills in the defaults of RFC 7591 section 2 and checks the rest. It returns a *FieldError for the first member
// that cannot be accepted.
func (m *Metadata) Complete() error {
	if m.TokenEndpointAuthMethod == "" {
		m.TokenEndpointAuthMethod = AuthBasic
	}
	if len(m.GrantTypes) == 0 {
		m.GrantTypes = []string{GrantCode, GrantRefresh}
	}
	if len(m.ResponseTypes) == 0 && slices.Contains(m.GrantTypes, GrantCode) {
		m.ResponseTypes = []string{"code"}
	}
	if m.Scope == "" && slices.Contains(m.GrantTypes, GrantCode) {
		m.Scope = "openid profile email phone offline_access"
	}
	for _, check := range []func() error{m.checkText, m.checkAuth, m.checkGrants, m.checkRedirects, m.checkLogout, m.checkTokens,
		m.checkLifetimes} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (m *Metadata) checkText() error {
	if len(m.ClientName) > 200 || strings.ContainsFunc(m.ClientName, func(r rune) bool { return r < ' ' }) {
		return bad("client_name", "at most 200 bytes without control characters")
	}
	if m.ApplicationType != "" && m.ApplicationType != "web" && m.ApplicationType != "native" {
		return bad("application_type", "must be web or native")
	}
	for field, uri := range map[string]string{"client_uri": m.ClientURI, "logo_uri": m.LogoURI,
		"policy_uri": m.PolicyURI, "tos_uri": m.TOSURI} {
		if uri != "" && origin(uri) == "" {
			return bad(field, "must be an http or https URL")
		}
	}
	for field, n := range map[string]int{"contacts": len(m.Contacts), "redirect_uris": len(m.RedirectURIs),
		"post_logout_redirect_uris": len(m.PostLogoutRedirectURIs), "allowed_cors_origins": len(m.AllowedCORSOrigins)} {
		if n > maxList {
			return bad(field, "at most %d", maxList)
		}
	}
	return nil
}

func (m *Metadata) checkAuth() error {
	switch m.TokenEndpointAuthMethod {
	case AuthBasic, AuthPost, AuthNone:
		if m.JWKS != nil {
			return bad("jwks", "only with token_endpoint_auth_method private_key_jwt")
		}
	case AuthKey:
		if m.JWKS == nil || len(m.JWKS.Keys) == 0 {
			return bad("jwks", "required with private_key_jwt")
		}
		for _, k := range m.JWKS.Keys {
			if !k.Valid() || !k.IsPublic() {
				return bad("jwks", "must hold valid public keys only")
			}
		}
	default:
		return bad("token_endpoint_auth_method", "must be one of %s, %s, %s, %s", AuthBasic, AuthPost, AuthKey, AuthNone)
	}
	if m.PKCENotRequired && m.TokenEndpointAuthMethod == AuthNone {
		return bad("pkce_not_required", "a public client cannot do without PKCE") // RFC 9700 2.1.1
	}
	return nil
}

func (m *Metadata) checkGrants() error {
	for _, g := range m.GrantTypes {
		switch g {
		case GrantCode, GrantRefresh:
		case GrantClientCredentials:
			if m.TokenEndpointAuthMethod == AuthNone { // RFC 6749 4.4: only confidential clients
				return bad("grant_types", "client_credentials needs a client that authenticates")
			}
		case GrantTokenExchange:
			if m.TokenEndpointAuthMethod == AuthNone { // RFC 8693 2.1: whoever holds a token could exchange it
				return bad("grant_types", "token-exchange needs a client that authenticates")
			}
		default:
			return bad("grant_types", "%q is not supported", g)
		}
	}
	for _, r := range m.ResponseTypes {
		if r != "code" {
			return bad("response_types", "%q is not supported", r)
		}
	}
	return nil
}

func (m *Metadata) checkRedirects() error {
	if slices.Contains(m.GrantTypes, GrantCode) && len(m.RedirectURIs) == 0 {
		return bad("redirect_uris", "at least one is needed for authorization_code")
	}
	for _, uri := range m.RedirectURIs {
		if err := m.checkRedirect("redirect_uris", uri); err != nil {
			return err
		}
	}
	for _, uri := range m.PostLogoutRedirectURIs {
		if err := m.checkRedirect("post_logout_redirect_uris", uri); err != nil {
			return err
		}
	}
	for _, o := range m.AllowedCORSOrigins {
		if origin(o) != o {
			return bad("allowed_cors_origins", "%q is not an origin", o)
		}
	}
	return nil
}

// checkRedirect keeps out what could carry a code somewhere else: fragments (RFC 6749 3.1.2), user info, wildcards,
// schemes that run as script, and http anywhere but on loopback.
func (m *Metadata) checkRedirect(field, uri string) error {
	if len(uri) > 2000 || strings.ContainsAny(uri, "#*\\ \t\r\n") {
		return bad(field, "%q: no fragment, wildcard, backslash or space, at most 2000 bytes", uri)
	}
	u, err := url.Parse(uri)
	if err != nil || !u.IsAbs() || u.User != nil {
		return bad(field, "%q is not an absolute URL without user info", uri)
	}
	switch u.Scheme {
	case "https":
		if u.Host == "" {
			return bad(field, "%q has no host", uri)
		}
	case "http":
		if h := u.Hostname(); h != "localhost" && h != "127.0.0.1" && h != "::1" {
			return bad(field, "%q: http only on loopback", uri)
		}
	default: // RFC 8252 7.1: a private-use scheme is a reversed domain name, so it has a dot
		if m.ApplicationType != "native" || !strings.Contains(u.Scheme, ".") {
			return bad(field, "%q: only native applications may use a scheme of their own, with a dot in it", uri)
		}
	}
	return nil
}

func (m *Metadata) checkLogout() error {
	for field, uri := range map[string]string{"backchannel_logout_uri": m.BackchannelLogoutURI,
		"frontchannel_logout_uri": m.FrontchannelLogoutURI} {
		if uri != "" && (origin(uri) == "" || strings.Contains(uri, "#")) { // Back-Channel Logout 2.2
			return bad(field, "must be an http or https URL without fragment")
		}
	}
	return nil
}

func (m *Metadata) checkTokens() error {
	if m.IDTokenAlg != "" && !slices.Contains([]string{"ES256", "RS256", "PS256", "EdDSA"}, m.IDTokenAlg) {
		return bad("id_token_signed_response_alg", "must be ES256, RS256, PS256 or EdDSA")
	}
	if m.DefaultMaxAge != nil && *m.DefaultMaxAge < 0 {
		return bad("default_max_age", "must not be negative")
	}
	for _, s := range strings.Fields(m.Scope) {
		if !ValidScope(s) {
			return bad("scope", "%q is not a scope token", s)
		}
	}
	return nil
}

// ValidScope tells whether s is a scope-token of RFC 6749 3.3.
func ValidScope(s string) bool {
	return s != "" && len(s) <= 100 && !strings.ContainsFunc(s, func(r rune) bool {
		return r != 0x21 && (r < 0x23 || r > 0x5b) && (r < 0x5d || r > 0x7e)
	})
}
