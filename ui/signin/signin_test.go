package signin

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/ui/page"
)

func TestPasswordThenConsentLeadsToTheClient(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.user(email)
		b := w.browser()
		b.get("/begin?login_hint="+email).want(200, "email")
		if !b.has("input", "value", email) {
			t.Error("login_hint is not filled in")
		}
		b.submit("/identify", "email", "").want(422, "email")
		b.submit("/identify", "email", "user@").want(422, "email")
		b.submit("/identify", "email", "User@Example.com").want(200, "password")
		b.submit("/password", "password", "").want(422, "password")
		b.submit("/password", "password", "not it").want(422, "password").says("match")
		if data := w.events(userID)[audit.SignInFailed]; len(data) != 1 || strings.Contains(data[0], "not it") {
			t.Errorf("failures in the audit: %q", data)
		}
		if b.session() != nil {
			t.Fatal("signed in by a wrong password")
		}
		b.submit("/password", "password", password).want(200, "decision")
		s := b.session()
		if s == nil || s.ACR != factor.ACRSingle || s.AMR != "pwd" {
			t.Fatalf("session %+v", s)
		}
		w.letter(email, delivery.NewSignIn)
		finished := b.flow()
		answer := b.submit("/consent", "decision", "allow").answer()
		if answer.Get("code") == "" || answer.Get("state") != "xyz" || answer.Get("iss") != w.server.URL {
			t.Errorf("answer %v", answer)
		}
		b.get(finished).want(http.StatusGone, "") // a flow is answered once
		b.post(finished+"/password", "password", password).want(http.StatusGone, "")
		if b.get("/begin?x=").answer().Get("code") == "" { // signed in, allowed: no page asks
			t.Error("no code")
		}
	})
}

func TestDenyTellsTheClient(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(email)
		b := w.browser().passed("", email).want(200, "decision")
		b.post(b.flow()+"/consent?session="+b.session().ID, "decision", "maybe").want(422, "decision")
		b.post(b.flow()+"/consent?session=ses_other", "decision", "allow").want(200, "decision") // asked of somebody else
		if answer := b.submit("/consent", "decision", "deny").answer(); answer.Get("error") != "access_denied" {
			t.Errorf("answer %v", answer)
		}
	})
}

func TestFormPostAnswersWithAForm(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(email)
		b := w.browser().passed("response_mode=form_post", email).submit("/consent", "decision", "allow")
		b.want(200, "code").want(200, "state")
		if !b.has("form", "action", callback) {
			t.Errorf("no form for the client:\n%s", b.body)
		}
	})
}

func TestCodeByMailSignsIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(email)
		b := w.browser()
		b.get("/begin").submit("/identify", "email", email).submit("/method", "method", "email_code").want(200, "code")
		code := w.codeTo(email, delivery.SignInCode)
		b.submit("/code", "code", "").want(422, "code")
		b.submit("/code", "code", "12x").want(422, "code").says("six digits")
		b.submit("/code", "code", wrong(code)).want(422, "code")
		b.submit("/resend").want(429, "code")
		if b.header.Get("Retry-After") != "30" {
			t.Errorf("Retry-After %q", b.header.Get("Retry-After"))
		}
		w.clock.Advance(resendAfter)
		b.submit("/resend").want(200, "code").says("A new code is on its way")
		b.submit("/code", "code", code).want(422, "code") // only the newest
		var fresh string
		for fresh == "" || fresh == code {
			fresh = w.codeTo(email, delivery.SignInCode)
		}
		b.submit("/code", "code", fresh).want(200, "decision")
		if s := b.session(); s == nil || s.AMR != "otp" {
			t.Fatalf("session %+v", s)
		}
	})
}

