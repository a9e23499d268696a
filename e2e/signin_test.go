package e2e

import (
	"testing"
	"time"

	"github.com/curfew-id/curfew/e2e/browser"
)

func TestSignInByMail(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{})
	h.toDemo(p)
	identify(p, theUser)
	otherWay(p, "email_code")
	p.WaitText("Check your mail")
	giveCode(p, h.code(theUser))
	allow(p)
	h.inDemo(p, theUser)

	// What the mailbox shows is what was sent.
	p.Go(h.Info.MailURL)
	p.Click("a.mail:has(.mail-code)")
	p.WaitText("code")
	if code := p.Text(".big-code"); !sixDigits.MatchString(code) {
		t.Errorf("the mailbox shows %q as the code", code)
	}
}

// Nobody learns from the pages who has an account.
func TestSignInOfNobody(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{})
	p.Go(h.Info.Issuer + "/account")
	signIn(p, "nobody@example.com", "some password or other")
	fault(t, p, "Address and password don’t match.")
	otherWay(p, "email_code")
	p.WaitText("We sent a six-digit code to nobody@example.com.")
	giveCode(p, "123456")
	fault(t, p, "This code is not right.")
}

func TestWrongAnswers(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{})
	p.Go(h.Info.Issuer + "/account")
	submitted := func(email string) { // what the browser itself would not let through
		browser.Eval[bool](p, "document.querySelector('main form').noValidate = true")
		identify(p, email)
	}
	submitted("not an address")
	fault(t, p, "That doesn’t look like an e-mail address.")
	identify(p, theUser)

	otherWay(p, "email_code")
	right := h.code(theUser)
	wrong := "111111"
	if right == wrong {
		wrong = "222222"
	}
	for range 4 {
		giveCode(p, wrong)
		fault(t, p, "This code is not right.")
	}
	giveCode(p, wrong)
	giveCode(p, right) // five tries were all it had
	fault(t, p, "This code has expired. Ask for a new one.")
	h.clock.Advance(31 * time.Second)
	p.Go(p.URL())
	p.Click(".resend button")
	p.WaitText("A new code is on its way.")

	otherWay(p, "password")
	for range 10 {
		givePassword(p, "not the password")
	}
	givePassword(p, "not the password")
	fault(t, p, "Too many tries. Try again in")
	h.clock.Advance(15 * time.Minute)
	givePassword(p, h.Info.User(theUser).Password)
	p.WaitURL(h.Info.Issuer + "/account")
	p.WaitText("About you")
}
