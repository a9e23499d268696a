package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/e2e/browser"
	"github.com/curfew-id/curfew/op/factor"
)

const newAdmin = "new.admin@example.com"

// administrator makes one who has a password and nothing else, as `curfew user create --role admin` does.
func (h *house) administrator() (password string) {
	h.t.Helper()
	var made struct {
		ID string `json:"id"`
	}
	if code := h.api("POST", "/v1/users", map[string]string{"email": newAdmin, "role": "admin"}, &made); code != http.StatusCreated {
		h.t.Fatalf("an administrator: %d", code)
	}
	password = "seven quiet herons by the sea"
	if err := h.Server.Factors.SetPassword(h.t.Context(), made.ID, password); err != nil {
		h.t.Fatal(err)
	}
	return password
}

// An administrator who has no authenticator is led through setting one up, from the address of the console into it.
func TestAdministratorEnrols(t *testing.T) {
	t.Parallel()
	for name, noScript := range map[string]bool{"scripts": false, "none": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := start(t, "")
			password := h.administrator()
			p := browser.New(t, browser.Options{NoScript: noScript})
			p.Allow("a status of 403")
			p.Go(h.Info.Issuer + "/admin")
			signIn(p, newAdmin, password)
			otherWay(p, "email_code")
			giveCode(p, h.code(newAdmin))
			p.WaitText("One more step")
			p.WaitText("does not come by e-mail")
			p.Click("main a.button-main")
			p.WaitText("The console opens with its codes")
			app := authenticator{h, strings.Join(strings.Fields(p.Text(".secret")), "")}
			if app.seed == "" { // folded away
				p.Click("summary")
				app.seed = strings.Join(strings.Fields(p.Text(".secret")), "")
			}
			giveCode(p, app.code())
			p.WaitText("Your recovery codes")
			codes := strings.Fields(browser.Eval[string](p, "[...document.querySelectorAll('.codes code')].map(c => c.textContent).join(' ')"))
			if len(codes) != factor.RecoveryCodes {
				t.Errorf("%d recovery codes", len(codes))
			}
			p.Click("main a.button-main")
			p.WaitURL(h.Info.Issuer + "/admin")
			p.WaitText("Overview")
			h.signOut(p)

			// From now on it is asked for, and the mailbox is not offered.
			h.clock.Advance(factor.TOTPPeriod)
			p.Go(h.Info.Issuer + "/admin")
			signIn(p, newAdmin, password)
			p.WaitText("Enter the code from your app")
			if p.Has("button[name=method][value=email_code]") {
				t.Error("a code by mail is offered")
			}
			giveCode(p, app.code())
			p.WaitText("Overview")
			h.signOut(p)

			// The way back in, when the phone is lost.
			p.Go(h.Info.Issuer + "/admin")
			signIn(p, newAdmin, password)
			otherWay(p, "recovery_code")
			p.Fill("input[name=code]", codes[0])
			submit(p)
			p.WaitText("Overview")
		})
	}
}

// A stolen password meets the mailbox everywhere, and nothing is set up.
func TestStolenPasswordOfAnAdministrator(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	password := h.administrator()
	p := browser.New(t, browser.Options{})
	p.Allow("a status of 403")
	p.Go(h.Info.Issuer + "/account")
	signIn(p, newAdmin, password)
	p.WaitText("About you")
	for _, path := range []string{"/account/security/console", "/account/security/totp", "/account/security/phone", "/account/email"} {
		p.Go(h.Info.Issuer + path)
		givePassword(p, password)
		p.WaitText("n•••@example.com")
		if p.Has(".secret, .qr, input[name=phone], input[name=email]") {
			t.Errorf("%s opens with the password", path)
		}
	}
	p.Go(h.Info.Issuer + "/admin")
	p.WaitText("One more step")
}
