package observe

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/curfew-id/curfew/internal/httpx"
)

var _ httpx.Meter = (*Metrics)(nil)

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func TestMetrics(t *testing.T) {
	m := NewMetrics("v1.2.3")
	for range 3 {
		m.Begin()
	}
	m.End("POST /oauth/token", 200, 700*time.Microsecond)
	m.End("", 404, time.Millisecond)
	m.Counters.TokensIssued.Inc("refresh_token")
	bound := m.Counters.TokensIssued.With("refresh_token")
	bound.Add(2)
	m.Counters.KeysRotated.Inc()
	NewCounter(m.Registerer(), "curfew_extra_total", "For the test.").Inc()
	got := scrape(t, m)
	for _, want := range []string{
		`curfew_http_requests_total{route="POST /oauth/token",status="2xx"} 1`,
		`curfew_http_requests_total{route="none",status="4xx"} 1`,
		`curfew_http_request_duration_seconds_bucket{route="POST /oauth/token",le="0.0005"} 0`,
		`curfew_http_request_duration_seconds_bucket{route="POST /oauth/token",le="0.001"} 1`,
		`curfew_http_requests_in_flight 1`,
		`curfew_tokens_issued_total{grant="refresh_token"} 3`,
		`curfew_keys_rotated_total 1`,
		`curfew_extra_total 1`,
		`version="v1.2.3"`,
		`go_goroutines `,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s", want)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
	NewMetrics("a second registry stands beside the first")
}

func TestNilCountersCountNothing(t *testing.T) {
	var c Counters
	c.SessionsEnded.Inc("revoked")
	c.SessionsEnded.With("revoked").Add(3)
	if c.SessionsEnded.With("revoked") != nil {
		t.Error("a counter came out of none")
	}
}

func TestLogger(t *testing.T) {
	var out bytes.Buffer
	log := NewLogger(&out, LogOptions{JSON: true, Level: slog.LevelWarn})
	h := httpx.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log.InfoContext(r.Context(), "too low")
		log.With("a", 1).WarnContext(r.Context(), "said", "b", 2)
	}), httpx.WrapOptions{})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v: %s", err, &out)
	}
	if line["msg"] != "said" || line["a"] != 1.0 || line["b"] != 2.0 || line["request_id"] != w.Header().Get("X-Request-Id") {
		t.Errorf("%v", line)
	}
	out.Reset()
	NewLogger(&out, LogOptions{}).Info("plain")
	if s := out.String(); !strings.Contains(s, "msg=plain") || strings.Contains(s, "request_id") {
		t.Errorf("%s", s)
	}
	for s, want := range map[string]slog.Level{"debug": -4, "info": 0, "warn": 4, "error": 8} {
		if got, err := ParseLevel(s); err != nil || got != want {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	if _, err := ParseLevel("loud"); err == nil {
		t.Error("loud is a level")
	}
}

func TestNoTracingWithoutEndpoint(t *testing.T) {
	tr, err := NewTracing(t.Context(), TraceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if tr.Requests() != nil || tr.Provider() == nil || tr.Shutdown(t.Context()) != nil {
		t.Error("something is traced")
	}
}

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func TestTracing(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	tr := newTracing(TraceOptions{Ratio: 1}, spans)
	var out bytes.Buffer
	log := NewLogger(&out, LogOptions{})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /signin/{flow}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
	h := httpx.Wrap(mux, httpx.WrapOptions{Trace: tr.Requests(), Log: log, Requests: httpx.LogAll})

	r := httptest.NewRequest("GET", "/signin/flowsecret?code=querysecret", nil)
	r.Header.Set("Traceparent", parent)
	h.ServeHTTP(httptest.NewRecorder(), r)
	ended := spans.Ended()
	if len(ended) != 1 {
		t.Fatalf("%d spans", len(ended))
	}
	s := ended[0]
	if s.Name() != "GET /signin/{flow}" || s.Status().Code.String() != "Error" {
		t.Errorf("%s, %v", s.Name(), s.Status())
	}
	// A stranger's trace is linked to, not continued.
	if s.Parent().IsValid() || len(s.Links()) != 1 || s.Links()[0].SpanContext.TraceID().String() != parent[3:35] {
		t.Errorf("parent %v, links %v", s.Parent(), s.Links())
	}
	for _, a := range s.Attributes() {
		if strings.Contains(a.Value.String(), "secret") {
			t.Errorf("%s is %s", a.Key, a.Value.String())
		}
	}
	if !strings.Contains(out.String(), s.SpanContext().TraceID().String()) || strings.Count(out.String(), "request_id=") != 1 {
		t.Errorf("the log line: %s", &out)
	}

	ctx, end := tr.begin(r, true)
	end("/x", 200)
	if got := spans.Ended()[1]; got.SpanContext().TraceID().String() != parent[3:35] || ctx == r.Context() {
		t.Error("a listed proxy's trace is not continued")
	}
	if err := tr.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestTracingExports sends spans to a collector of its own and none when it is told to.
func TestTracingExports(t *testing.T) {
	got := make(chan string, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.URL.Path }))
	defer srv.Close()
	tr, err := NewTracing(t.Context(), TraceOptions{Endpoint: srv.URL, Ratio: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, end := tr.begin(httptest.NewRequest("GET", "/", nil), false)
	end("/", 200)
	if err := tr.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if path := <-got; path != "/v1/traces" {
		t.Errorf("exported to %s", path)
	}
}

func BenchmarkMetrics(b *testing.B) {
	m := NewMetrics("")
	b.ReportAllocs()
	for b.Loop() {
		m.Begin()
		m.End("POST /oauth/token", 200, time.Millisecond)
	}
}

func BenchmarkCounterBound(b *testing.B) {
	c := NewMetrics("").Counters.TokensIssued.With("refresh_token")
	b.ReportAllocs()
	for b.Loop() {
		c.Inc()
	}
}
