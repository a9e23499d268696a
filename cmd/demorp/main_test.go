package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/rp/rptest"
)

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestRun starts the demo before its provider, under an issuer that only issuer-dial leads to.
func TestRun(t *testing.T) {
	now := func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }
	up := make(chan struct{})
	p := rptest.New("http://id.localhost:8080", now)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-up:
			p.ServeHTTP(w, r)
		default:
			http.Error(w, "starting", http.StatusServiceUnavailable)
		}
	}))
	defer srv.Close()
	listen := freeAddress(t)
	env := map[string]string{"ISSUER": p.Issuer, "CLIENT_SECRET": "secret", "ISSUER_DIAL": srv.Listener.Addr().String()}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"-listen", listen, "-client-id", "demo"}, func(k string) string { return env[k] })
	}()
	time.Sleep(50 * time.Millisecond)
	close(up)
	body := ""
	for range 200 {
		if res, err := http.Get("http://" + listen + "/"); err == nil {
			b, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			body = string(b)
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if !strings.Contains(body, "Sign in with curfew") {
		t.Errorf("the demo did not come up: %q", body)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("run: %v", err)
	}
}

func TestRunRefuses(t *testing.T) {
	none := func(string) string { return "" }
	for _, args := range [][]string{{"-issuer", "http://id.example.com"}, {"-base-url", "shop"}, {"-no-such-flag"}} {
		if err := run(t.Context(), args, none); err == nil {
			t.Errorf("%v: accepted", args)
		}
	}
	if err := run(t.Context(), []string{"-h"}, none); err != nil {
		t.Errorf("-h: %v", err)
	}
}
