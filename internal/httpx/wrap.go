package httpx

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
)

// Meter counts requests; internal/observe has the one that is used.
type Meter interface {
	// Begin is called before the handler runs.
	Begin()
	// End is called after it, also if it panicked. route is "" if none was found.
	End(route string, status int, took time.Duration)
}

// WrapOptions of Wrap. The zero value logs nothing, counts nothing, trusts no proxy, limits bodies to 1 MiB.
type WrapOptions struct {
	Clock    clock.Clock  // nil: the system's; only differences are used
	Log      *slog.Logger // nil: no lines at all, not even for panics
	Requests RequestLog   // which requests get a line
	Proxies  *Proxies
	Meter    Meter
	MaxBody  int64 // bytes; 0 means 1 MiB, below 0 no limit
	HSTS     bool  // send Strict-Transport-Security; for an https issuer

	// Trace begins a span and returns the context that carries it and what ends it; nil traces nothing. trusted
	// tells whether a listed proxy sent the request, whose word about the caller's trace then counts.
	Trace func(r *http.Request, trusted bool) (ctx context.Context, end func(route string, status int))

	// Panicked renders the page of a request whose handler panicked, after the status and the default headers were
	// set; nil for a line of text. It must not say more than RequestID.
	Panicked http.HandlerFunc
}

const defaultMaxRequest = 1 << 20

// Wrap puts the frame around a handler: request id, client address, default headers, body limit, panic recovery, one
// log line and the metrics. It belongs outermost, around the route table.
func Wrap(next http.Handler, o WrapOptions) http.Handler {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.MaxBody == 0 {
		o.MaxBody = defaultMaxRequest
	}
	return &frame{next: next, WrapOptions: o}
}

type frame struct {
	WrapOptions
	next    http.Handler
	sampler sampler
}

func (f *frame) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := f.Clock.Now()
	x := &exchange{Context: r.Context(), w: w, addr: f.Proxies.Addr(r)}
	trusted := f.Proxies.Trusted(r)
	if trusted { // from anybody else it would let a caller forge what we log
		x.id[0] = incomingID(r)
	}
	if x.id[0] == "" {
		x.id[0] = newRequestID()
	}
	h := w.Header()
	setDefaults(h, f.HSTS)
	h["X-Request-Id"] = x.id[:]

	if f.Trace != nil {
		x.Context, x.traced = f.Trace(r, trusted)
	}
	inner := r.WithContext(x)
	if f.MaxBody > 0 && r.Body != nil && r.Body != http.NoBody {
		inner.Body = &cappedBody{http.MaxBytesReader(w, r.Body, f.MaxBody), r.Body}
	}
	if f.Meter != nil {
		f.Meter.Begin()
	}
	defer func() {
		cause := recover()
		whole := cause == nil || f.recovered(x, inner, cause)
		f.done(x, inner, f.Clock.Now().Sub(start))
		if !whole {
			// Half an answer is out. Cutting the connection is the only way left to say that it is not whole.
			panic(http.ErrAbortHandler)
		}
	}()
	f.next.ServeHTTP(x, inner)
}

// recovered answers for a handler that panicked. It reports whether the client has a whole answer.
func (f *frame) recovered(x *exchange, r *http.Request, cause any) (whole bool) {
	if cause == http.ErrAbortHandler { // the handler's own wish
		return false
	}
	if f.Log != nil {
		f.Log.LogAttrs(x.Context, slog.LevelError, "handler panicked", slog.String("request_id", x.id[0]),
			slog.String("route", routeOf(x, r)), slog.Any("panic", cause), slog.String("stack", string(debug.Stack())))
	}
	if x.status != 0 {
		return false
	}
	defer func() {
		if recover() != nil { // Panicked panicked
			whole = false
		}
	}()
	h := x.Header()
	clear(h) // cookies, lengths and locations of an answer that never was
	setDefaults(h, f.HSTS)
	h["X-Request-Id"] = x.id[:]
	NoStore(h)
	if f.Panicked != nil {
		f.Panicked(&fixedStatus{x, http.StatusInternalServerError}, r)
	}
	if x.status == 0 {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		x.WriteHeader(http.StatusInternalServerError)
		_, _ = x.Write([]byte("Something went wrong on our side. If you report it, say: " + x.id[0] + "\n"))
	}
	return true
}

// done writes the log line and the metrics.
func (f *frame) done(x *exchange, r *http.Request, took time.Duration) {
	status := x.status
	if status == 0 { // net/http sends this for a handler that wrote nothing
		status = http.StatusOK
	}
	route := routeOf(x, r)
	if f.Meter != nil {
		f.Meter.End(route, status, took)
	}
	if x.traced != nil {
		x.traced(route, status)
	}
	if f.Log == nil || !f.sampler.take(f.Requests, status) {
		return
	}
	level := slog.LevelInfo
	if status >= 500 {
		level = slog.LevelError
	}
	ctx := x.Context // not x, by which observe's handler would add the id a second time
	if !f.Log.Enabled(ctx, level) {
		return
	}
	addr := ""
	if x.addr.IsValid() {
		addr = x.addr.String()
	}
	// The path is left out with the query: it has ids of flows in it.
	f.Log.LogAttrs(ctx, level, "request",
		slog.String("method", method(r.Method)),
		slog.String("route", route),
		slog.Int("status", status),
		slog.Int64("duration_us", took.Microseconds()),
		slog.Int64("bytes", x.bytes),
		slog.String("request_id", x.id[0]),
		slog.String("client", addr))
}

func routeOf(x *exchange, r *http.Request) string {
	if x.route != "" {
		return x.route
	}
	return r.Pattern // set by http.ServeMux
}

// method keeps a method that nobody defined from writing pages into the log.
func method(m string) string {
	if len(m) > 16 {
		return m[:16]
	}
	return m
}

// fixedStatus is a response writer whose status is decided.
type fixedStatus struct {
	*exchange
	status int
}

func (w *fixedStatus) WriteHeader(int) { w.exchange.WriteHeader(w.status) }

func (w *fixedStatus) Write(b []byte) (int, error) {
	if w.exchange.status == 0 {
		w.WriteHeader(w.status)
	}
	return w.exchange.Write(b)
}
