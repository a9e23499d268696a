package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/curfew-id/curfew/e2e/browser"
)

func TestConsentDenied(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{})
	h.toDemo(p)
	signIn(p, theUser, h.Info.User(theUser).Password)
	p.WaitText("would like access")
	p.Click("button[value=deny]")
	p.WaitURL(h.Info.DemoURL + "/auth/callback?error=access_denied")
	p.WaitText("The sign-in was cancelled.")
	h.toDemo(p) // still signed in at the provider, and asked again
	allow(p)
	h.inDemo(p, theUser)
}

// A client asks for two factors of somebody who is signed in with one.
func TestStepUp(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{})
	h.account(p, theUser)
	app := h.enroll(p)
	h.clock.Advance(time.Minute)

	rp{h}.authorize(p, "acr_values", "urn:curfew:acr:2")
	p.WaitText("The app asks for one more step to be sure it’s you.")
	giveCode(p, app.code())
	allow(p)
	two := rp{h}.redeem(t, p)
	if two.ACR != "urn:curfew:acr:2" || !slices.Contains(two.AMR, "mfa") {
		t.Errorf("after the step up: acr %q, amr %v", two.ACR, two.AMR)
	}
	rp{h}.authorize(p, "acr_values", "urn:curfew:acr:2") // once is enough
	if again := (rp{h}).redeem(t, p); again.ACR != two.ACR {
		t.Errorf("acr %q the second time", again.ACR)
	}
}

// A client asks for a sign-in that is no older than max_age.
func TestMaxAge(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{})
	rp{h}.authorize(p)
	signIn(p, theUser, h.Info.User(theUser).Password)
	allow(p)
	first := rp{h}.redeem(t, p)

	h.clock.Advance(4 * time.Minute)
	rp{h}.authorize(p, "max_age", "300")
	if id := (rp{h}).redeem(t, p); id.AuthTime != first.AuthTime {
		t.Errorf("auth_time %d within max_age, was %d", id.AuthTime, first.AuthTime)
	}
	h.clock.Advance(2 * time.Minute)
	rp{h}.authorize(p, "max_age", "300")
	p.WaitText("The app asks you to sign in again.")
	givePassword(p, h.Info.User(theUser).Password)
	if id := (rp{h}).redeem(t, p); id.AuthTime < first.AuthTime+360 {
		t.Errorf("auth_time %d after signing in again, was %d", id.AuthTime, first.AuthTime)
	}
}

// Two accounts in one browser, and the way between them.
func TestSelectAccount(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{})
	rp{h}.authorize(p)
	signIn(p, theUser, h.Info.User(theUser).Password)
	allow(p)
	user := rp{h}.redeem(t, p)

	rp{h}.authorize(p, "prompt", "select_account")
	p.WaitText("Choose an account")
	p.Click("main a.button")
	h.signIn(p, theAdmin)
	allow(p)
	admin := rp{h}.redeem(t, p)
	if admin.Subject == user.Subject {
		t.Fatal("another account was asked for, the same came")
	}
	for email, want := range map[string]idToken{theUser: user, theAdmin: admin} {
		rp{h}.authorize(p, "prompt", "select_account")
		p.WaitText(theUser)
		p.WaitText(theAdmin)
		p.Click(".account-button[value='" + want.SID + "']")
		if got := (rp{h}).redeem(t, p); got.Subject != want.Subject || got.SID != want.SID {
			t.Errorf("chose %s, got session %s of %s", email, got.SID, got.Subject)
		}
		p.Go(h.Info.Issuer + "/account") // the one chosen last is the one that counts
		p.WaitText(email)
	}
}

func TestPromptNone(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{})
	silent := func(want string) {
		t.Helper()
		rp{h}.authorize(p, "prompt", "none")
		if got := (rp{h}).answer(t, p).Get("error"); got != want {
			t.Errorf("error %q, want %q", got, want)
		}
	}
	silent("login_required")
	h.account(p, theUser)
	silent("consent_required")
	rp{h}.authorize(p)
	allow(p)
	seen := rp{h}.redeem(t, p)
	silent("")
	if again := (rp{h}).redeem(t, p); again.SID != seen.SID {
		t.Errorf("session %s in silence, was %s", again.SID, seen.SID)
	}
	h.signOut(p)
	silent("login_required")
}
