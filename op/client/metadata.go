package client

import (
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// Metadata is what a client registers, with the member names of RFC 7591 section 2 and OpenID Connect Dynamic Client
// Registration 2. The zero value of every member is its safe default.
type Metadata struct {
	ClientName              string              `json:"client_name,omitempty"`
	ClientURI               string              `json:"client_uri,omitempty"`
	LogoURI                 string              `json:"logo_uri,omitempty"`
	PolicyURI               string              `json:"policy_uri,omitempty"`
	TOSURI                  string              `json:"tos_uri,omitempty"`
	Contacts                []string            `json:"contacts,omitempty"`
	ApplicationType         string              `json:"application_type,omitempty"` // web (default) or native
	RedirectURIs            []string            `json:"redirect_uris,omitempty"`
	PostLogoutRedirectURIs  []string            `json:"post_logout_redirect_uris,omitempty"`
	TokenEndpointAuthMethod string              `json:"token_endpoint_auth_method,omitempty"`
	GrantTypes              []string            `json:"grant_types,omitempty"`
	ResponseTypes           []string            `json:"response_types,omitempty"`
	Scope                   string              `json:"scope,omitempty"` // what it may ask for, space-delimited
	JWKS                    *jose.JSONWebKeySet `json:"jwks,omitempty"`
	IDTokenAlg              string              `json:"id_token_signed_response_alg,omitempty"`
	DefaultMaxAge           *int64              `json:"default_max_age,omitempty"` // seconds
	DefaultACRValues        []string            `json:"default_acr_values,omitempty"`

	BackchannelLogoutURI              string `json:"backchannel_logout_uri,omitempty"`
	BackchannelLogoutSessionRequired  bool   `json:"backchannel_logout_session_required,omitempty"`
	FrontchannelLogoutURI             string `json:"frontchannel_logout_uri,omitempty"`
	FrontchannelLogoutSessionRequired bool   `json:"frontchannel_logout_session_required,omitempty"`

	// Members of curfew's own.

	// AllowedCORSOrigins may call the token and userinfo endpoints from a browser, beside the origins of a public
	// client's redirect URIs.
	AllowedCORSOrigins []string `json:"allowed_cors_origins,omitempty"`
	// PKCENotRequired excepts a confidential client that cannot do PKCE (RFC 9700 2.1.1).
	PKCENotRequired bool `json:"pkce_not_required,omitempty"`
	// SkipConsent marks an application of the operator's own: its users are not asked.
	SkipConsent bool `json:"skip_consent,omitempty"`
	// RotateRefreshTokens makes a confidential client rotate as public ones always do.
	RotateRefreshTokens bool `json:"rotate_refresh_tokens,omitempty"`
	// NoIDTokenOnRefresh leaves the ID token out of refresh answers.
	NoIDTokenOnRefresh bool `json:"no_id_token_on_refresh,omitempty"`
	// SessionLifetime is for how many seconds after the person has authenticated a session counts for this client, and
	// SessionIdleTimeout how many seconds it may go unused; 0 for as long as the session itself. See lifetime.go.
	SessionLifetime    int64 `json:"session_lifetime,omitempty"`
	SessionIdleTimeout int64 `json:"session_idle_timeout,omitempty"`
}

// Ways a client authenticates at the token endpoint (OpenID Connect Core 9).
const (
	AuthBasic = "client_secret_basic"
	AuthPost  = "client_secret_post"
	AuthKey   = "private_key_jwt"
	AuthNone  = "none"
)

// Grant types (RFC 6749, RFC 8693 2.1).
const (
	GrantCode              = "authorization_code"
	GrantRefresh           = "refresh_token"
	GrantClientCredentials = "client_credentials"
	GrantTokenExchange     = "urn:ietf:params:oauth:grant-type:token-exchange"
)

// Client is a registered client, parsed once.
type Client struct {
	ID         string
	Version    int64
	Epoch      int64
	SecretHash []byte
	Metadata
}

// Public tells that the client cannot keep a secret (RFC 6749 2.1).
func (c *Client) Public() bool { return c.TokenEndpointAuthMethod == AuthNone }

// Name is what users are shown.
func (c *Client) Name() string {
	if c.ClientName != "" {
		return c.ClientName
	}
	return c.ID
}

// Allows tells whether the client registered a grant type.
func (c *Client) Allows(grant string) bool { return slices.Contains(c.GrantTypes, grant) }

// Rotates tells whether a refresh replaces the refresh token.
func (c *Client) Rotates() bool { return c.Public() || c.RotateRefreshTokens }

// SigningAlg is the algorithm of its ID tokens.
func (c *Client) SigningAlg() string {
	if c.IDTokenAlg != "" {
		return c.IDTokenAlg
	}
	return "ES256"
}

// MayScope narrows a space-delimited scope to what the client may ask for, in the order asked, each once.
func (c *Client) MayScope(scope string) string {
	allowed := strings.Fields(c.Scope)
	var out []string
	for _, s := range strings.Fields(scope) {
		if slices.Contains(allowed, s) && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return strings.Join(out, " ")
}

// Origins may call from a browser.
func (c *Client) Origins() (origins []string) {
	origins = append(origins, c.AllowedCORSOrigins...)
	if c.Public() {
		for _, uri := range c.RedirectURIs {
			if o := origin(uri); o != "" && !slices.Contains(origins, o) {
				origins = append(origins, o)
			}
		}
	}
	return origins
}
