package httpx

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
)

type meter struct {
	begun, ended int
	route        string
	status       int
	took         time.Duration
}

func (m *meter) Begin() { m.begun++ }
func (m *meter) End(route string, status int, took time.Duration) {
	m.ended++
	m.route, m.status, m.took = route, status, took
}

func TestWrapLogsOneLine(t *testing.T) {
	var out bytes.Buffer
	fake := clock.NewFake(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	m := &meter{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /signin/{flow}", func(w http.ResponseWriter, r *http.Request) {
		fake.Advance(1500 * time.Microsecond)
		if RequestID(r.Context()) == "" || ClientAddr(r.Context()).String() != "192.0.2.1" {
			t.Errorf("id %q, address %s", RequestID(r.Context()), ClientAddr(r.Context()))
		}
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "hello")
	})
	h := Wrap(mux, WrapOptions{Clock: fake, Log: slog.New(slog.NewJSONHandler(&out, nil)), Requests: LogAll, Meter: m})
	r := httptest.NewRequest("POST", "/signin/flowsecret?token=querysecret", strings.NewReader("password=bodysecret"))
	r.Header.Set("Cookie", "a=cookiesecret")
	r.Header.Set("Authorization", "Bearer headersecret")
	r.Header.Set("X-Request-Id", "chosen-by-the-caller")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)

	if strings.Contains(out.String(), "secret") {
		t.Errorf("the line has what it must not: %s", out.String())
	}
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("not one line: %v: %s", err, out.String())
	}
	id := w.Header().Get("X-Request-Id")
	if len(id) != 24 {
		t.Errorf("request id %q", id)
	}
	for key, want := range map[string]any{"method": "POST", "route": "POST /signin/{flow}", "status": 202.0, "bytes": 5.0,
		"duration_us": 1500.0, "client": "192.0.2.1", "request_id": id, "level": "INFO"} {
		if line[key] != want {
			t.Errorf("%s is %v, want %v", key, line[key], want)
		}
	}
	if *m != (meter{1, 1, "POST /signin/{flow}", 202, 1500 * time.Microsecond}) {
		t.Errorf("meter %+v", *m)
	}
	for _, name := range []string{"X-Content-Type-Options", "Referrer-Policy", "X-Frame-Options", "Content-Security-Policy"} {
		if w.Header().Get(name) == "" {
			t.Errorf("no %s", name)
		}
	}
	if w.Header().Get("Strict-Transport-Security") != "" {
		t.Error("HSTS without being asked for")
	}
}

func TestRequestIDFromProxy(t *testing.T) {
	h := Wrap(http.NotFoundHandler(), WrapOptions{Proxies: NewProxies(prefixes("10.0.0.0/8"), "")})
	for _, tt := range []struct {
		remote, id string
		kept       bool
	}{
		{"10.0.0.1:5", "edge-0123456789", true},
		{"192.0.2.1:5", "edge-0123456789", false},
		{"10.0.0.1:5", "short", false},
		{"10.0.0.1:5", "with space in it", false},
		{"10.0.0.1:5", strings.Repeat("x", 65), false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = tt.remote
		r.Header.Set("X-Request-Id", tt.id)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Header().Get("X-Request-Id"); (got == tt.id) != tt.kept || got == "" {
			t.Errorf("%s %q: %q", tt.remote, tt.id, got)
		}
	}
}

func TestWrapRecovers(t *testing.T) {
	var out bytes.Buffer
	m := &meter{}
	log := slog.New(slog.NewJSONHandler(&out, nil))
	boom := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		SetRoute(r.Context(), "/boom")
		w.Header().Set("Set-Cookie", "a=b")
		w.Header().Set("Location", "https://app.example.com")
		panic("internal text")
	})
	page := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusOK) // the status is decided: this changes nothing
		_, _ = io.WriteString(w, "<p>"+RequestID(r.Context()))
	}
	for name, o := range map[string]WrapOptions{
		"text":            {Log: log, Requests: LogErrors, Meter: m},
		"page":            {Log: log, Requests: LogErrors, Meter: m, Panicked: page},
		"page that fails": {Log: log, Requests: LogErrors, Meter: m, Panicked: func(http.ResponseWriter, *http.Request) {}},
	} {
		t.Run(name, func(t *testing.T) {
			out.Reset()
			w := httptest.NewRecorder()
			Wrap(boom, o).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			id := w.Header().Get("X-Request-Id")
			if w.Code != 500 || id == "" || !strings.Contains(w.Body.String(), id) || strings.Contains(w.Body.String(), "internal") {
				t.Errorf("%d %q", w.Code, w.Body)
			}
			if w.Header().Get("Set-Cookie")+w.Header().Get("Location") != "" || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("headers of the answer that never was: %v", w.Header())
			}
			if m.status != 500 || m.route != "/boom" {
				t.Errorf("meter %+v", m)
			}
			if !strings.Contains(out.String(), "internal text") || !strings.Contains(out.String(), "wrap_test.go") {
				t.Errorf("no panic with its stack in the log: %s", &out)
			}
		})
	}
	if m.begun != m.ended {
		t.Errorf("%d begun, %d ended", m.begun, m.ended)
	}
}

