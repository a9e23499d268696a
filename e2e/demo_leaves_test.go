package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/e2e/browser"
)

const endedElsewhere = "Your session was ended on another device"

// endTheOther ends, on the account page, the session that is not this browser's own, and returns when the page said so.
func endTheOther(h *house, p *browser.Page) (acknowledged time.Time) {
	h.account(p, theUser)
	p.Go(h.Info.Issuer + "/account/sessions")
	p.Click("main li:not(:has(.tag-good)) form button")
	submitDanger(p)
	p.WaitText("Signed out there.")
	return time.Now()
}

// Two browsers: the demo that stands open in one of them leaves by itself when its session is ended in the other, and says
// why.
func TestDemoLeaves(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{})
	h.demo(p, theUser)
	other := browser.New(t, browser.Options{})
	acknowledged := endTheOther(h, other)
	p.WaitText(endedElsewhere)
	if took := time.Since(acknowledged); took > 2*time.Second {
		t.Errorf("the page left %v after the end", took)
	} else {
		t.Logf("the page had left %v after the end was shown", took)
	}
	if p.Has(".stack") || p.Has("header form") {
		t.Error("the page still shows whose session it was")
	}
	if *album != "" {
		everyLook(t, p, "demo-left", func(look) {})
	}

	p.Go(h.Info.DemoURL) // the next click finds nobody signed in, and says so once
	p.WaitText(endedElsewhere)
	p.WaitText("Sign in with curfew")
	if *album != "" {
		everyLook(t, p, "demo-farewell", func(look) {})
	}
	p.Go(h.Info.DemoURL)
	p.WaitText("Sign in with curfew")
	if p.Has("[data-farewell]") {
		t.Error("the page says goodbye twice")
	}
	p.Click("main a.button")
	p.WaitURL(h.Info.Issuer + "/signin/") // and at the provider it is over, too
	signIn(p, theUser, h.Info.User(theUser).Password)
	h.inDemo(p, theUser)
}

// Without JavaScript the page leaves with the next click.
func TestDemoLeavesWithoutScripts(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{NoScript: true})
	h.demo(p, theUser)
	other := browser.New(t, browser.Options{})
	endTheOther(h, other)
	// A click within the milliseconds before the demo has been told finds the token still good: click again.
	for p.Go(h.Info.DemoURL); !strings.Contains(p.Text("body"), endedElsewhere); p.Go(h.Info.DemoURL) {
		if strings.Contains(p.Text("body"), "Your session has ended.") {
			t.Fatal("the demo left and does not know why")
		}
	}
	p.WaitText("Sign in with curfew")
}

// Signing out at curfew itself, in another tab: the demo's page leaves, too.
func TestDemoLeavesOnSignOut(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{})
	h.demo(p, theUser)
	tab := p.Tab()
	tab.Go(h.Info.Issuer + "/oauth/logout")
	tab.Click("button[value=sign_out]")
	tab.WaitText("You are signed out")
	p.WaitText("You have signed out at curfew.")
}
