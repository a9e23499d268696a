package page

// Error is the page of everything that cannot go on. The status is that of
// Render; Kind says it in words.
type Error struct {
	Base
	Kind      ErrorKind
	RequestID string // so that an operator finds the log line
	// Code and Detail are for the developer of the app that sent the person
	// here: an OAuth error code and its description. Both are public: nothing
	// internal belongs in them. Empty hides them.
	Code   string
	Detail string
	// RetryAfter is when trying again makes sense, in seconds; 0 hides it.
	RetryAfter int
	Back       Link // a way on; without URL there is none
}

func (Error) template() string { return "error" }

// ErrorKind is what went wrong, as far as a person is concerned.
type ErrorKind string

// The kinds of Error; each has a title and a text in every language.
const (
	ErrorBadRequest   ErrorKind = "bad_request"  // 400
	ErrorClient       ErrorKind = "client"       // 400: the app's request cannot be answered to the app
	ErrorExpired      ErrorKind = "expired"      // 400, 410: the flow or link is over
	ErrorBrowser      ErrorKind = "browser"      // 400: the flow began in another browser, or cookies are off
	ErrorForbidden    ErrorKind = "forbidden"    // 403
	ErrorImpersonated ErrorKind = "impersonated" // 403: only the user themself may
	ErrorNotFound     ErrorKind = "not_found"    // 404
	ErrorMethod       ErrorKind = "method"       // 405
	ErrorTooMany      ErrorKind = "too_many"     // 429
	ErrorInternal     ErrorKind = "internal"     // 500
	ErrorUnavailable  ErrorKind = "unavailable"  // 503

	// Why a link to impersonate somebody does not work.
	ErrorActingUnknown ErrorKind = "acting_unknown" // 404
	ErrorActingUsed    ErrorKind = "acting_used"    // 410
	ErrorActingExpired ErrorKind = "acting_expired" // 410
	ErrorActingRevoked ErrorKind = "acting_revoked" // 410
	ErrorActingOther   ErrorKind = "acting_other"   // 403: it is for somebody else
	ErrorActingNested  ErrorKind = "acting_nested"  // 409: whoever opens it impersonates somebody
	ErrorActingWaiting ErrorKind = "acting_waiting" // 403: somebody else has to approve it
	ErrorActingRefused ErrorKind = "acting_refused" // 403: by the policy
)

// ErrorKinds lists every ErrorKind.
func ErrorKinds() []ErrorKind {
	return []ErrorKind{
		ErrorBadRequest, ErrorClient, ErrorExpired, ErrorBrowser, ErrorForbidden, ErrorImpersonated, ErrorNotFound,
		ErrorMethod, ErrorTooMany, ErrorInternal, ErrorUnavailable,
		ErrorActingUnknown, ErrorActingUsed, ErrorActingExpired, ErrorActingRevoked, ErrorActingOther, ErrorActingNested,
		ErrorActingWaiting, ErrorActingRefused,
	}
}
