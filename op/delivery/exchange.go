package delivery

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/curfew-id/curfew/internal/httpx"
)

// Class says what kind of failure an attempt met. It is what a receipt keeps; nothing that a receiver wrote is kept.
type Class string

// Classes of failure. All but Rejected and Internal say that the receiver as such is unwell.
const (
	Timeout       Class = "timeout"        // no answer in time
	Unreachable   Class = "unreachable"    // no such name, no connection, or a broken one
	TLS           Class = "tls"            // the receiver could not prove who it is
	NotPublic     Class = "not_public"     // an address that must not be reached, see httpx.ErrRefused
	Redirected    Class = "redirected"     // 3xx: to an address that nobody registered
	Rejected      Class = "rejected"       // 400: the receiver says that this delivery is wrong, or that it failed
	ReceiverFault Class = "receiver_fault" // any other status
	Internal      Class = "internal"       // nothing could be sent, the fault is here
)

// Failure is an attempt that met a receiver and was not taken.
type Failure struct {
	Class      Class
	Status     int
	retryAfter string // as the receiver put it
	err        error
}

// Error implements error.
func (f *Failure) Error() string {
	if f.err != nil {
		return fmt.Sprintf("%s: %v", f.Class, f.err)
	}
	return fmt.Sprintf("%s: status %d", f.Class, f.Status)
}

// RetryAfter is how long from now on the receiver asks to be left alone (RFC 9110 10.2.3: seconds, or a date), 0 where it does
// not or what it says is no such thing.
func (f *Failure) RetryAfter(now time.Time) time.Duration {
	s := strings.Trim(f.retryAfter, " \t")
	if s == "" {
		return 0
	}
	if strings.Trim(s, "0123456789") == "" {
		seconds, err := strconv.ParseInt(s, 10, 64)
		if err != nil || seconds > int64(math.MaxInt64/time.Second) { // more digits than that are a long time as well
			return math.MaxInt64
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(s)
	if err != nil {
		return 0
	}
	return max(0, at.Sub(now))
}

// Unwrap returns what caused it.
func (f *Failure) Unwrap() error { return f.err }

// ClassOf is the class of an error that a Sender returned: Internal unless it is a *Failure, empty for nil.
func ClassOf(err error) Class {
	if err == nil {
		return ""
	}
	if f := (*Failure)(nil); errors.As(err, &f) {
		return f.Class
	}
	return Internal
}

// Exchange sends a request and judges the answer by its status alone: 2xx is taken, anything else is a *Failure. The body
// is not looked at.
func Exchange(doer httpx.Doer, req *http.Request) (status int, err error) {
	resp, err := doer.Do(req)
	if err != nil {
		return 0, &Failure{Class: classOfTransport(err), err: err}
	}
	defer resp.Body.Close()
	if resp.ContentLength >= 0 && resp.ContentLength < 4<<10 {
		_, _ = io.Copy(io.Discard, resp.Body) // a short answer that is read leaves the connection for the next request
	}
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return code, nil
	case code >= 300 && code < 400:
		return code, &Failure{Class: Redirected, Status: code}
	case code == http.StatusBadRequest:
		return code, &Failure{Class: Rejected, Status: code}
	case code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable: // RFC 6585 4, RFC 9110 15.6.4
		return code, &Failure{Class: ReceiverFault, Status: code, retryAfter: resp.Header.Get("Retry-After")}
	default:
		return code, &Failure{Class: ReceiverFault, Status: code}
	}
}

func classOfTransport(err error) Class {
	var timeout net.Error
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var verify *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.Is(err, httpx.ErrRefused):
		return NotPublic
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return Timeout
	case errors.As(err, &record), errors.As(err, &alert), errors.As(err, &verify), errors.As(err, &unknown):
		return TLS
	default:
		return Unreachable
	}
}
