package e2e

import (
	"testing"
	"time"

	"github.com/curfew-id/curfew/e2e/browser"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// The public client in the browser shares the session of the server app, and calls the API across origins.
func TestBrowserApp(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{})
	h.demo(p, theUser)
	sid := demoSession(p)

	h.demoSPA(p)
	if now := p.Text("[data-sid]"); now != sid {
		t.Errorf("session %s, the server app has %s", now, sid)
	}
	p.WaitText(theUser) // from userinfo
	p.Click("[data-api]")
	p.WaitText(`"client": "demo-spa"`)

	other := p.Tab()
	other.Go(h.Info.DemoURL + "/spa")
	other.WaitText("Use the token") // without signing in again
	p.Click("[data-sign-out]")
	p.WaitText("You have signed out, here and at curfew.")
	other.WaitText("You have signed out, here and at curfew.")
	if shown := browser.Eval[string](other, "document.querySelector('[data-sid]').textContent"); shown != "" {
		t.Errorf("the other tab still holds %s", shown)
	}
	p.Go(h.Info.Issuer + "/account")
	p.WaitURL(h.Info.Issuer + "/signin/")
}

// demoSPA signs somebody in to the browser app who is signed in at the provider, with consent.
func (h *house) demoSPA(p *browser.Page) {
	p.Go(h.Info.DemoURL + "/spa")
	p.Click("[data-sign-in]")
	allow(p)
	p.WaitURL(h.Info.DemoURL + "/spa")
	p.WaitText("Use the token")
}

// The page leaves while it is looked at, and says why.
func TestBrowserAppLeaves(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{})
	p.Allow("a status of 401", "a status of 400")
	h.account(p, theUser)
	h.demoSPA(p)
	time.Sleep(500 * time.Millisecond) // until it listens
	s := &storage.Session{UserID: p.Text("[data-sub]"), ID: p.Text("[data-sid]")}
	if _, err := h.Server.Door.End(t.Context(), h.Server.Store, s,
		logout.Cause{Status: storage.StatusReplaced, Reason: logout.Replaced, By: logout.System}); err != nil {
		t.Fatal(err)
	}
	p.WaitText("You were signed out because the account was used on another device.")
}
