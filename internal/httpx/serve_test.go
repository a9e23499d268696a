package httpx

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestServeFinishesWhatIsInFlight(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	entered, release := make(chan struct{}), make(chan struct{})
	l, m := listen(t), listen(t)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-release
		if r.Context().Err() != nil {
			t.Error("the request was cancelled by the stop")
		}
		_, _ = io.WriteString(w, "whole")
	})
	served := make(chan error, 1)
	go func() {
		served <- Serve(ctx, ServeOptions{}, Listener{"public", l, h}, Listener{"metrics", m, http.NotFoundHandler()})
	}()
	answer := make(chan string, 1)
	go func() {
		resp, err := http.Get("http://" + l.Addr().String())
		if err != nil {
			answer <- err.Error()
			return
		}
		b, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		answer <- string(b)
	}()
	<-entered
	stop()
	waitClosed(t, l.Addr().String())
	close(release)
	if got := <-answer; got != "whole" {
		t.Errorf("the answer in flight was %q", got)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// waitClosed returns once nothing new is accepted.
func waitClosed(t *testing.T, addr string) {
	t.Helper()
	for range 500 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		_ = c.Close()
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("still listening five seconds after the stop")
}

func TestServeEndsStreams(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	entered := make(chan struct{})
	l := listen(t)
	h := Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := Unhurried(w); err != nil {
			t.Error(err)
		}
		close(entered)
		<-Stopping(r.Context())
		_, _ = io.WriteString(w, "bye")
	}), WrapOptions{})
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, ServeOptions{ShutdownTimeout: time.Minute}, Listener{"public", l, h}) }()
	got := make(chan string, 1)
	go func() {
		resp, err := http.Get("http://" + l.Addr().String())
		if err != nil {
			got <- err.Error()
			return
		}
		b, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		got <- string(b)
	}()
	<-entered
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if s := <-got; s != "bye" {
		t.Errorf("%q", s)
	}
}

func TestServeCutsAfterTimeout(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	entered := make(chan struct{})
	l := listen(t)
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { close(entered); <-r.Context().Done() })
	served := make(chan error, 1)
	go func() {
		served <- Serve(ctx, ServeOptions{ShutdownTimeout: 20 * time.Millisecond}, Listener{"public", l, h})
	}()
	go func() {
		if resp, err := http.Get("http://" + l.Addr().String()); err == nil {
			_ = resp.Body.Close()
		}
	}()
	<-entered
	stop()
	if err := <-served; !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "public") {
		t.Errorf("error %v", err)
	}
}

func TestServeReportsBrokenListener(t *testing.T) {
	l, m := listen(t), listen(t)
	_ = m.Close()
	err := Serve(t.Context(), ServeOptions{}, Listener{"public", l, http.NotFoundHandler()}, Listener{"metrics", m, http.NotFoundHandler()})
	if err == nil || !strings.Contains(err.Error(), "serve metrics") {
		t.Errorf("error %v", err)
	}
	if _, err := l.Accept(); err == nil {
		t.Error("the other listener is still open")
	}
}

func TestServeLimitsHeaders(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	l := listen(t)
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, ServeOptions{}, Listener{"public", l, http.NotFoundHandler()}) }()
	for size, want := range map[int]int{8 << 10: 404, 64 << 10: 431} {
		req, _ := http.NewRequest("GET", "http://"+l.Addr().String(), nil)
		req.Header.Set("X-Long", strings.Repeat("x", size))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%d bytes of header: %d, want %d", size, resp.StatusCode, want)
		}
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// TestServeDrains: it goes on accepting for Drain after the stop. A channel stands in for the network so that the
// time is the bubble's.
func TestServeDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		l := &silent{closed: make(chan struct{})}
		served := make(chan error, 1)
		go func() {
			served <- Serve(ctx, ServeOptions{Drain: 3 * time.Second}, Listener{"public", l, http.NotFoundHandler()})
		}()
		stop()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		select {
		case <-l.closed:
			t.Error("closed while draining")
		default:
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

type silent struct {
	closed chan struct{}
	once   sync.Once
}

func (s *silent) Accept() (net.Conn, error) { <-s.closed; return nil, net.ErrClosed }
func (s *silent) Addr() net.Addr            { return &net.TCPAddr{} }
func (s *silent) Close() error              { s.once.Do(func() { close(s.closed) }); return nil }
