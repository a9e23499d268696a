package httpx

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// No class of endpoint sends Access-Control-Allow-Credentials: with it, any allowed site could act with the cookies of
// whoever looks at it. Pages and the account are in no class at all.

var (
	anyOrigin   = []string{"*"}
	varyOrigin  = []string{"Origin"}
	exposed     = []string{"WWW-Authenticate, DPoP-Nonce, Retry-After, X-Request-Id, ETag, RateLimit, RateLimit-Policy, Idempotency-Replayed"}
	askHeaders  = []string{"Authorization, Content-Type, DPoP, Accept, Accept-Language, Last-Event-ID, If-Match, Idempotency-Key"}
	askMaxAge   = []string{"600"}
	varyRequest = []string{"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"}
)

// CORSPublic lets any origin read: discovery and JWKS, which are the same for everybody.
func CORSPublic(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Access-Control-Allow-Origin"] = anyOrigin
		if preflight(r) {
			h["Access-Control-Allow-Methods"] = []string{"GET, HEAD"}
			h["Access-Control-Allow-Headers"] = askHeaders
			h["Access-Control-Max-Age"] = askMaxAge
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// CORSRegistered lets the origins read that some client has registered: token, userinfo, revocation and the like, for
// apps that run in a browser. methods is the list for preflights, such as "POST". registered is asked only for
// well-formed origins; it is given the exact value of the header.
func CORSRegistered(next http.Handler, methods string, registered func(ctx context.Context, origin string) bool) http.Handler {
	allowMethods := []string{methods}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		origin := r.Header["Origin"]
		ask := preflight(r)
		if len(origin) == 0 && !ask {
			// Also without an Origin: a cache must not give this answer to a page that sends one.
			h["Vary"] = append(h["Vary"], varyOrigin...)
			next.ServeHTTP(w, r)
			return
		}
		allowed := len(origin) == 1 && wellFormed(origin[0]) && registered(r.Context(), origin[0])
		if ask {
			h["Vary"] = append(h["Vary"], varyRequest...)
			if !allowed {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			h["Access-Control-Allow-Origin"] = origin
			h["Access-Control-Allow-Methods"] = allowMethods
			h["Access-Control-Allow-Headers"] = askHeaders
			h["Access-Control-Max-Age"] = askMaxAge
			w.WriteHeader(http.StatusNoContent)
			return
		}
		h["Vary"] = append(h["Vary"], varyOrigin...)
		if allowed {
			h["Access-Control-Allow-Origin"] = origin
			h["Access-Control-Expose-Headers"] = exposed
		}
		next.ServeHTTP(w, r)
	})
}

func preflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && len(r.Header["Access-Control-Request-Method"]) == 1
}

// wellFormed accepts a serialised tuple origin (RFC 6454 6.2): scheme, host, port. The opaque origin "null" is not
// one: every sandboxed frame and local file has it.
func wellFormed(origin string) bool {
	if len(origin) > 300 || origin != strings.ToLower(origin) {
		return false
	}
	u, err := url.Parse(origin)
	return err == nil && u.Scheme != "" && u.Host != "" && u.Scheme+"://"+u.Host == origin
}
