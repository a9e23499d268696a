package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/curfew-id/curfew/cmd/curfew/dev"
	"github.com/curfew-id/curfew/e2e/browser"
	"github.com/curfew-id/curfew/rp/demo"
)

// app is where the demo's client is told that a session has ended, by both channels, in place of the demo itself.
type app struct {
	*httptest.Server
	hang chan struct{} // the front channel does not answer before it is closed

	mu     sync.Mutex
	frames []string // what the front channel was asked for
}

func (h *house) app(hangs bool) *app {
	h.t.Helper()
	a := &app{hang: make(chan struct{})}
	if !hangs {
		close(a.hang)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /back", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /front", func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.frames = append(a.frames, r.URL.Query().Get("sid")+" from "+r.URL.Query().Get("iss"))
		a.mu.Unlock()
		select {
		case <-a.hang:
		case <-r.Context().Done():
		}
		_, _ = fmt.Fprint(w, "<!doctype html><title>bye</title>")
	})
	a.Server = httptest.NewServer(mux)
	h.t.Cleanup(func() { a.CloseClientConnections(); a.Close() })
	c, err := h.Server.Clients.Get(h.t.Context(), "demo")
	if err != nil {
		h.t.Fatal(err)
	}
	meta := c.Metadata
	meta.BackchannelLogoutURI, meta.FrontchannelLogoutURI = a.URL+"/back", a.URL+"/front"
	if _, err := h.Server.Clients.Update(h.t.Context(), h.Server.Store, c, meta); err != nil {
		h.t.Fatal(err)
	}
	return a
}

// asked waits until the front channel was asked for something, and returns all of it.
func (a *app) asked(t *testing.T) []string {
	t.Helper()
	for range 200 {
		a.mu.Lock()
		list := append([]string(nil), a.frames...)
		a.mu.Unlock()
		if len(list) > 0 {
			return list
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("no frame was loaded")
	return nil
}

func status(p *browser.Page, method, path string) int {
	return browser.Eval[int](p, fmt.Sprintf(`fetch(%q, {method: %q, body: %q === "POST" ? new URLSearchParams("confirm=yes") : undefined}).then(r => r.status)`, path, method, method))
}

// A session that is ended from another browser: its own page leaves by itself and says why, the app is told by both
// channels, and the account page says so.
func TestSessionEndedElsewhere(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		a := h.app(false)
		p, other := browser.New(t, browser.Options{}), browser.New(t, browser.Options{})
		rp{h}.authorize(p)
		signIn(p, theUser, h.Info.User(theUser).Password)
		allow(p)
		sid := rp{h}.redeem(t, p).SID
		p.Go(h.Info.Issuer + "/account/sessions")
		browser.Eval[bool](p, "document.querySelector('main li form button').focus(), true")

		h.account(other, theUser)
		// The list shows the new session without being loaded again, and the focus stays where it was.
		browser.Eval[bool](p, "window.same = true, document.dispatchEvent(new Event('visibilitychange'))")
		p.WaitText("Sign out everywhere else")
		if !browser.Eval[bool](p, "window.same === true && document.activeElement.closest('li')?.querySelector('.tag-good') !== null") {
			t.Error("the page was loaded again, or the focus is lost")
		}
		if said := browser.Eval[string](p, "document.getElementById('said').textContent"); said != "You are signed in at 2 places." {
			t.Errorf("announced: %q", said)
		}

		other.Go(h.Info.Issuer + "/account/sessions")
		other.Click("main li:not(:has(.tag-good)) form button")
		other.WaitText("Sign out there?")
		submitDanger(other)
		other.WaitText("Signed out there.")
		p.WaitURL(h.Info.Issuer + "/signin/")
		p.WaitText("You were signed out here because you ended this session from another device.")
		want := sid + " from " + h.Info.Issuer
		if got := a.asked(t); len(got) != 1 || got[0] != want {
			t.Errorf("the front channel was asked for %q, want %q", got, want)
		}
		p.Go(p.URL()) // another look tells the app nothing
		p.WaitText("You were signed out here")
		if p.Has("iframe") {
			t.Error("the app would be told again")
		}

		other.Go(h.Info.Issuer + "/account/sessions")
		other.WaitText("You ended it from another device")
		other.Click("a[href$='/" + sid + "/ended']")
		other.WaitText("Told by your browser at ")
		for range 100 { // the back channel has its own pace
			if strings.Contains(other.Text("main"), ", answered in ") {
				break
			}
			time.Sleep(50 * time.Millisecond)
			other.Go(other.URL())
		}
		if text := other.Text("main"); !strings.Contains(text, "Told at ") || !strings.Contains(text, "Its access ends by ") {
			t.Errorf("the receipts say %q", text)
		}
		h.clock.Advance(time.Minute)
		other.Go(other.URL())
		other.WaitText("Its access ended by ")

		// Nobody else finds any of it.
		stranger := browser.New(t, browser.Options{})
		stranger.Allow("a status of 404")
		h.account(stranger, theAdmin)
		live := strings.TrimSuffix(browser.Eval[string](other, "document.body.dataset.session"), "/")
		for _, id := range []string{sid, live, "ses_06gzrp9kgxsdk4mdh0sh3wf220"} {
			if got := status(stranger, "GET", "/account/sessions/"+id+"/ended"); got != http.StatusNotFound {
				t.Errorf("details of session %s: %d", id, got)
			}
			if got := status(stranger, "POST", "/account/sessions/"+id+"/end"); got != http.StatusNotFound {
				t.Errorf("end of session %s: %d", id, got)
			}
		}
		other.Go(h.Info.Issuer + "/account")
		other.WaitText("About you")
	})
}

