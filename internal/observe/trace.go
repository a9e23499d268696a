package observe

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// TraceOptions of NewTracing.
type TraceOptions struct {
	Endpoint string       // URL of an OTLP/HTTP collector, such as http://localhost:4318 (/v1/traces is appended); "" traces nothing
	Ratio    float64      // share of requests that are traced, above 0 up to 1
	Version  string       // of the program
	Log      *slog.Logger // what goes wrong while exporting; nil: slog.Default()
}

// Tracing makes spans. Without an endpoint it makes none and costs nothing.
type Tracing struct {
	provider trace.TracerProvider
	sdk      *sdktrace.TracerProvider
	tracer   trace.Tracer
	context  propagation.TraceContext // W3C Trace Context; baggage from outside is of no use here
}

// NewTracing returns the tracing for the endpoint. It does not wait for the endpoint to be there.
func NewTracing(ctx context.Context, o TraceOptions) (*Tracing, error) {
	if o.Endpoint == "" {
		return &Tracing{provider: noop.NewTracerProvider()}, nil
	}
	u, err := url.Parse(o.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("read trace endpoint: %w", err)
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = "/v1/traces" // OTLP specification 1.0, default path
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(u.String()))
	if err != nil {
		return nil, fmt.Errorf("set up trace exporter: %w", err)
	}
	return newTracing(o, sdktrace.NewBatchSpanProcessor(exporter)), nil
}

func newTracing(o TraceOptions, p sdktrace.SpanProcessor) *Tracing {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	// The only place to which the library reports; otherwise it writes to standard error in its own form.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { o.Log.Warn("export traces", "error", err) }))
	sdk := sdktrace.NewTracerProvider(
		sdktrace.WithSpanProcessor(p),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(o.Ratio))),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "curfew"), attribute.String("service.version", o.Version))),
	)
	return &Tracing{provider: sdk, sdk: sdk, tracer: sdk.Tracer("github.com/curfew-id/curfew")}
}

// Provider is for libraries that make spans of their own.
func (t *Tracing) Provider() trace.TracerProvider { return t.provider }

// Shutdown exports what is left.
func (t *Tracing) Shutdown(ctx context.Context) error {
	if t.sdk == nil {
		return nil
	}
	if err := t.sdk.Shutdown(ctx); err != nil {
		return fmt.Errorf("flush traces: %w", err)
	}
	return nil
}

// Requests is what httpx.WrapOptions.Trace takes: nil if nothing is traced.
func (t *Tracing) Requests() func(*http.Request, bool) (context.Context, func(string, int)) {
	if t.sdk == nil {
		return nil
	}
	return t.begin
}

// begin starts the span of a request. Only a listed proxy continues a trace: anybody else could make us record (and
// the operator pay for) every request, and is linked to instead.
func (t *Tracing) begin(r *http.Request, trusted bool) (context.Context, func(string, int)) {
	ctx := r.Context()
	opts := []trace.SpanStartOption{
		trace.WithSpanKind(trace.SpanKindServer),
		// Neither path nor query: they hold flow ids, codes and login hints. The route is known at the end.
		trace.WithAttributes(attribute.String("http.request.method", r.Method)),
	}
	if len(r.Header["Traceparent"]) == 1 {
		outer := t.context.Extract(ctx, propagation.HeaderCarrier(r.Header))
		if trusted {
			ctx = outer
		} else if link := trace.SpanContextFromContext(outer); link.IsValid() {
			opts = append(opts, trace.WithNewRoot(), trace.WithLinks(trace.Link{SpanContext: link}))
		}
	}
	ctx, span := t.tracer.Start(ctx, r.Method, opts...)
	return ctx, func(route string, status int) {
		if route != "" {
			span.SetName(route)
			span.SetAttributes(attribute.String("http.route", route))
		}
		span.SetAttributes(attribute.Int("http.response.status_code", status))
		if status >= 500 {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}
