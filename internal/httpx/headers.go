package httpx

import "net/http"

// The values of the default headers, shared by all answers. Their capacity is their length: Header.Add copies.
var (
	nosniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	deny       = []string{"DENY"}
	noContent  = []string{"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"}
	twoYears   = []string{"max-age=63072000"} // not its subdomains: they may be somebody else's
)

// setDefaults sets the strictest headers. Handlers that need less (pages their styles, check_session a frame) set
// their own in place of them.
func setDefaults(h http.Header, hsts bool) {
	h["X-Content-Type-Options"] = nosniff
	h["Referrer-Policy"] = noReferrer // RFC 9700 4.2.4: codes and state must not leak by it
	h["X-Frame-Options"] = deny       // RFC 9700 4.16: clickjacking, for browsers without frame-ancestors
	h["Content-Security-Policy"] = noContent
	if hsts {
		h["Strict-Transport-Security"] = twoYears
	}
}

// NoStore forbids every cache to keep the answer (RFC 6749 5.1), for answers that hold tokens or depend on a cookie.
func NoStore(h http.Header) {
	h["Cache-Control"] = noStore
	h["Pragma"] = noCache
}

var (
	noStore = []string{"no-store"}
	noCache = []string{"no-cache"}
)
