package rp

import (
	"errors"
	"fmt"
	"net/http"
)

// Errors that a caller decides on.
var (
	// ErrNoSession says that a Store holds no session under the id, or that it has ended.
	ErrNoSession = errors.New("rp: no such web session")
	// ErrInvalidToken says that a token is not to be believed; it wraps the reason.
	ErrInvalidToken = errors.New("rp: invalid token")
	// ErrExpiredToken is an ErrInvalidToken: all is right with the token but its age.
	ErrExpiredToken = fmt.Errorf("%w: expired", ErrInvalidToken)
	// ErrEndedSession is an ErrInvalidToken: all is right with the token, but its session is known to have ended.
	ErrEndedSession = fmt.Errorf("%w: session ended", ErrInvalidToken)
	// ErrUnavailable says that the provider did not answer, so nothing could be decided.
	ErrUnavailable = errors.New("rp: provider unavailable")
)

// Codes of a Failure that are this package's own. Other codes come from the provider (RFC 6749 4.1.2.1),
// access_denied for example.
const (
	CodeInvalidRequest      = "invalid_request"      // a callback or a form that is not well formed
	CodeSignInExpired       = "sign_in_expired"      // the callback belongs to no sign-in of this browser
	CodeSignInFailed        = "sign_in_failed"       // the provider's answer is not to be believed
	CodeSessionEnded        = "session_ended"        // it ended while the sign-in was under way
	CodeSignInRequired      = "sign_in_required"     // no session, and not a page that could redirect
	CodeProviderUnavailable = "provider_unavailable" // try again later
)

// Failure is a request that could not be served. Status, Code and Message may be shown to anybody; Err is
// for the log.
type Failure struct {
	Status  int    // HTTP status
	Code    string // stable, for programs
	Message string // one sentence, for people
	Err     error  // the cause, possibly nil
}

// Error returns the code and the cause.
func (f *Failure) Error() string {
	if f.Err == nil {
		return "rp: " + f.Code
	}
	return "rp: " + f.Code + ": " + f.Err.Error()
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

func plainFailure(w http.ResponseWriter, _ *http.Request, f *Failure) {
	http.Error(w, f.Message, f.Status)
}

// fail logs the cause and shows the rest.
func (a *App) fail(w http.ResponseWriter, r *http.Request, f *Failure) {
	if f.Err != nil {
		a.cfg.Logger.WarnContext(r.Context(), "request refused", "code", f.Code, "err", f.Err)
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if f.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "2")
	}
	a.cfg.OnFailure(w, r, f)
}

func unavailable(err error) *Failure {
	return &Failure{
		Status: http.StatusServiceUnavailable, Code: CodeProviderUnavailable,
		Message: "The sign-in service does not answer right now. Please try again in a moment.", Err: err,
	}
}
