package op

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/text/language"

	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/user"
)

// metadata is the document of OpenID Connect Discovery 3 with what the library's type has no member for.
type metadata struct {
	oidc.DiscoveryConfiguration
	FrontChannelSupported bool     `json:"frontchannel_logout_supported"` // Front-Channel Logout 1.0 3
	FrontChannelSession   bool     `json:"frontchannel_logout_session_supported"`
	IssParameterSupported bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207 3
	PromptValuesSupported []string `json:"prompt_values_supported"`                        // Initiating User Registration 1.0

	// Of curfew's own.
	SessionEventsEndpoint   string `json:"session_events_endpoint"`
	SessionDenylistEndpoint string `json:"session_denylist_endpoint"`
}

// prepareDiscovery encodes the document once: it says the same to everybody until the process ends.
func (p *Provider) prepareDiscovery() error {
	at := func(path string) string { return p.Issuer + path }
	methods := []oidc.AuthMethod{oidc.AuthMethodBasic, oidc.AuthMethodPost, oidc.AuthMethodPrivateKeyJWT}
	assertionAlgs := []string{"ES256", "ES384", "RS256", "PS256", "EdDSA"}
	locales := make(oidc.Locales, 0, len(p.Locales))
	for _, l := range p.Locales {
		locales = append(locales, language.Make(l))
	}
	grants := []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken, oidc.GrantTypeClientCredentials, oidc.GrantTypeTokenExchange}
	doc := metadata{
		DiscoveryConfiguration: oidc.DiscoveryConfiguration{
			Issuer:                                             p.Issuer,
			AuthorizationEndpoint:                              at(pathAuthorize),
			TokenEndpoint:                                      at(pathToken),
			IntrospectionEndpoint:                              at(pathIntrospect),
			UserinfoEndpoint:                                   at(pathUserinfo),
			RevocationEndpoint:                                 at(pathRevoke),
			EndSessionEndpoint:                                 at(pathEndSession),
			CheckSessionIframe:                                 at(pathCheck),
			JwksURI:                                            at(pathJWKS),
			ScopesSupported:                                    []string{"openid", "profile", "email", "phone", "offline_access"},
			ResponseTypesSupported:                             []string{"code"},
			ResponseModesSupported:                             []string{"query", "fragment", "form_post"},
			GrantTypesSupported:                                grants,
			ACRValuesSupported:                                 factor.ACRValues,
			SubjectTypesSupported:                              []string{"public"},
			IDTokenSigningAlgValuesSupported:                   key.Algorithms,
			TokenEndpointAuthMethodsSupported:                  append(slices.Clone(methods), oidc.AuthMethodNone),
			TokenEndpointAuthSigningAlgValuesSupported:         assertionAlgs,
			RevocationEndpointAuthMethodsSupported:             append(slices.Clone(methods), oidc.AuthMethodNone),
			RevocationEndpointAuthSigningAlgValuesSupported:    assertionAlgs,
			IntrospectionEndpointAuthMethodsSupported:          methods,
			IntrospectionEndpointAuthSigningAlgValuesSupported: assertionAlgs,
			ClaimTypesSupported:                                []string{"normal"},
			ClaimsSupported: append(slices.Clone(user.Claims), "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr",
				"amr", "azp", "at_hash", "sid", "act"),
			ClaimsParameterSupported:      true,
			CodeChallengeMethodsSupported: []oidc.CodeChallengeMethod{oidc.CodeChallengeMethodS256},
			UILocalesSupported:            locales,
			// Back-Channel Logout 2.1
			BackChannelLogoutSupported:        true,
			BackChannelLogoutSessionSupported: true,
		},
		FrontChannelSupported: true,
		FrontChannelSession:   true,
		IssParameterSupported: true,
		PromptValuesSupported: []string{"none", "login", "consent", "select_account", "create"},
		SessionEventsEndpoint: at(pathEvents), SessionDenylistEndpoint: at(pathDenied),
	}
	body, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	p.discovery, p.etag = body, `"`+base64.RawURLEncoding.EncodeToString(sum[:12])+`"`
	return nil
}

func (p *Provider) serveDiscovery(w http.ResponseWriter, r *http.Request) {
	serveDocument(w, r, p.discovery, p.etag, "public, max-age=3600")
}

// serveJWKS lets the set be cached for five minutes: a new key is published a day before it signs.
func (p *Provider) serveJWKS(w http.ResponseWriter, r *http.Request) {
	body, etag := p.Ring.JWKS()
	serveDocument(w, r, body, etag, "public, max-age=300")
}

// matches compares weakly (RFC 9110 13.1.2): a proxy that compresses marks our tag with W/.
func matches(header []string, etag string) bool {
	for tag := range strings.SplitSeq(strings.Join(header, ","), ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
			return true
		}
	}
	return false
}

// serveDocument answers with prepared bytes, or with 304 to whoever has them (RFC 9110 13.1.2).
func serveDocument(w http.ResponseWriter, r *http.Request, body []byte, etag, caching string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", caching)
	h.Set("ETag", etag)
	if matches(r.Header.Values("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", "application/json")
	_, _ = w.Write(body) // a client that has gone cannot be told
}
