package factor

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestBreachesAskForARangeOnly(t *testing.T) {
	var path, padding string
	answer := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, padding = r.URL.Path, r.Header.Get("Add-Padding")
		_, _ = io.WriteString(w, answer)
	}))
	defer srv.Close()
	b := &Breaches{Base: srv.URL + "/", Doer: srv.Client()}
	// SHA-1("password") = 5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8
	for name, c := range map[string]struct {
		answer string
		want   bool
	}{
		"found":   {"0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n1E4C9B93F3F0682250B6CF8331B7EE68FD8:3861493\r\n", true},
		"absent":  {"0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n", false},
		"padding": {"1E4C9B93F3F0682250B6CF8331B7EE68FD8:0\r\n", false},
		"garbage": {"<html>1E4C9B93F3F0682250B6CF8331B7EE68FD8</html>", false},
		"empty":   {"", false},
		"no eol":  {"1e4c9b93f3f0682250b6cf8331b7ee68fd8:7", true},
	} {
		answer = c.answer
		if got := b.Contain(context.Background(), "password"); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if path != "/range/5BAA6" || padding != "true" {
		t.Errorf("asked for %s, padding %q", path, padding)
	}
	sum := sha1.Sum([]byte("x7Kq!2pZ")) // and through the policy
	answer = strings.ToUpper(hex.EncodeToString(sum[:]))[5:] + ":2"
	if _, err := (Policy{Breaches: b}).Accept(context.Background(), "x7Kq!2pZ"); !errors.Is(err, ErrPasswordBreached) {
		t.Errorf("breached password: %v", err)
	}
}

type failing struct{}

func (failing) Do(*http.Request) (*http.Response, error) { return nil, errors.New("no way out") }

func TestBreachesFailOpenAndSaySo(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }))
	defer srv.Close()
	for name, b := range map[string]*Breaches{
		"unreachable": {Base: "https://breaches.example.com", Doer: failing{}, Log: logger},
		"broken":      {Base: srv.URL, Doer: srv.Client(), Log: logger},
		"misspelt":    {Base: "://", Doer: failing{}, Log: logger},
	} {
		log.Reset()
		if b.Contain(context.Background(), "password") {
			t.Errorf("%s: found", name)
		}
		if !strings.Contains(log.String(), "breach look-up failed") || strings.Contains(log.String(), "5BAA61E4") {
			t.Errorf("%s: log %q", name, log.String())
		}
	}
	var none *Breaches
	if none.Contain(context.Background(), "password") {
		t.Error("nil contains something")
	}
}