func wrong(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

// generator sets up an authenticator and returns what it shows.
func (w *world) generator(userID string) func() string {
	w.t.Helper()
	key, err := w.Factors.EnrollTOTP(w.t.Context(), userID, email, "")
	w.must(err)
	show := func() string {
		code, err := totp.GenerateCode(key.Seed, w.clock.Now())
		w.must(err)
		return code
	}
	w.must(w.Factors.ConfirmTOTP(w.t.Context(), factor.Who{UserID: userID}, key.FactorID, show()))
	w.clock.Advance(time.Minute)
	return show
}

func TestAuthenticatorAndRecoveryCodeAreSecondFactors(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.user(email)
		show := w.generator(userID)
		paper, err := w.Factors.NewRecoveryCodes(t.Context(), userID)
		w.must(err)

		b := w.browser().passed("", email).want(200, "code").says("Enter the code from your app")
		if b.session() != nil {
			t.Fatal("the password alone signed in")
		}
		b.submit("/totp", "code", wrong(show())).want(422, "code").says("Enter the code from your app")
		b.submit("/totp", "code", show()).want(200, "decision")
		if s := b.session(); s.ACR != factor.ACRMulti || s.AMR != "pwd otp mfa" {
			t.Errorf("acr %s, amr %s", s.ACR, s.AMR)
		}

		again := w.browser().passed("", email)
		again.submit("/totp", "code", show()).want(422, "code") // a code counts once
		again.submit("/method", "method", "recovery_code").want(200, "code").says("recovery code")
		again.submit("/recovery", "code", "0000-0000-0000-0000").want(422, "code").says("Use a recovery code")
		again.submit("/recovery", "code", strings.ToUpper(paper[0])).want(200, "decision")

		spent := w.browser().passed("", email)
		spent.post(spent.flow()+"/recovery", "code", paper[0]).want(422, "code")
	})
}

func TestTextMessageIsASecondFactor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.user(email)
		w.must(w.Factors.EnableCodes(t.Context(), userID, factor.KindSMS, "+15550112"))
		b := w.browser().passed("", email).want(200, "method").says("••• ••12")
		if strings.Contains(b.body, "5550112") {
			t.Error("the number is shown")
		}
		b.submit("/method", "method", "sms_code").want(200, "code").says("••• ••12")
		sms := w.letter("+15550112", delivery.SignInCode).Text
		b.submit("/code", "code", sixDigits.FindString(sms)).want(200, "decision")
		if s := b.session(); s.AMR != "pwd sms mfa" {
			t.Errorf("amr %s", s.AMR)
		}
	})
}

// A mailbox resets the password, so it must not stand in for an authenticator, in whatever order and whatever a link asks.
func TestMailboxDoesNotGoAroundTheAuthenticator(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.generator(w.user(email))
		b := w.browser().passed("acr_values="+factor.ACRMulti, email).want(200, "code").says("Enter the code from your app")
		b.post(b.flow()+"/method", "method", "email_code").says("Enter the code from your app")
		if n := len(w.letters(email)); n != 0 {
			t.Errorf("%d letters", n)
		}
		first := w.browser()
		first.get("/begin").submit("/identify", "email", email).submit("/method", "method", "email_code")
		first.submit("/code", "code", w.codeTo(email, delivery.SignInCode)).says("Enter the code from your app")
		first.post(first.flow()+"/password", "password", password).says("Enter the code from your app")
		if first.session() != nil || b.session() != nil {
			t.Error("signed in without the authenticator")
		}
	})
}

func TestClientAsksForMore(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(email)
		b := w.browser().passed("", email).submit("/consent", "decision", "allow")
		before := b.session()
		b.get("/begin?acr_values="+factor.ACRMulti).want(200, "method").says("one more step")
		b.submit("/method", "method", "email_code").want(200, "code").says("u•••@example.com")
		b.submit("/code", "code", w.codeTo(email, delivery.SignInCode)).answer()
		after := b.session()
		if after.ID != before.ID || after.ACR != factor.ACRMulti || slices.Equal(after.SecretHash, before.SecretHash) {
			t.Errorf("before %+v, after %+v", before.Session, after.Session)
		}

		b.get("/begin?prompt=login").want(200, "password").says("sign in again").says(email)
		b.submit("/password", "password", password).answer()
	})
}

