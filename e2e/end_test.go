package e2e

import (
	"net/url"
	"testing"
	"time"

	"github.com/curfew-id/curfew/e2e/browser"
	"github.com/curfew-id/curfew/rp/demo"
)

// submitDanger confirms what cannot be undone.
func submitDanger(p *browser.Page) { p.Click("main form button.button-danger") }

// Sign-out by a link that proves nothing is asked about; staying is an answer.
func TestSignOutAsked(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{})
	h.demo(p, theUser)
	end := h.Info.Issuer + "/oauth/logout"
	p.Go(end)
	p.WaitText("Sign out?")
	p.Click("button[value=stay]")
	p.WaitText("About you")

	q := url.Values{"client_id": {"demo"}, "post_logout_redirect_uri": {demo.PostLogoutRedirectURI(h.Info.DemoURL)}, "state": {"s t"}}
	p.Go(end + "?" + q.Encode())
	p.WaitText("Demo asks to sign you out.")
	p.Click("button[value=sign_out]")
	p.WaitText("You are signed out")
	p.Click("main a.button-main")
	p.WaitURL(demo.PostLogoutRedirectURI(h.Info.DemoURL) + "?state=s+t")

	p.Go(end) // nobody is signed in: nothing to ask
	p.WaitText("You are signed out")
	q.Set("post_logout_redirect_uri", "https://elsewhere.example.com/")
	p.Go(end + "?" + q.Encode())
	p.WaitText("at an address that it has not registered")
	h.clock.Advance(time.Minute)
	p.Go(h.Info.DemoURL)
	p.WaitText("Sign in with curfew")
}