// Beyond the limit the older session is replaced, and its browser is told at once, whichever page it shows; without
// scripts with the next click.
func TestSessionReplaced(t *testing.T) {
	t.Parallel()
	h := start(t, "", func(o *dev.Options) { o.Sessions.Limit = 1 })
	const words = "You were signed out because your account was used on another device."
	browsers := []*browser.Page{browser.New(t, browser.Options{}), browser.New(t, browser.Options{Locale: "de"}), browser.New(t, browser.Options{})}
	for i, path := range []string{"/", "/account/security", "/account/apps"} {
		p, next := browsers[i], browsers[(i+1)%3]
		if i == 0 {
			h.account(p, theUser)
		}
		p.Go(h.Info.Issuer + path)
		h.account(next, theUser)
		p.WaitURL(h.Info.Issuer + "/signin/")
		if i == 1 {
			p.WaitText("weil Ihr Konto auf einem anderen Gerät benutzt wurde.")
			continue
		}
		p.WaitText(words)
	}
	plain := browser.New(t, browser.Options{NoScript: true})
	h.account(plain, theUser)
	h.account(browsers[2], theUser)
	plain.WaitText("About you")
	plain.Click("a[href='/account/sessions']")
	plain.WaitText(words)
}

// Everything on the devices page works without scripts: one, all others, all.
func TestSessionsWithoutScripts(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	plain := browser.New(t, browser.Options{NoScript: true})
	h.account(plain, theUser)
	for range 3 {
		h.account(browser.New(t, browser.Options{NoScript: true}), theUser)
	}
	sessions := func(n int) {
		t.Helper()
		if got := browser.Eval[int](plain, "document.querySelectorAll('form[action$=\"/end\"]').length"); got != n {
			t.Errorf("%d sessions, want %d", got, n)
		}
	}
	plain.Go(h.Info.Issuer + "/account/sessions")
	sessions(4)
	plain.Click("main li:not(:has(.tag-good)) form button")
	submitDanger(plain)
	plain.WaitText("Signed out there.")
	sessions(3)
	plain.Click("form[action$='/others'] button")
	plain.WaitText("Sign out everywhere else?")
	submitDanger(plain)
	plain.WaitText("You are signed out everywhere else.")
	sessions(1)
	plain.WaitText("No app took part.")
	h.account(browser.New(t, browser.Options{NoScript: true}), theUser)
	plain.Go(h.Info.Issuer + "/account/sessions")
	plain.Click("form[action$='/all'] button")
	plain.WaitText("Sign out everywhere?")
	submitDanger(plain)
	plain.WaitText("You are signed out")
	plain.Go(h.Info.Issuer + "/account")
	plain.WaitURL(h.Info.Issuer + "/signin/")
}

// An app whose frame never loads keeps nobody waiting: the page is there at once and goes on after five seconds.
func TestFrontChannelHangs(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	a := h.app(true)
	p := browser.New(t, browser.Options{})
	rp{h}.authorize(p)
	signIn(p, theUser, h.Info.User(theUser).Password)
	allow(p)
	sid := rp{h}.redeem(t, p).SID
	back := demo.PostLogoutRedirectURI(h.Info.DemoURL)
	q := url.Values{"client_id": {"demo"}, "post_logout_redirect_uri": {back}}
	p.Go(h.Info.Issuer + "/oauth/logout?" + q.Encode())
	began := time.Now()
	browser.Eval[bool](p, "document.querySelector('button[value=sign_out]').click(), true")
	p.WaitText("You are signed out")
	seen := time.Since(began)
	if got := a.asked(t); !strings.HasPrefix(got[0], sid) {
		t.Errorf("the frame asked for %q", got)
	}
	p.WaitURL(back)
	gone := time.Since(began)
	t.Logf("the result was there after %v, the way back after %v", seen.Round(time.Millisecond), gone.Round(time.Millisecond))
	if seen > 3*time.Second || gone > 8*time.Second { // five, and a machine with much to do
		t.Errorf("the result was there after %v, the way back after %v", seen, gone)
	}
}
