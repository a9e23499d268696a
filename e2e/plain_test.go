package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/curfew-id/curfew/e2e/browser"
)

// Everything that people must be able to do works without JavaScript.
func TestWithoutScripts(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{NoScript: true})
	issuer := h.Info.Issuer
	h.toDemo(p)
	p.Click("a[href^='/signup/']")
	p.Fill("input[name=email]", "new@example.com")
	p.Fill("input[name=name]", "New Person")
	p.Fill("input[name=password]", "a few unrelated words")
	submit(p)
	giveCode(p, h.code("new@example.com"))
	allow(p)
	h.inDemo(p, "New Person")
	p.Click("button[value=userinfo]")
	p.WaitText("GET userinfo")

	p.Go(issuer + "/account")
	p.Fill("input[name=name]", "Newer Person")
	p.Click("form[action$='/account'] button.button-main")
	p.WaitText("Saved.")
	p.Go(issuer + "/account/security")
	p.Click("a[href$='/totp']")
	p.Click("summary")
	seed := strings.Join(strings.Fields(p.Text(".secret")), "")
	code, err := totp.GenerateCode(seed, h.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	giveCode(p, code)
	p.WaitText("Your authenticator app is set up.")
	p.Click("form[action$='/recovery'] button")
	p.WaitText("I have saved them")
	p.Go(issuer + "/account/security")
	p.Fill("input[name=current_password]", "a few unrelated words")
	p.Fill("input[name=new_password]", "some other unrelated words")
	p.Click("form[action$='/password'] button.button-main")
	p.WaitText("Your password has been changed.")
	p.Go(issuer + "/account/apps")
	p.Click("form[action$='/withdraw'] button")
	p.WaitText("Demo no longer has access.")
	p.WaitText("No apps yet")
	p.Go(issuer + "/account/sessions")
	p.Click("main li form button")
	submitDanger(p)
	p.WaitText("signed out")

	h.clock.Advance(time.Minute)
	p.Go(issuer + "/account")
	signIn(p, "new@example.com", "some other unrelated words")
	app := authenticator{h, seed}
	giveCode(p, app.code())
	p.WaitText("Newer Person")
	p.Click("header form button")
	p.WaitText("You are signed out")
}
