package api

import (
	"encoding/json"
	"fmt"

	"github.com/curfew-id/curfew/op/client"
)

// ApplicationFields is what can be registered of an application: client.Metadata as it is described to callers. That
// both have the same members is a test of this package; what may stand in them client.Metadata alone decides.
type ApplicationFields struct {
	ClientName              string   `json:"client_name,omitempty" maxLength:"200" doc:"What users are shown"`
	ClientURI               string   `json:"client_uri,omitempty" maxLength:"2000"`
	LogoURI                 string   `json:"logo_uri,omitempty" maxLength:"2000"`
	PolicyURI               string   `json:"policy_uri,omitempty" maxLength:"2000"`
	TOSURI                  string   `json:"tos_uri,omitempty" maxLength:"2000"`
	Contacts                []string `json:"contacts,omitempty" maxItems:"50"`
	ApplicationType         string   `json:"application_type,omitempty" doc:"web (default) or native"`
	RedirectURIs            []string `json:"redirect_uris,omitempty" maxItems:"50" doc:"Compared as strings; no patterns"`
	PostLogoutRedirectURIs  []string `json:"post_logout_redirect_uris,omitempty" maxItems:"50"`
	TokenEndpointAuthMethod string   `json:"token_endpoint_auth_method,omitempty" doc:"client_secret_basic (default), client_secret_post, private_key_jwt or none"`
	GrantTypes              []string `json:"grant_types,omitempty" maxItems:"50" doc:"Default: authorization_code and refresh_token"`
	ResponseTypes           []string `json:"response_types,omitempty" maxItems:"50"`
	Scope                   string   `json:"scope,omitempty" maxLength:"4000" doc:"What it may ask for, separated by spaces"`
	JWKS                    object   `json:"jwks,omitempty" doc:"Public keys (RFC 7517) for private_key_jwt"`
	IDTokenAlg              string   `json:"id_token_signed_response_alg,omitempty" doc:"ES256 (default), RS256, PS256 or EdDSA"`
	DefaultMaxAge           *int64   `json:"default_max_age,omitempty" doc:"In seconds"`
	DefaultACRValues        []string `json:"default_acr_values,omitempty" maxItems:"50"`

	BackchannelLogoutURI              string `json:"backchannel_logout_uri,omitempty" maxLength:"2000"`
	BackchannelLogoutSessionRequired  bool   `json:"backchannel_logout_session_required,omitempty"`
	FrontchannelLogoutURI             string `json:"frontchannel_logout_uri,omitempty" maxLength:"2000"`
	FrontchannelLogoutSessionRequired bool   `json:"frontchannel_logout_session_required,omitempty"`

	AllowedCORSOrigins  []string `json:"allowed_cors_origins,omitempty" maxItems:"50" doc:"May call the token and userinfo endpoints from a browser, beside the origins of a public client's redirect URIs"`
	PKCENotRequired     bool     `json:"pkce_not_required,omitempty" doc:"Excepts a confidential client that cannot do PKCE"`
	SkipConsent         bool     `json:"skip_consent,omitempty" doc:"An application of the operator's own: users are not asked"`
	RotateRefreshTokens bool     `json:"rotate_refresh_tokens,omitempty" doc:"Rotate as public clients always do"`
	NoIDTokenOnRefresh  bool     `json:"no_id_token_on_refresh,omitempty"`
	SessionLifetime     int64    `json:"session_lifetime,omitempty" doc:"For how many seconds after the person has authenticated a session counts for this application: at least 60, at most session.absolute. Default: as long as it lasts"`
	SessionIdleTimeout  int64    `json:"session_idle_timeout,omitempty" doc:"How many seconds a session may go unused before it counts for this application no more: at least 300, at most session.idle. Default: as long as it lasts"`
}

// metadata returns f as the registry takes it. Keys are read apart from the rest: they are the one member whose inside a
// caller can get wrong.
func (f ApplicationFields) metadata() (m client.Metadata, err error) {
	keys := f.JWKS
	f.JWKS = nil
	b, err := json.Marshal(f)
	if err != nil {
		return m, fmt.Errorf("encode metadata: %w", err)
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("decode metadata: %w", err)
	}
	if len(keys) > 0 && string(keys) != "null" {
		if m.JWKS, err = ParseKeys(keys); err != nil {
			return m, err
		}
	}
	return m, nil
}

func fieldsOfMetadata(m client.Metadata) (f ApplicationFields, err error) {
	b, err := json.Marshal(m)
	if err != nil {
		return f, fmt.Errorf("encode metadata: %w", err)
	}
	return f, json.Unmarshal(b, &f)
}
