package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/curfew-id/curfew/e2e/browser"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/rp/js"
	"github.com/curfew-id/curfew/storage"
)

// browserApp is an app on its own origin that consists of rp/js and a few lines, under the strictest policy that it can
// live with.
type browserApp struct {
	*house
	url string
}

func startBrowserApp(t *testing.T) *browserApp {
	t.Helper()
	h := start(t, "")
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(os.DirFS("testdata/js")))
	mux.Handle("GET /curfew/", http.StripPrefix("/curfew/", http.FileServerFS(js.FS)))
	mux.HandleFunc("GET /config.json", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": h.Info.Issuer, "clientId": "app"})
	})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; img-src data:; connect-src 'self' "+h.Info.Issuer+
			"; require-trusted-types-for 'script'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	a := &browserApp{house: h, url: s.URL + "/"}
	if _, _, err := h.Server.Clients.Register(t.Context(), h.Server.Store, "app", client.Metadata{
		TokenEndpointAuthMethod: client.AuthNone, SkipConsent: true, Scope: "openid profile email",
		RedirectURIs: []string{a.url}, PostLogoutRedirectURIs: []string{a.url}}); err != nil {
		t.Fatal(err)
	}
	return a
}

// signIn signs the user in on a tab, and leaves it in the app.
func (a *browserApp) signIn(p *browser.Page) {
	a.t.Helper()
	p.Go(a.url)
	p.WaitText("signed_out nobody")
	p.Click("#sign-in")
	signIn(p, theUser, a.Info.User(theUser).Password)
	a.in(p)
}

func (a *browserApp) in(p *browser.Page) {
	a.t.Helper()
	p.WaitURL(a.url)
	p.WaitText("live usr_")
}

// tab opens the app in another tab of the same browser.
func (a *browserApp) tab(p *browser.Page) *browser.Page {
	a.t.Helper()
	other := p.Tab()
	other.Go(a.url)
	a.in(other)
	return other
}

// end ends the session that a tab shows, as an administrator would.
func (a *browserApp) end(p *browser.Page, c logout.Cause) {
	a.t.Helper()
	s := &storage.Session{UserID: browser.Eval[string](p, "curfew.user.sub"), ID: browser.Eval[string](p, "curfew.user.sid")}
	if _, err := a.Server.Door.End(a.t.Context(), a.Server.Store, s, c); err != nil {
		a.t.Fatal(err)
	}
}

// set makes the app's next load different; see testdata/js/app.js.
func set(p *browser.Page, name, value string) {
	browser.Eval[any](p, "localStorage."+name+" = "+value)
}

func reasonsOf(p *browser.Page) string {
	return browser.Eval[string](p, "ended.map((e) => e.reason).join()")
}

func wantReasons(t *testing.T, want string, tabs ...*browser.Page) {
	t.Helper()
	for i, p := range tabs {
		p.WaitText("signed_out nobody")
		if got := reasonsOf(p); got != want {
			t.Errorf("tab %d was told %q, want %q", i+1, got, want)
		}
		if got := browser.Eval[string](p, "curfew.accessToken().then(() => 'a token', (e) => e.code)"); got != "signed_out" {
			t.Errorf("tab %d: asked for a token: %s", i+1, got)
		}
	}
}

// offline takes a tab's network away, or gives it back.
func offline(t *testing.T, p *browser.Page, off bool) {
	t.Helper()
	// navigator.onLine and its events are one thing, what becomes of requests another.
	var rules []*network.Conditions
	if off {
		rules = []*network.Conditions{{Offline: true, DownloadThroughput: -1, UploadThroughput: -1}}
	}
	_, err := chromedp.Call(p.Context(), network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: rules})
	if err == nil {
		_, err = chromedp.Call(p.Context(), network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: off, DownloadThroughput: -1, UploadThroughput: -1})
	}
	if err != nil {
		t.Fatal(err)
	}
}
