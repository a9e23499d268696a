package op

import (
	"net/http"

	"github.com/curfew-id/curfew/internal/httpx"
)

// Paths of the endpoints, below the issuer.
const (
	pathDiscovery  = "/.well-known/openid-configuration"
	pathMetadata   = "/.well-known/oauth-authorization-server"
	pathJWKS       = "/.well-known/jwks.json"
	pathAuthorize  = "/oauth/authorize"
	pathToken      = "/oauth/token"
	pathIntrospect = "/oauth/introspect"
	pathRevoke     = "/oauth/revoke"
	pathUserinfo   = "/oauth/userinfo"
	pathEndSession = "/oauth/logout"
	pathCheck      = "/oauth/check_session"
	pathEvents     = "/oauth/sessions/events"
	pathDenied     = "/oauth/sessions/denied"
	pathSignIn     = "/signin/"
)

// Routes is the whole protocol surface.
func (p *Provider) Routes(mux *http.ServeMux) {
	public := httpx.CORSPublic
	browser := func(methods string, h http.HandlerFunc) http.Handler {
		return httpx.CORSRegistered(h, methods, p.allowedOrigin)
	}
	mux.Handle(pathDiscovery, public(http.HandlerFunc(p.serveDiscovery))) // OpenID Connect Discovery 4
	mux.Handle(pathMetadata, public(http.HandlerFunc(p.serveDiscovery)))  // RFC 8414
	mux.Handle(pathJWKS, public(http.HandlerFunc(p.serveJWKS)))           // RFC 7517
	mux.HandleFunc(pathAuthorize, p.authorize)                            // OpenID Connect Core 3.1.2
	mux.Handle(pathToken, browser("POST", p.token))                       // RFC 6749 3.2
	mux.Handle(pathRevoke, browser("POST", p.throughShell))               // RFC 7009
	mux.HandleFunc(pathIntrospect, p.introspectThroughShell)              // RFC 7662
	mux.Handle(pathUserinfo, browser("GET, POST", p.userinfo))            // OpenID Connect Core 5.3
	mux.HandleFunc(pathEndSession, p.endSession)                          // RP-Initiated Logout 1.0
	mux.HandleFunc(pathCheck, p.checkSession)                             // OpenID Connect Session Management 1.0
	mux.Handle(pathEvents, browser("GET", p.sessionEvents))               // of curfew's own: docs/protocol.md
	mux.HandleFunc(pathDenied, p.sessionDenyList)                         // of curfew's own
}
