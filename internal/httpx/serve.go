package httpx

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Listener is one address that is served.
type Listener struct {
	Name    string // for messages: "public", "metrics"
	Net     net.Listener
	Handler http.Handler
}

// ServeOptions of Serve; the zero value has the defaults named below.
type ServeOptions struct {
	Log             *slog.Logger  // nil: nothing is logged
	ShutdownTimeout time.Duration // for what is in flight; 0 means 20 s
	// Drain is how long to go on accepting after the stop was asked for, so that load balancers that saw /readyz
	// fail have turned away; 0 means not at all.
	Drain time.Duration
}

const (
	defaultShutdown   = 20 * time.Second
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 30 * time.Second // headers and body
	writeTimeout      = 60 * time.Second // from the end of the headers to the end of the answer
	idleTimeout       = 2 * time.Minute  // longer than a token's life: a client that refreshes keeps its connection
	maxHeaderBytes    = 16 << 10
)

type stoppingKey struct{}

// Stopping returns a channel that is closed when a stop was asked for, before Drain. Handlers that would run on for long
// (event streams) end then, and readiness is denied; outside Serve the channel is nil.
func Stopping(ctx context.Context) <-chan struct{} {
	c, _ := ctx.Value(stoppingKey{}).(chan struct{})
	return c
}

// Unhurried lifts the server's time limits from one exchange, for event streams.
func Unhurried(w http.ResponseWriter) error {
	c := http.NewResponseController(w)
	// The read limit as well: when it passes, net/http takes the client for gone and cancels the request.
	return errors.Join(c.SetReadDeadline(time.Time{}), c.SetWriteDeadline(time.Time{}))
}

// Serve serves all listeners until ctx is done, then finishes what is in flight and returns nil. It returns an error
// if a listener failed (the others are shut down first) or requests had to be cut off after ShutdownTimeout. The
// listeners are closed when it returns.
func Serve(ctx context.Context, o ServeOptions, listeners ...Listener) error {
	if o.ShutdownTimeout <= 0 {
		o.ShutdownTimeout = defaultShutdown
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	stopping := make(chan struct{})
	// Not ctx itself: requests in flight are finished, not cancelled.
	base := context.WithValue(context.WithoutCancel(ctx), stoppingKey{}, stopping)
	failed := make(chan error, len(listeners))
	servers := make([]*http.Server, len(listeners))
	for i, l := range listeners {
		servers[i] = newServer(l, base, o.Log)
		go func() {
			if err := servers[i].Serve(l.Net); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("serve %s: %w", l.Name, err)
			}
		}()
	}
	var cause error
	select {
	case cause = <-failed:
		close(stopping)
	case <-ctx.Done():
		close(stopping)
		select {
		case <-time.After(o.Drain):
		case cause = <-failed:
		}
	}
	return errors.Join(cause, shutdown(o, listeners, servers))
}

func newServer(l Listener, base context.Context, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           l.Handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		BaseContext:       func(net.Listener) context.Context { return base },
		// Broken handshakes and the like, of which the internet sends plenty.
		ErrorLog: slog.NewLogLogger(log.With("listener", l.Name).Handler(), slog.LevelDebug),
	}
}

func shutdown(o ServeOptions, listeners []Listener, servers []*http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), o.ShutdownTimeout)
	defer cancel()
	errs := make([]error, len(servers))
	var wg sync.WaitGroup
	for i, s := range servers {
		wg.Go(func() {
			if err := s.Shutdown(ctx); err != nil {
				errs[i] = fmt.Errorf("shut down %s: %w", listeners[i].Name, err)
				_ = s.Close()
			}
			_ = listeners[i].Net.Close() // if it failed before it was served
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
