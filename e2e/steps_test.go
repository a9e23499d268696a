package e2e

import (
	"strings"
	"testing"

	"github.com/curfew-id/curfew/e2e/browser"
)

// What people do on the pages, a step each. They go on from wherever the browser stands.

const (
	mainButton = "main form button.button-main"
	theUser    = "user@example.com"
	theAdmin   = "admin@example.com"
)

func submit(p *browser.Page) { p.Click(mainButton) }

func identify(p *browser.Page, email string) {
	p.Fill("input[name=email]", email)
	submit(p)
}

func givePassword(p *browser.Page, password string) {
	p.Fill("input[name=password]", password)
	submit(p)
}

// giveCode types six digits. The last one sends the form, unless the person is correcting a mistake or the page runs no
// scripts.
func giveCode(p *browser.Page, code string) {
	p.Fill("input[name=code]", code[:5])
	byHand := p.Has("input[name=code][aria-invalid]")
	before := p.URL()
	p.Press(code[5:])
	if byHand || p.URL() == before && p.Has("input[name=code]") && browser.Eval[string](p, "document.querySelector('input[name=code]').value") == code {
		submit(p)
	}
}

// otherWay takes another method than the one that is asked for.
func otherWay(p *browser.Page, method string) { p.Click("button[name=method][value=" + method + "]") }

func signIn(p *browser.Page, email, password string) {
	identify(p, email)
	givePassword(p, password)
}

// account signs a seeded user in to the account pages.
func (h *house) account(p *browser.Page, email string) {
	p.Go(h.Info.Issuer + "/account")
	h.signIn(p, email)
	p.WaitURL(h.Info.Issuer + "/account")
}

// signIn signs a seeded user in by all they have: the administrator has an authenticator.
func (h *house) signIn(p *browser.Page, email string) {
	signIn(p, email, h.Info.User(email).Password)
	if email == theAdmin {
		p.WaitText("Enter the code from your app")
		giveCode(p, h.adminCode())
	}
}

// adminCode is what the seeded administrator's authenticator shows. Where that code was used, time goes on to the next.
func (h *house) adminCode() string {
	h.t.Helper()
	next, err := h.Server.Factors.NextTOTP(h.t.Context(), h.userID(theAdmin), h.Info.User(theAdmin).TOTPSecret)
	if err != nil {
		h.t.Fatal(err)
	}
	if wait := next.From.Sub(h.clock.Now()); wait > 0 {
		h.clock.Advance(wait)
	}
	return next.Code
}

// toDemo begins a sign-in at the demo.
func (h *house) toDemo(p *browser.Page) {
	p.Go(h.Info.DemoURL)
	p.Click("main a.button")
}

// demo signs a seeded user in to the demo, with consent.
func (h *house) demo(p *browser.Page, email string) {
	h.toDemo(p)
	signIn(p, email, h.Info.User(email).Password)
	allow(p)
	h.inDemo(p, email)
}

func allow(p *browser.Page) {
	p.WaitText("would like access")
	p.Click("button[value=allow]")
}

// inDemo waits until the demo shows somebody.
func (h *house) inDemo(p *browser.Page, who string) {
	p.WaitURL(h.Info.DemoURL)
	p.WaitText("What curfew says about you")
	p.WaitText(who)
}

// demoSession is the session that the demo shows.
func demoSession(p *browser.Page) string { return p.Text("main .who dl code") }

// fault waits for the words beside a field or above a form, and checks that what was there stays to be corrected.
func fault(t *testing.T, p *browser.Page, words string) {
	t.Helper()
	p.WaitText(words)
	if !p.Has(".fault, [role=alert]") {
		t.Errorf("%q is not marked as a fault", words)
	}
	for _, leak := range []string{"goroutine", "sql", "panic", "storage:"} {
		if strings.Contains(strings.ToLower(p.Text("main")), leak) {
			t.Errorf("the page at %s says %q", p.URL(), leak)
		}
	}
}
