package rp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/curfew-id/curfew/rp"
	"github.com/curfew-id/curfew/rp/rptest"
)

// fakeClock moves only when told to.
type fakeClock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *fakeClock { return &fakeClock{t: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *fakeClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// wire is a Doer that can be cut.
type wire struct {
	cut   atomic.Bool
	calls atomic.Int32
	after func(*http.Request) // runs when the answer has come; set while nothing is under way
}

func (d *wire) Do(r *http.Request) (*http.Response, error) {
	d.calls.Add(1)
	if d.cut.Load() {
		return nil, errors.New("no route to host")
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if d.after != nil {
		d.after(r)
	}
	return res, err
}

// world is a provider, an application with one page per route, and their clocks.
type world struct {
	*testing.T
	clock    *fakeClock // the application's
	provider *rptest.Provider
	theirs   *fakeClock // the provider's
	wire     *wire
	store    *rp.MemoryStore
	app      *rp.App
	url      string
}

// page is what every page of the application answers.
type page struct {
	Path, Subject, SessionID, Token string
	Actor, Email, Issuer            string
}

func newWorld(t *testing.T, change ...func(*rp.Config)) *world {
	t.Helper()
	w := &world{T: t, clock: newClock(), theirs: newClock(), wire: &wire{}, store: rp.NewMemoryStore(0)}
	w.provider = rptest.Start(t, w.theirs.Now)
	w.provider.Secret["shop"] = "s3cret +&"
	srv := httptest.NewUnstartedServer(nil)
	w.url = "http://" + srv.Listener.Addr().String()
	cfg := rp.Config{
		Issuer: w.provider.Issuer, ClientID: "shop", ClientSecret: "s3cret +&",
		RedirectURI: w.url + "/auth/callback", PostLogoutRedirectURI: w.url + "/bye",
		Store: w.store, Doer: w.wire, Now: w.clock.Now, Logger: slog.New(slog.DiscardHandler),
		OnFailure: func(rw http.ResponseWriter, _ *http.Request, f *rp.Failure) {
			rw.Header().Set("X-Failure", f.Code)
			rw.Header().Set("X-Reason", fmt.Sprint(f.Err))
			http.Error(rw, f.Message, f.Status)
		},
	}
	for _, c := range change {
		c(&cfg)
	}
	app, err := rp.New(context.Background(), cfg)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	w.app = app
	mux := http.NewServeMux()
	mux.Handle("/auth/", app.Handler())
	mux.Handle("/", app.Require(http.HandlerFunc(show)))
	mux.HandleFunc("/bye", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("X-Signed-Out", map[bool]string{true: "yes", false: "no"}[app.SignedOut(rw, r)])
	})
	srv.Config.Handler = mux
	srv.Start()
	t.Cleanup(srv.Close)
	return w
}

func show(w http.ResponseWriter, r *http.Request) {
	p := page{Path: r.URL.RequestURI()}
	if id, ok := rp.FromContext(r.Context()); ok {
		p.Subject, p.SessionID, p.Token = id.Subject, id.SessionID, id.AccessToken
		p.Email, p.Issuer = id.Claims.String("email"), id.Claims.String("iss")
		if id.Actor != nil {
			p.Actor = id.Actor.Subject
		}
	}
	// An error here is a client that went away.
	_ = json.NewEncoder(w).Encode(p)
}

// browser is a client with cookies of its own that follows redirects.
func (w *world) browser() *http.Client {
	w.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

// still is the same browser, not following redirects.
func still(b *http.Client) *http.Client {
	return &http.Client{Jar: b.Jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// get navigates to a path of the application or to a whole address.
func (w *world) get(b *http.Client, path string) (*http.Response, string) {
	w.Helper()
	if strings.HasPrefix(path, "/") {
		path = w.url + path
	}
	req, err := http.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		w.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	res, err := b.Do(req)
	if err != nil {
		w.Fatalf("GET %s: %v", path, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.Fatal(err)
	}
	return res, string(body)
}

// visit navigates and expects a page of the application.
func (w *world) visit(b *http.Client, path string) page {
	w.Helper()
	res, body := w.get(b, path)
	var p page
	if res.StatusCode != http.StatusOK || json.Unmarshal([]byte(body), &p) != nil {
		w.Fatalf("GET %s: %d %s %s", path, res.StatusCode, res.Header.Get("X-Failure"), body)
	}
	return p
}

// callback goes through the provider and returns the address that it sends the browser back to.
func (w *world) callback(b *http.Client) string {
	w.Helper()
	res, _ := w.get(still(b), "/auth/login")
	res, _ = w.get(still(b), res.Header.Get("Location"))
	back := res.Header.Get("Location")
	if !strings.HasPrefix(back, w.url+"/auth/callback?") {
		w.Fatalf("provider sent the browser to %q", back)
	}
	return back
}

func (w *world) wantFailure(res *http.Response, status int, code string) {
	w.Helper()
	if res.StatusCode != status || res.Header.Get("X-Failure") != code {
		w.Errorf("got %d %q, want %d %q", res.StatusCode, res.Header.Get("X-Failure"), status, code)
	}
}

// eventually waits for something that happens in the background.
func (w *world) eventually(what string, done func() bool) {
	w.Helper()
	for range 500 {
		if done() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	w.Fatalf("never happened: %s", what)
}
