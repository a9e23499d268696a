package e2e

import (
	"testing"
	"time"

	"github.com/curfew-id/curfew/e2e/browser"
)

// The main job: sign up, verify, consent, stay signed in on tokens of 60 seconds over many minutes, sign out, and come
// back by password.
func TestJourney(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		p := browser.New(t, browser.Options{})
		p.Go(h.Info.DemoURL)
		p.Click("main a.button")
		p.WaitURL(h.Info.Issuer + "/signin/")
		p.Click("a[href^='/signup/']")
		p.Fill("input[name=email]", "new@example.com")
		p.Fill("input[name=name]", "New Person")
		p.Fill("input[name=password]", "a few unrelated words")
		submit(p)
		p.Fill("input[name=code]", h.code("new@example.com"))
		submit(p)
		p.WaitText("Demo")
		p.Click("button[value=allow]")
		p.WaitURL(h.Info.DemoURL)
		p.WaitText("New Person")

		sid := p.Text("main dl code")
		for range 6 { // six tokens, five minutes
			issued := p.Text("[data-issued]")
			h.clock.Advance(50 * time.Second)
			p.Go(h.Info.DemoURL)
			p.WaitText("New Person")
			p.Go(h.Info.DemoURL) // what was renewed behind the last page
			if again := p.Text("[data-issued]"); again == issued {
				t.Fatalf("token of %s was not renewed", issued)
			}
			if now := p.Text("main dl code"); now != sid {
				t.Fatalf("another session: %s, was %s", now, sid)
			}
		}

		p.Click("header form button")
		p.WaitURL(h.Info.DemoURL)
		p.WaitText("Sign in")
		p.Click("main a.button")
		p.WaitURL(h.Info.Issuer + "/signin/") // the provider's session has ended, too
		signIn(p, "new@example.com", "a few unrelated words")
		p.WaitURL(h.Info.DemoURL) // consent was given before
		p.WaitText("New Person")
		if now := p.Text("main dl code"); now == sid {
			t.Fatal("the ended session came back")
		}
	})
}

func submit(p *browser.Page) { p.Click("main form button.primary, main form button[type=submit]") }