// A step up from a session that began with a code by mail asks for the password and then goes on.
func TestStepUpFromACodeByMail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(email)
		b := w.browser()
		b.get("/begin").submit("/identify", "email", email).submit("/method", "method", "email_code")
		b.submit("/code", "code", w.codeTo(email, delivery.SignInCode)).submit("/consent", "decision", "allow").answer()
		b.get("/begin?acr_values="+factor.ACRMulti).want(200, "password")
		b.submit("/password", "password", password).want(200, "method")
		w.clock.Advance(time.Minute)
		b.submit("/method", "method", "email_code").want(200, "code")
		seen := len(w.letters(email))
		if seen < 2 {
			t.Fatalf("%d letters", seen)
		}
		b.submit("/code", "code", w.codeTo(email, delivery.SignInCode)).answer()
		if s := b.session(); s.ACR != factor.ACRMulti {
			t.Errorf("acr %s", s.ACR)
		}
	})
}

func TestAccountsOfOneBrowser(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const other = "other@example.com"
		first, second := w.user(email), w.user(other)
		b := w.browser().passed("", email).submit("/consent", "decision", "allow")
		b.get("/begin?prompt=select_account").want(200, "account").says(email)
		b.get(b.flow()+"/identify").want(200, "email").submit("/identify", "email", other)
		b.submit("/password", "password", password).want(200, "decision").says(other)
		b.submit("/consent", "decision", "allow").answer()

		b.get("/begin?prompt=select_account").want(200, "account").says(email).says(other)
		var ids []string
		for n := range b.page().Descendants() {
			if attr(n, "name") == "account" && attr(n, "class") == "account-button" {
				ids = append(ids, attr(n, "value"))
			}
		}
		if len(ids) != 2 || b.session().UserID != second {
			t.Fatalf("accounts %v", ids)
		}
		stranger := w.browser().passed("", email)
		b.submit("/choose", "account", stranger.session().ID).want(422, "account") // not this browser's
		i := slices.IndexFunc(ids, func(id string) bool { return id != b.session().ID })
		b.submit("/choose", "account", ids[i]).answer()
		if b.session().UserID != first {
			t.Error("the other account was chosen and is not active")
		}

		b.get("/begin?prompt=select_account").submit("/forget", "account", ids[i]).want(200, "account")
		if strings.Contains(b.body, ">"+email) || b.session() != nil {
			t.Error("the forgotten account is still there")
		}
	})
}

func TestOwnGoals(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(email)
		b := w.browser()
		b.get("/signin?goal=admin&return_to=https://evil.example").want(200, "email").submit("/identify", "email", email)
		b.submit("/password", "password", password).want(200, "method") // the console wants a second factor
		b.submit("/method", "method", "email_code").want(200, "code")
		if b.submit("/code", "code", w.codeTo(email, delivery.SignInCode)); b.url.Path != "/admin" {
			t.Errorf("led to %s", b.url)
		}
		if b.get("/signin"); b.url.Path != "/account" {
			t.Errorf("led to %s", b.url)
		}
	})
}

func TestLanguageOfTheRequestComesFirst(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(email)
		b := w.browser()
		b.get("/begin?ui_locales=de").want(200, "email")
		if !b.has("html", "lang", "de") {
			t.Error("ui_locales is not followed")
		}
		b.submit("/identify", "email", email).submit("/method", "method", "email_code")
		if m := w.letter(email, delivery.SignInCode); !strings.Contains(m.Subject, "Ihr") {
			t.Errorf("subject %q", m.Subject)
		}
	})
}

func TestRestartForgetsWhoItWas(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(email)
		b := w.browser()
		b.get("/begin").submit("/identify", "email", email).want(200, "password")
		b.post(b.flow()+"/restart").want(200, "email")
		b.get(b.flow() + "/password")
		if b.url.Path != b.flow() {
			t.Errorf("a reloaded answer leads to %s", b.url)
		}
		if got := page.MethodTOTP; kindOf(string(got)) != factor.KindTOTP || kindOf("magic") != "" {
			t.Error("methods and kinds do not match")
		}
	})
}
