package signin

import (
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
)

// Who has an authenticator and codes by mail is asked for the authenticator on the way into the console, and the session that
// was proved by mail is asked again.
func TestConsoleTakesNoCodeByMail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.user(email)
		code := w.generator(userID)
		w.must(w.Factors.EnableCodes(t.Context(), userID, factor.KindEmail, email))
		w.clock.Advance(time.Minute)

		b := w.browser()
		b.get("/signin").submit("/identify", "email", email).submit("/password", "password", password).want(200, "code")
		b.submit("/method", "method", "email_code").submit("/code", "code", w.codeTo(email, delivery.SignInCode)).says("account")
		before := b.session()
		if before.ACR != factor.ACRMulti || before.AMR != "pwd otp" {
			t.Fatalf("the session rests on %s %s", before.ACR, before.AMR)
		}
		letters := len(w.letters(email))
		b.get("/signin?goal=admin").want(200, "code").says("Enter the code from your app")
		if b.has("button", "value", "email_code") {
			t.Error("a code by mail is offered")
		}
		b.post(b.flow()+"/method", "method", "email_code").says("Enter the code from your app")
		b.submit("/totp", "code", code()).says("admin")
		after := b.session()
		if after.ID != before.ID || after.AMR != "pwd otp mfa" || string(after.SecretHash) == string(before.SecretHash) {
			t.Errorf("the session rests on %s", after.AMR)
		}
		if n := len(w.letters(email)); n != letters {
			t.Errorf("%d letters more", n-letters)
		}

		fresh := w.browser() // beginning with the mailbox goes around nothing, either
		fresh.get("/signin?goal=admin").submit("/identify", "email", email).submit("/method", "method", "email_code")
		fresh.submit("/code", "code", w.codeTo(email, delivery.SignInCode)).says("Enter the code from your app")
		fresh.post(fresh.flow()+"/password", "password", password).says("Enter the code from your app")
		if fresh.session() != nil {
			t.Error("signed in without the authenticator")
		}
	})
}

// An app that management refused sends the person here for acr 2: it is then the authenticator, if they have a role.
func TestRoleIsAskedForTheBetterFactor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.user(email)
		code := w.generator(userID)
		w.must(w.Factors.EnableCodes(t.Context(), userID, factor.KindEmail, email))
		w.clock.Advance(time.Minute)
		b := w.browser().passed("", email)
		b.submit("/method", "method", "email_code").submit("/code", "code", w.codeTo(email, delivery.SignInCode)).submit("/consent", "decision", "allow")
		b.get("/begin?acr_values=" + factor.ACRMulti).answer() // without a role the mailbox will do

		row, err := w.Store.User(t.Context(), userID)
		w.must(err)
		row.Role = "support"
		w.must(w.Store.UpdateUser(t.Context(), row))
		b.get("/begin").answer()
		b.get("/begin?acr_values="+factor.ACRMulti).want(200, "code").says("Enter the code from your app")
		b.submit("/totp", "code", code()).answer()
		if s := b.session(); s.AMR != "pwd otp mfa" {
			t.Errorf("the session rests on %s", s.AMR)
		}
	})
}

// Who has nothing better proves the password and the mailbox; the console then asks for more.
func TestConsoleWithoutAnAuthenticator(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(email)
		b := w.browser()
		b.get("/signin?goal=admin").submit("/identify", "email", email).submit("/password", "password", password).want(200, "method")
		b.submit("/method", "method", "email_code").submit("/code", "code", w.codeTo(email, delivery.SignInCode)).says("admin")
		if s := b.session(); s.AMR != "pwd otp" {
			t.Errorf("the session rests on %s", s.AMR)
		}
		b.get("/signin?goal=admin").says("admin") // and is not asked for the same again
	})
}
