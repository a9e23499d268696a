package foreign

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/curfew-id/curfew/e2e/browser"
	"github.com/curfew-id/curfew/op/session"
)

// watched is what testdata/watch/app.js has seen of oidc-client-ts at work.
type watched struct {
	Answers   map[string]int // of check_session_iframe, by what it said
	Renewed   int
	Failed    []string // silent renewals
	Changed   int      // how often the session was found another, but of the same person
	SignedOut int
}

// watcher is a browser with testdata/watch in it.
type watcher struct {
	*browser.Page
	t      *testing.T
	h      *house
	origin string
}

// newWatcher serves the app on an origin of its own, which with sameSite belongs to the provider's site, and registers it: a
// public client without refresh tokens.
func newWatcher(t *testing.T, h *house, sameSite bool, o browser.Options) *watcher {
	t.Helper()
	needPackages(t)
	origin, mux := serve(t)
	if sameSite {
		origin = strings.Replace(origin, "127.0.0.1", "localhost", 1)
	}
	app := h.register(map[string]any{"client_name": "Clock", "token_endpoint_auth_method": "none",
		"grant_types": []string{"authorization_code"}, "redirect_uris": []string{origin + "/callback", origin + "/silent"}})
	for path, file := range map[string]string{"/{$}": "testdata/watch/index.html", "/callback": "testdata/watch/index.html",
		"/silent": "testdata/watch/index.html", "/app.js": "testdata/watch/app.js",
		"/oidc-client-ts.js": "npm/node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
			http.ServeFile(w, r, file)
		})
	}
	mux.HandleFunc("/registered", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"authority": h.Info.Issuer, "client_id": app.ClientID})
	})
	return &watcher{browser.New(t, o), t, h, origin}
}

func (w *watcher) signIn(through func()) *spaUser {
	w.t.Helper()
	w.Go(w.origin)
	w.WaitText("Ready")
	spaGo(w.Page, "signIn")
	through()
	w.WaitText("Signed in as " + person)
	u := spaDo(w.Page, "user").User
	if u == nil || u.RefreshToken != "" || u.SessionState == "" {
		w.t.Fatalf("signed in as %+v", u)
	}
	return u
}

func (w *watcher) seen() watched { return browser.Eval[watched](w.Page, "app.seen") }

// until waits for something to be seen, and returns how long that took.
func (w *watcher) until(what string, reached func(watched) bool) time.Duration {
	w.t.Helper()
	began := time.Now()
	for !reached(w.seen()) {
		if time.Since(began) > time.Minute {
			w.t.Fatalf("not %s: %+v", what, w.seen())
		}
		time.Sleep(50 * time.Millisecond)
	}
	return time.Since(began)
}

// The monitor of oidc-client-ts over check_session_iframe, and its silent renewal: on the provider's site, and on another one
// where the operator lets cookies go there.
func TestSessionMonitor(t *testing.T) {
	for name, sameSite := range map[string]bool{"same site": true, "other site": false} {
		t.Run(name, func(t *testing.T) {
			h := startWith(t, session.Options{CrossSite: !sameSite})
			w := newWatcher(t, h, sameSite, browser.Options{ThirdPartyCookies: !sameSite})
			first := w.signIn(func() { h.signIn(w.Page, "Clock") })

			w.until("unchanged twice", func(s watched) bool { return s.Answers["unchanged"] >= 2 })
			got := spaDo(w.Page, "renew")
			if got.User == nil || got.User.AccessToken == first.AccessToken || got.User.Profile != first.Profile || got.User.RefreshToken != "" {
				t.Fatalf("renewed by hand: %+v after %+v", got, first)
			}
			w.until("renewed by itself", func(s watched) bool { return s.Renewed >= 2 })
			if s := w.seen(); len(s.Answers) != 1 || len(s.Failed) > 0 || s.Changed+s.SignedOut > 0 {
				t.Fatalf("while nothing happened: %+v", s)
			}

			// The person signs out at the provider, in another tab.
			w.Allow("a status of 401") // the stream of the session that has ended
			tab := w.Tab()
			tab.Go(h.Info.Issuer + "/account")
			tab.Click("button.button-quiet")
			t.Logf("noticed %s after the person signed out", w.until("signed out", func(s watched) bool { return s.SignedOut == 1 }))
			w.WaitText("Signed out at the provider")

			// The session ends elsewhere, of which this browser hears nothing but by the frame.
			again := w.signIn(func() { h.enter(w.Page) })
			w.until("unchanged", func(s watched) bool { return s.Answers["unchanged"] >= 2 })
			h.revoke(again.Profile.SessionID)
			took := w.until("signed out", func(s watched) bool { return s.SignedOut == 1 })
			t.Logf("noticed %s after it was revoked", took)
			if took > 5*time.Second {
				t.Errorf("noticed %s after it was revoked, want seconds", took)
			}
			w.WaitText("Signed out at the provider")
		})
	}
}

// Where a frame is not shown the cookies, the answer is "error": the app's user stays signed in, and nothing goes round.
func TestSessionMonitorWithoutCookies(t *testing.T) {
	for name, c := range map[string]struct {
		crossSite bool
		options   browser.Options
	}{
		"kept to our site by us": {false, browser.Options{ThirdPartyCookies: true}},
		"blocked by the browser": {true, browser.Options{}},
		"both":                   {false, browser.Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			h := startWith(t, session.Options{CrossSite: c.crossSite})
			w := newWatcher(t, h, false, c.options)
			w.Allow("error message from check session op iframe")
			first := w.signIn(func() { h.signIn(w.Page, "Clock") })
			w.until("error", func(s watched) bool { return s.Answers["error"] > 0 })
			time.Sleep(3 * time.Second) // in which nothing is to happen
			if s := w.seen(); s.Answers["error"] != 1 || len(s.Answers) != 1 || s.Changed+s.SignedOut > 0 {
				t.Errorf("%+v", s)
			}
			if got := spaDo(w.Page, "user"); got.User == nil || got.User.Profile != first.Profile {
				t.Errorf("the app's user is %+v", got)
			}
		})
	}
}

// Of many frames in a browser one holds a stream, for browsers make few connections to a host; all of them notice the end.
func TestOneFrameListens(t *testing.T) {
	h := start(t)
	w := newWatcher(t, h, true, browser.Options{})
	w.Allow("a status of 401")
	var streams atomic.Int32
	if err := chromedp.Listen(w.Context(), func(event any) {
		if e, ok := event.(*network.EventRequestWillBeSent); ok && e.Type == network.ResourceTypeEventSource {
			streams.Add(1)
		}
	}); err != nil {
		t.Fatal(err)
	}
	user := w.signIn(func() { h.signIn(w.Page, "Clock") })
	browser.Eval[any](w.Page, `(async () => {
		const { authority, client_id } = await (await fetch('/registered')).json()
		for (let n = 0; n < 3; n++) {
			const frame = document.body.appendChild(document.createElement('iframe'))
			await new Promise((loaded) => { frame.onload = loaded; frame.src = authority + '/oauth/check_session' })
			setInterval(() => frame.contentWindow.postMessage(client_id + ' `+user.SessionState+`', authority), 500)
		}
	})()`)
	w.until("unchanged often", func(s watched) bool { return s.Answers["unchanged"] >= 20 })
	if n := streams.Load(); n != 1 {
		t.Errorf("%d streams, want one", n)
	}
	h.revoke(user.Profile.SessionID)
	w.until("signed out in every frame", func(s watched) bool { return s.SignedOut == 1 && s.Answers["changed"] >= 4 })
}
