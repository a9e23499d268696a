package observe

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"go.opentelemetry.io/otel/trace"

	"github.com/curfew-id/curfew/internal/httpx"
)

// LogOptions of NewLogger. The zero value is text from level info on.
type LogOptions struct {
	Level slog.Leveler // nil: info
	JSON  bool         // one JSON object a line; otherwise key=value, for people
}

// NewLogger returns a logger to w whose lines carry the id of the request (and of the trace, if there is one) that
// the context belongs to.
func NewLogger(w io.Writer, o LogOptions) *slog.Logger {
	opts := &slog.HandlerOptions{Level: o.Level}
	if o.JSON {
		return slog.New(handler{slog.NewJSONHandler(w, opts)})
	}
	return slog.New(handler{slog.NewTextHandler(w, opts)})
}

// ParseLevel reads debug, info, warn or error.
func ParseLevel(s string) (slog.Level, error) {
	for _, l := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if s == strings.ToLower(l.String()) {
			return l, nil
		}
	}
	return 0, fmt.Errorf("%q is not debug, info, warn or error", s)
}

type handler struct{ slog.Handler }

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	if id := httpx.RequestID(ctx); id != "" {
		r.AddAttrs(slog.String("request_id", id))
	}
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		r.AddAttrs(slog.String("trace_id", span.TraceID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

func (h handler) WithAttrs(a []slog.Attr) slog.Handler { return handler{h.Handler.WithAttrs(a)} }

func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }
