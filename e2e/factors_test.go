package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/curfew-id/curfew/e2e/browser"
)

// authenticator is an app that holds one seed.
type authenticator struct {
	h    *house
	seed string
}

func (a authenticator) code() string {
	a.h.t.Helper()
	code, err := totp.GenerateCode(a.seed, a.h.clock.Now())
	if err != nil {
		a.h.t.Fatal(err)
	}
	return code
}

// enroll sets an authenticator up at the account's security page.
func (h *house) enroll(p *browser.Page) authenticator {
	h.t.Helper()
	p.Go(h.Info.Issuer + "/account/security")
	p.Click("a[href$='/totp']")
	p.WaitText("Scan this code")
	if !browser.Eval[bool](p, "document.querySelector('.qr img').naturalWidth > 100") {
		h.t.Error("no QR code to be seen")
	}
	p.Click("summary")
	a := authenticator{h, strings.Join(strings.Fields(p.Text(".secret")), "")}
	giveCode(p, a.code())
	p.WaitText("Your authenticator app is set up.")
	return a
}

// signOut ends the browser's session on the account page.
func (h *house) signOut(p *browser.Page) {
	p.Go(h.Info.Issuer + "/account")
	p.Click("header form button")
	p.WaitText("You are signed out")
}

func TestAuthenticator(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{})
	h.account(p, theUser)
	app := h.enroll(p)
	h.signOut(p)

	password := h.Info.User(theUser).Password
	h.clock.Advance(time.Minute)
	rp{h}.authorize(p)
	signIn(p, theUser, password)
	p.WaitText("Enter the code from your app")
	code := app.code()
	giveCode(p, code)
	allow(p)
	if id := (rp{h}).redeem(t, p); id.ACR != "urn:curfew:acr:2" {
		t.Errorf("acr %q, amr %v", id.ACR, id.AMR)
	}

	// The same code again, in another browser: somebody looked over a shoulder.
	other := browser.New(t, browser.Options{})
	other.Go(h.Info.Issuer + "/account")
	signIn(other, theUser, password)
	giveCode(other, code)
	fault(t, other, "This code")
	h.clock.Advance(30 * time.Second)
	giveCode(other, app.code())
	other.WaitText("About you")
}

func TestRecoveryCode(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{})
	h.account(p, theUser)
	h.enroll(p)
	p.Click("form[action$='/recovery'] button")
	p.WaitText("Your recovery codes")
	codes := strings.Fields(browser.Eval[string](p, "[...document.querySelectorAll('.codes code')].map(c => c.textContent).join(' ')"))
	if len(codes) != 10 {
		t.Fatalf("%d codes: %v", len(codes), codes)
	}
	p.Click("main a.button-main")
	p.WaitText("10 of 10 left")
	h.signOut(p)

	for range 2 { // the second time it is spent
		p.Go(h.Info.Issuer + "/account")
		signIn(p, theUser, h.Info.User(theUser).Password)
		otherWay(p, "recovery_code")
		p.Fill("input[name=code]", strings.ToUpper(strings.ReplaceAll(codes[3], "-", " ")))
		submit(p)
		if !p.Has("header form") {
			break
		}
		p.Go(h.Info.Issuer + "/account/security")
		p.WaitText("9 of 10 left")
		h.signOut(p)
	}
	fault(t, p, "This code")
}

func TestTextMessage(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{})
	h.account(p, theUser)
	p.Go(h.Info.Issuer + "/account/security")
	p.Click("a[href$='/phone']")
	p.Fill("input[name=phone]", "+49 151 5550 1122")
	submit(p)
	p.WaitText("We sent a six-digit code to")
	code := h.code("+4915155501122")
	mailbox := p.Tab()
	mailbox.Go(h.Info.MailURL)
	mailbox.WaitText("Text message")
	mailbox.WaitText(code)
	giveCode(p, code)
	p.WaitText("Your mobile number is confirmed.")
	h.signOut(p)

	p.Go(h.Info.Issuer + "/account")
	signIn(p, theUser, h.Info.User(theUser).Password)
	otherWay(p, "sms_code")
	p.WaitText("Check your phone")
	giveCode(p, h.code("+4915155501122"))
	p.WaitText("About you")
}

func TestMailAsSecondStep(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{})
	h.account(p, theUser)
	p.Go(h.Info.Issuer + "/account/security")
	p.Click("form[action$='/email/on'] button")
	p.WaitText("Codes by e-mail are on.")
	h.signOut(p)

	rp{h}.authorize(p)
	signIn(p, theUser, h.Info.User(theUser).Password)
	otherWay(p, "email_code")
	giveCode(p, h.code(theUser))
	allow(p)
	if id := (rp{h}).redeem(t, p); id.ACR != "urn:curfew:acr:2" {
		t.Errorf("acr %q, amr %v", id.ACR, id.AMR)
	}
}
