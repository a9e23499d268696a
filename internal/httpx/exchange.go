package httpx

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/netip"
)

// exchange is one request and its answer on their way through Wrap. It is the request's context and its response
// writer at once, so that the frame costs one allocation. It is never reused: a handler that wrongly keeps its writer
// must not reach somebody else's answer.
type exchange struct {
	context.Context
	w      http.ResponseWriter
	id     [1]string // as a header value
	addr   netip.Addr
	route  string
	status int
	bytes  int64
	traced func(route string, status int) // ends the span; nil without tracing
}

type exchangeKey struct{}

func (x *exchange) Value(key any) any {
	if key == (exchangeKey{}) {
		return x
	}
	return x.Context.Value(key)
}

func of(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// RequestID returns the id under which the request is logged, "" outside Wrap.
func RequestID(ctx context.Context) string {
	if x := of(ctx); x != nil {
		return x.id[0]
	}
	return ""
}

// ClientAddr returns the client's address as Proxies found it; it is invalid outside Wrap.
func ClientAddr(ctx context.Context) netip.Addr {
	if x := of(ctx); x != nil {
		return x.addr
	}
	return netip.Addr{}
}

// SetRoute names the route for the log line and the metrics, for handlers that are not found through http.ServeMux.
// A route is a pattern of ours, never a path of the caller's: there must be few of them.
func SetRoute(ctx context.Context, pattern string) {
	if x := of(ctx); x != nil {
		x.route = pattern
	}
}

func (x *exchange) Header() http.Header { return x.w.Header() }

func (x *exchange) WriteHeader(status int) {
	// 1xx may be followed by the answer proper, 101 may not.
	if x.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		x.status = status
	}
	x.w.WriteHeader(status)
}

func (x *exchange) Write(b []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	n, err := x.w.Write(b)
	x.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (x *exchange) Unwrap() http.ResponseWriter { return x.w }

// Flush is here for code that asks for http.Flusher instead of using http.ResponseController.
func (x *exchange) Flush() {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	_ = http.NewResponseController(x.w).Flush()
}

// newRequestID returns 96 random bits in hexadecimal.
func newRequestID() string {
	var b [12]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// incomingID returns the request id that a listed proxy gave, if it is fit for a header and a log line.
func incomingID(r *http.Request) string {
	h := r.Header["X-Request-Id"]
	if len(h) != 1 || len(h[0]) < 8 || len(h[0]) > 64 {
		return ""
	}
	for _, c := range []byte(h[0]) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return ""
		}
	}
	return h[0]
}
