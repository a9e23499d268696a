package e2e

import (
	"testing"

	"github.com/curfew-id/curfew/e2e/browser"
)

// The public client in the browser shares the session of the server app, and calls the API across origins.
func TestBrowserApp(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{})
	h.demo(p, theUser)
	sid := demoSession(p)

	p.Go(h.Info.DemoURL + "/spa")
	p.Click("[data-sign-in]")
	allow(p) // signed in already, another client
	p.WaitURL(h.Info.DemoURL + "/spa")
	p.WaitText("Use the token")
	if now := p.Text("[data-sid]"); now != sid {
		t.Errorf("session %s, the server app has %s", now, sid)
	}
	p.Click("[data-api]")
	p.WaitText(`"client": "demo-spa"`)
	p.Click("[data-sign-out]")
	p.WaitText("kept in the")
	p.Go(h.Info.Issuer + "/account")
	p.WaitURL(h.Info.Issuer + "/signin/")
}
