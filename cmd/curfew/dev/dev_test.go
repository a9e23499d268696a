package dev_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/cmd/curfew/dev"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/session"
)

// run starts a dev server and returns it with what stops it.
func run(t *testing.T, o dev.Options) (*dev.Dev, func()) {
	t.Helper()
	d, err := dev.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Serve(ctx) }()
	return d, func() {
		t.Helper()
		stop()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	}
}

// A second start with the same data keeps everything, sessions included.
func TestSecondStart(t *testing.T) {
	data := t.TempDir()
	first, stop := run(t, dev.Options{Data: data, Listen: "127.0.0.1:0", DemoListen: "127.0.0.1:0"})
	row, err := first.Server.Users.ByEmail(t.Context(), "user@example.com")
	if err != nil {
		t.Fatal(err)
	}
	var cookies []*http.Cookie
	signIn := httpx.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := first.Server.Sessions.Start(w, r, row, session.Proof{ACR: "urn:curfew:acr:1", AMR: "pwd"}); err != nil {
			t.Error(err)
		}
	}), httpx.WrapOptions{})
	w := &recorder{header: http.Header{}}
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, first.Info.Issuer, nil)
	signIn.ServeHTTP(w, r)
	cookies = (&http.Response{Header: w.header}).Cookies()
	before := *first.Info
	listen, demoListen := strings.TrimPrefix(before.Issuer, "http://localhost"), strings.TrimPrefix(before.DemoURL, "http://127.0.0.1")
	stop()

	second, stop := run(t, dev.Options{Data: data, Listen: "127.0.0.1" + listen, DemoListen: "127.0.0.1" + demoListen})
	defer stop()
	if !reflect.DeepEqual(before, *second.Info) {
		t.Errorf("dev.json changed: %+v, was %+v", *second.Info, before)
	}
	r, _ = http.NewRequestWithContext(t.Context(), http.MethodGet, second.Info.Issuer+"/account", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("the session did not last: %s", res.Status)
	}
}

type recorder struct{ header http.Header }

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(b []byte) (int, error) { return len(b), nil }
func (r *recorder) WriteHeader(int)             {}

// What scripts read has the members that are documented, and works.
func TestInfoFile(t *testing.T) {
	data := t.TempDir()
	d, stop := run(t, dev.Options{Data: data, Listen: "127.0.0.1:0", DemoListen: "127.0.0.1:0"})
	defer stop()
	b, err := os.ReadFile(filepath.Join(data, "dev.json"))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Issuer  string `json:"issuer"`
		DemoURL string `json:"demo_url"`
		MailURL string `json:"mail_url"`
		Users   []struct {
			Email, Password string
			Admin           bool
		}
		Clients []map[string]any
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.Issuer, "http://localhost:") || !strings.HasPrefix(doc.DemoURL, "http://127.0.0.1:") ||
		doc.MailURL != doc.Issuer+"/dev/mail" {
		t.Errorf("addresses: %+v", doc)
	}
	if len(doc.Users) != 2 || doc.Users[0].Email != "user@example.com" || doc.Users[0].Admin ||
		doc.Users[1].Email != "admin@example.com" || !doc.Users[1].Admin || doc.Users[0].Password == doc.Users[1].Password {
		t.Errorf("users: %+v", doc.Users)
	}
	for i, want := range []string{"demo", "demo-spa", "demo-service"} {
		c := doc.Clients[i]
		secret, _ := c["client_secret"].(string)
		if c["client_id"] != want || (want == "demo-spa") != (secret == "") || c["redirect_uris"] == nil || c["post_logout_redirect_uris"] == nil {
			t.Errorf("client %d: %v", i, c)
		}
	}
	if info, err := os.Stat(filepath.Join(data, "dev.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("dev.json: %v, %v", info.Mode(), err)
	}
	for _, url := range []string{d.Info.DemoURL, d.Info.MailURL, d.Info.Issuer} {
		res, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", url, res.Status)
		}
	}
}

func TestLoopbackOnly(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "example.com:0", "[::]:0"} {
		if d, err := dev.Start(t.Context(), dev.Options{Data: t.TempDir(), Listen: address, DemoListen: "127.0.0.1:0"}); err == nil {
			t.Errorf("listened on %s: %v", address, d.Info)
		}
	}
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	} else {
		defer l.Close()
		_, err := dev.Start(t.Context(), dev.Options{Data: t.TempDir(), Listen: l.Addr().String(), DemoListen: "127.0.0.1:0"})
		if err == nil || !strings.Contains(err.Error(), "--listen") {
			t.Errorf("a taken address: %v", err)
		}
	}
}
