package e2e

import (
	"testing"
	"time"

	"github.com/curfew-id/curfew/e2e/browser"
)

// The main job: sign up, verify, consent, stay signed in on tokens of 60 seconds over many minutes, sign out, and come
// back by password.
func TestJourney(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		p := browser.New(t, browser.Options{})
		h.toDemo(p)
		p.WaitURL(h.Info.Issuer + "/signin/")
		p.Click("a[href^='/signup/']")
		p.Fill("input[name=email]", "new@example.com")
		p.Fill("input[name=name]", "New Person")
		p.Fill("input[name=password]", "a few unrelated words")
		submit(p)
		giveCode(p, h.code("new@example.com"))
		allow(p)
		h.inDemo(p, "New Person")

		sid := demoSession(p)
		for range 6 { // six tokens, five minutes
			renew(t, h, p)
			if now := demoSession(p); now != sid {
				t.Fatalf("another session: %s, was %s", now, sid)
			}
		}

		p.Click("header form button")
		p.WaitURL(h.Info.DemoURL)
		p.WaitText("You have signed out, here and at curfew.")
		p.Click("main a.button")
		p.WaitURL(h.Info.Issuer + "/signin/") // the provider's session has ended, too
		signIn(p, "new@example.com", "a few unrelated words")
		h.inDemo(p, "New Person") // consent was given before
		if now := demoSession(p); now == sid {
			t.Fatal("the ended session came back")
		}
	})
}

// renew lets most of a token's life pass and waits until the demo has another one. The page that comes first still has
// the old one: nobody waits for a renewal.
func renew(t *testing.T, h *house, p *browser.Page) {
	t.Helper()
	issued := p.Text("[data-issued]")
	h.clock.Advance(50 * time.Second)
	for range 20 {
		p.Go(h.Info.DemoURL)
		if p.Text("[data-issued]") != issued {
			return
		}
	}
	t.Fatalf("the token of %s was not renewed", issued)
}
