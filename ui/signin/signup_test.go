package signin

import (
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
)

func TestSignUpMakesTheAccountWhenTheAddressIsVerified(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser()
		b.get("/begin?prompt=create&login_hint="+email).want(200, "email").want(200, "name").want(200, "password")
		b.submit("", "email", "nobody", "name", strings.Repeat("x", 300)).want(422, "email").says("look like an e-mail").says("too long")
		for typed, words := range map[string]string{"short": "at least 8", "password1": "first that attackers",
			"user@example.com": "easy to guess", strings.Repeat("x y", 100): "at most 256"} {
			b.submit("", "email", email, "name", "Sample User", "password", typed).want(422, "password").says(words)
		}
		b.submit("", "email", "User@Example.com", "name", "Sample User", "password", password).want(200, "code")
		if row, err := w.findUser(t.Context(), email); row != nil || err != nil {
			t.Fatalf("made before the address was verified: %v, %v", row, err)
		}
		code := w.codeTo(email, delivery.VerifyEmail)
		b.submit("/code", "code", wrong(code)).want(422, "code")
		b.submit("/code", "code", code).want(200, "decision")
		row, err := w.findUser(t.Context(), email)
		if err != nil || row == nil || row.Name != "Sample User" {
			t.Fatalf("user %+v, %v", row, err)
		}
		// The password was chosen by whoever reads the mailbox: it adds nothing.
		if s := b.session(); s == nil || s.UserID != row.ID || s.ACR != factor.ACRSingle || s.AMR != "otp" {
			t.Errorf("session %+v", s)
		}
		if len(w.events(row.ID)[audit.SignedUp]) != 1 {
			t.Error("not in the audit")
		}
		w.browser().passed("", email).want(200, "decision")
	})
}

// Neither page, status nor number of letters tells whether the address has an account; the mailbox alone is told.
func TestSignUpWithATakenAddressLooksTheSame(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const free = "free@example.com"
		w.user(email)
		bodies := map[string]string{}
		for _, address := range []string{email, free} {
			b := w.browser()
			b.get("/begin?prompt=create").submit("", "email", address, "password", password).want(200, "code")
			bodies[address] = b.plain(address)
			b.submit("/code", "code", "000000").want(422, "code")
			bodies[address] += b.plain(address)
			w.clock.Advance(resendAfter)
			b.submit("/resend").want(200, "code")
			bodies[address] += b.plain(address)
		}
		if bodies[email] != bodies[free] {
			t.Errorf("pages differ:\n%s\n%s", bodies[email], bodies[free])
		}
		if letter := w.letter(email, delivery.SignUpAttempt); sixDigits.MatchString(letter.Text) {
			t.Errorf("a code was sent: %s", letter.Text)
		}
		if a, b := len(w.letters(email)), len(w.letters(free)); a != 2 || b != 2 {
			t.Errorf("%d and %d letters", a, b)
		}
	})
}

func TestSignUpForbidden(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.SignUpEnabled = false
		b := w.browser()
		b.get("/begin?prompt=create").want(200, "email")
		if b.has("input", "name", "password") || strings.Contains(b.body, "/signup/") {
			t.Error("sign-up is offered")
		}
		signUp := strings.Replace(b.flow(), "/signin/", "/signup/", 1)
		b.get(signUp).want(404, "")
		b.post(signUp, "email", email, "password", password).want(410, "")
		b.get("/signup").want(404, "")
		if n := len(w.letters(email)); n != 0 {
			t.Errorf("%d letters", n)
		}
	})
}

func TestResetSetsThePasswordOnceAndEndsEverySession(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.user(email)
		thief := w.browser().passed("", email)
		b := w.browser()
		b.get("/begin").submit("/identify", "email", email)
		b.get("/reset?flow="+strings.TrimPrefix(b.flow(), "/signin/")).want(200, "email")
		b.submit("/reset", "email", "nobody").want(422, "email")
		b.submit("/reset", "email", email).want(200, "")
		link := resetLink.FindString(w.letter(email, delivery.ResetPassword).Text)

		b.get(link).want(200, "password").says(email)
		b.get(link).want(200, "password") // programs that check mail look at it, too
		b.submit(link, "password", "password1").want(422, "password")
		b.submit(link, "password", "").want(422, "password")
		b.submit(link, "password", "nine green lamps").want(200, "decision") // on with the client's sign-in
		if thief.session() != nil {
			t.Error("a session outlives the password")
		}
		s := b.session()
		if s == nil || s.AMR != "otp" {
			t.Fatalf("session %+v", s)
		}
		w.letter(email, delivery.PasswordChanged)
		if len(w.events(userID)[audit.PasswordReset]) != 1 {
			t.Error("not in the audit")
		}
		b.get(link).want(410, "")
		b.post(link, "password", "eleven red doors").want(410, "")
		b.get(link[:len(link)-2]+"AA").want(410, "")
		w.browser().passed("", email).want(422, "password") // the old one
	})
}

func TestResetInAnotherBrowserGoesToTheAccount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		show := w.generator(w.user(email))
		w.browser().get("/reset").submit("/reset", "email", email)
		link := resetLink.FindString(w.letter(email, delivery.ResetPassword).Text)
		phone := w.browser()
		// The mailbox is one factor: the authenticator is still asked for, and the new password does not stand in.
		phone.get(link).submit(link, "password", "nine green lamps").want(200, "code").says("Enter the code from your app")
		if phone.session() != nil {
			t.Fatal("signed in by the mailbox alone")
		}
		if phone.submit("/totp", "code", show()); phone.url.Path != "/account" {
			t.Errorf("led to %s", phone.url)
		}
	})
}

func TestResetLinkRunsOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(email)
		b := w.browser()
		b.get("/reset").submit("/reset", "email", email)
		link := resetLink.FindString(w.letter(email, delivery.ResetPassword).Text)
		w.clock.Advance(factor.ResetTTL - time.Second)
		b.get(link).want(200, "password")
		w.clock.Advance(time.Second)
		b.get(link).want(410, "")
		b.post(link, "password", "nine green lamps").want(410, "")
	})
}

// A link that is opened in a browser that was never here signs in there at once, and leads on.
func TestResetInANewBrowserGoesToTheAccount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(email)
		w.browser().get("/reset").submit("/reset", "email", email)
		link := resetLink.FindString(w.letter(email, delivery.ResetPassword).Text)
		phone := w.browser()
		if phone.get(link).submit(link, "password", "nine green lamps"); phone.url.Path != "/account" || phone.session() == nil {
			t.Errorf("led to %s", phone.url)
		}
	})
}
