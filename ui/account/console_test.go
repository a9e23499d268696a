package account

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// give gives a user a role.
func (w *world) give(row *storage.User, role string) *storage.User {
	w.t.Helper()
	row, err := w.Store.User(w.t.Context(), row.ID)
	w.must(err)
	row.Role = role
	w.must(w.Store.UpdateUser(w.t.Context(), row))
	return row
}

func (b *browser) opensConsole() bool {
	b.t.Helper()
	c := b.session()
	if c == nil {
		return false
	}
	yes, err := b.Factors.Administers(b.t.Context(), c.UserID, c.ACR, c.AMR, c.AuthenticatedAt.Time)
	b.must(err)
	return yes
}

// The way into the console of somebody with nothing but a password: the mailbox, the authenticator, recovery codes, in.
func TestConsoleFactor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.give(w.user(email, password), "admin")
		b := w.browser().signIn(row)
		before := b.session()
		b.get(page.PathConsoleFactor).follow().asks("password")
		b.submit("", "password", password).follow().want(http.StatusOK).says(`value="email_code"`)
		b.submit("/method", "method", "email_code").follow().asks("code").without(`class="secret"`)
		b.submit("", "code", another(w.codeTo(email, delivery.SignInCode))).want(http.StatusUnprocessableEntity).without(`class="secret"`)
		b.submit("", "code", w.codeTo(email, delivery.SignInCode)).follow().asks("code").says("The console opens with its codes")
		if b.opensConsole() {
			t.Error("open before the authenticator was set up")
		}
		enrolling, seed := b.path, b.seed()
		w.wantKinds(row.ID, "password")
		b.submit("", "code", another(b.totp(seed))).want(http.StatusUnprocessableEntity).says("The console opens with its codes")
		b.submit("", "code", b.totp(seed)).want(http.StatusOK).says("Your recovery codes").says(`href="` + page.PathAdmin + `"`)
		w.wantKinds(row.ID, "password recovery totp")
		after := b.session()
		if !b.opensConsole() || after.AMR != "pwd otp mfa" || string(after.SecretHash) == string(before.SecretHash) {
			t.Errorf("the session rests on %s %s", after.ACR, after.AMR)
		}
		w.letter(email, delivery.FactorsChanged)
		b.post(enrolling, "code", b.totp(seed)).want(http.StatusSeeOther)
		b.get(page.PathConsoleFactor).leads(pathSignInAdmin)
	})
}

// A sign-in by password and mailbox a moment ago is not asked for either again.
func TestConsoleFactorAfterTheMailbox(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.give(w.user(email, password), "support")
		b := w.browser().signIn(row, factor.KindPassword, factor.KindEmail)
		b.get(page.PathConsoleFactor).follow().says(`class="secret"`)
		w.clock.Advance(11 * time.Minute)
		b.get(b.path).asks("password")
	})
}

// A stolen password alone sets nothing up and moves no address, on whichever page it is tried.
func TestStolenPasswordEnrolsNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.give(w.user(email, password), "admin")
		for _, path := range []string{page.PathConsoleFactor, pathTOTP, pathPhone, pathEmail} {
			b := w.browser().signIn(row)
			b.get(path).follow().asks("password").without(`class="secret"`)
			b.submit("", "password", password).follow().says(`value="email_code"`).without(`class="secret"`).without(`name="phone"`).
				without(`name="email"`)
			b.post(b.path, "code", "123456", "email", "other@example.com", "phone", "+4915155501122").want(http.StatusOK)
		}
		for _, path := range []string{pathEmailOn, pathRecovery} {
			b := w.browser().signIn(row)
			b.post(path).follow().asks("password")
		}
		w.wantKinds(row.ID, "password")
	})
}

// Beside an authenticator the mailbox is nothing: it takes none away and sets no other up.
func TestMailboxTakesNoAuthenticatorAway(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.user(email, password)
		owner := w.browser().signIn(row)
		seed := owner.enroll()
		w.must(w.Factors.EnableCodes(t.Context(), row.ID, factor.KindEmail, email))
		row = w.give(row, "admin")
		b := w.browser().signIn(row, factor.KindPassword, factor.KindEmail)
		for _, path := range []string{pathTOTPRemove, pathEmailOff, pathRecovery} {
			b.post(path).follow().asks("password")
			b.submit("", "password", password).follow().asks("code").says("Open your authenticator app").without(`value="email_code"`)
			b.post(b.path+"/method", "method", "email_code").want(http.StatusBadRequest)
		}
		b.get(pathPhone).follow().asks("password")
		b.get(pathTOTP).follow().asks("password")
		b.submit("", "password", password).follow().asks("code").submit("", "code", b.totp(seed)).follow().leads(page.PathSecurity)
		w.wantKinds(row.ID, "email password totp")
		if !b.opensConsole() {
			t.Error("proved by the authenticator")
		}
		if len(w.mailbox.List()) > 1 { // that one was set up
			t.Errorf("%d letters", len(w.mailbox.List()))
		}
	})
}

// Nobody sets up a factor of somebody else, and nobody without a role comes by this way.
func TestConsoleFactorIsOnesOwn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.give(w.user(email, password), "admin")
		b := w.browser().signIn(row, factor.KindPassword, factor.KindEmail)
		b.get(page.PathConsoleFactor).follow().says(`class="secret"`)
		enrolling, seed := b.path, b.seed()

		other := w.give(w.user("other@example.com", password), "admin")
		o := w.browser().signIn(other, factor.KindPassword, factor.KindEmail)
		o.get(enrolling).leads(page.PathSecurity)
		o.post(enrolling, "code", o.totp(seed)).leads(page.PathSecurity)
		w.wantKinds(row.ID, "password")
		w.wantKinds(other.ID, "password")

		plain := w.browser().signIn(w.user("plain@example.com", password), factor.KindPassword, factor.KindEmail)
		plain.get(page.PathConsoleFactor).want(http.StatusNotFound)

		acting := w.browser().signIn(other, factor.KindPassword, factor.KindEmail)
		acting.actAs(row)
		acting.get(page.PathConsoleFactor).want(http.StatusForbidden)
		acting.post(enrolling, "code", acting.totp(seed)).want(http.StatusForbidden)
		w.wantKinds(row.ID, "password")
	})
}

// Once the authenticator is removed the session that it opened is worth no more than the password, and sets up no other.
func TestRemovedAuthenticatorOpensNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.give(w.user(email, password), "admin")
		b := w.browser().signIn(row, factor.KindPassword, factor.KindEmail)
		seed := b.enroll()
		if s := b.session(); s.AMR != "pwd otp mfa" || !b.opensConsole() {
			t.Errorf("the session rests on %s", s.AMR)
		}
		thief := w.browser().signIn(row, factor.KindPassword, factor.KindTOTP)
		b.post(pathTOTPRemove).leads(page.PathSecurity)
		if b.opensConsole() || thief.opensConsole() {
			t.Error("opened by an authenticator that is gone")
		}
		thief.get(pathTOTP).follow().asks("password").without(`class="secret"`)
		w.clock.Advance(time.Minute)
		w.wantKinds(row.ID, "password")
		if strings.Contains(b.get(page.PathSecurity).body, seed) {
			t.Error("the seed is shown")
		}
	})
}