// TestWrapCutsHalfAnswers: what was half sent must not look whole.
func TestWrapCutsHalfAnswers(t *testing.T) {
	m := &meter{}
	for name, h := range map[string]http.HandlerFunc{
		"after writing": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
			panic("boom")
		},
		"after an error of its own": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(500)
			w.(http.Flusher).Flush()
			panic("boom")
		},
		"abort":            func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"page that panics": func(http.ResponseWriter, *http.Request) { panic("first") },
	} {
		t.Run(name, func(t *testing.T) {
			wrapped := Wrap(h, WrapOptions{Meter: m, Panicked: func(http.ResponseWriter, *http.Request) { panic("second") }})
			srv := httptest.NewServer(wrapped)
			defer srv.Close()
			resp, err := http.Get(srv.URL)
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				_ = resp.Body.Close()
			}
			if err == nil {
				t.Error("the answer looks whole")
			}
		})
	}
	if m.begun != m.ended || m.begun < 4 { // a client may try an aborted GET again
		t.Errorf("%d begun, %d ended", m.begun, m.ended)
	}
}

func TestWrapLimitsBodies(t *testing.T) {
	var err error
	h := Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, err = io.ReadAll(r.Body) }), WrapOptions{MaxBody: 10})
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", strings.NewReader("0123456789")))
	if err != nil {
		t.Error(err)
	}
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", strings.NewReader("0123456789x")))
	var large *http.MaxBytesError
	if !errors.As(err, &large) {
		t.Errorf("error %v, want MaxBytesError", err)
	}
}

type foreignKey struct{}

func TestContextIsDerivable(t *testing.T) {
	h := Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(context.WithValue(r.Context(), foreignKey{}, 1))
		defer cancel()
		if RequestID(ctx) == "" {
			t.Error("the id is lost in a derived context")
		}
	}), WrapOptions{})
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
}

func TestRequestLog(t *testing.T) {
	for s, want := range map[string]RequestLog{"all": LogAll, "errors": LogErrors, "none": LogNone, "1/10": 10, "1/1": LogAll} {
		if got, err := ParseRequestLog(s); err != nil || got != want {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "some", "1/0", "1/-1", "2/10", "1/x", "10"} {
		if _, err := ParseRequestLog(s); err == nil {
			t.Errorf("%q was accepted", s)
		}
	}
	for l, want := range map[RequestLog][2]int{LogAll: {100, 100}, LogErrors: {0, 100}, LogNone: {0, 0}, 10: {10, 100}} {
		var s sampler
		var got [2]int
		for range 100 {
			if s.take(l, 200) {
				got[0]++
			}
			if s.take(l, 503) {
				got[1]++
			}
		}
		if got != want {
			t.Errorf("%d: %v lines, want %v", l, got, want)
		}
	}
}

type sink struct{ h http.Header }

func (s sink) Header() http.Header       { return s.h }
func (sink) Write(b []byte) (int, error) { return len(b), nil }
func (sink) WriteHeader(int)             {}

func benchmarkWrap(b *testing.B, o WrapOptions) {
	h := Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(nil) }), o)
	r := httptest.NewRequest("POST", "/oauth/token", strings.NewReader("x"))
	w := sink{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.h)
		h.ServeHTTP(w, r)
	}
}

func BenchmarkWrapQuiet(b *testing.B) { benchmarkWrap(b, WrapOptions{}) }

func BenchmarkWrapLogging(b *testing.B) {
	benchmarkWrap(b, WrapOptions{Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), Requests: LogAll})
}

func BenchmarkWrapSampling(b *testing.B) {
	benchmarkWrap(b, WrapOptions{Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), Requests: 100})
}
