package account

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/ui/page"
)

func TestDelicateActsNeedAFreshProof(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, c := range []struct{ method, path, after string }{
			{"GET", pathEmail, ""}, {"GET", pathTOTP, ""}, {"GET", pathPhone, ""}, {"POST", pathEmailOn, page.PathSecurity},
			{"POST", pathEmailOff, page.PathSecurity}, {"POST", pathTOTPRemove, page.PathSecurity},
			{"POST", pathPhoneRemove, page.PathSecurity}, {"POST", pathRecovery, page.PathSecurity},
		} {
			row := w.user(strings.ReplaceAll(c.path[1:], "/", ".")+"@example.com", password)
			b := w.browser().signIn(row)
			old := b.cookies["curfew_session"]
			w.clock.Advance(10*time.Minute + time.Second)
			b.do(b.request(c.method, c.path, "")).want(http.StatusSeeOther)
			change := b.header.Get("Location")
			b.follow().asks("password").says("Confirm it’s you")
			b.submit("").want(http.StatusUnprocessableEntity).says("Please fill this in.")
			b.submit("", "password", "wrong").want(http.StatusUnprocessableEntity).says("not your current password")
			// Only the password leads on, not what the page behind would ask for.
			b.post(change, "code", "000000", "email", "evil@example.com", "phone", "+49305550112").want(http.StatusUnprocessableEntity)
			w.wantKinds(row.ID, "password")
			b.submit("", "password", password).want(http.StatusSeeOther)
			if c.after != "" {
				b.leads(c.after)
			} else {
				b.leads(change).follow().want(http.StatusOK).without(`name="password"`)
			}
			if b.cookies["curfew_session"] == old {
				t.Errorf("%s: the cookie kept its secret at a step up", c.path)
			}
			if s := b.session(); s == nil || !s.AuthenticatedAt.Equal(w.clock.Now()) {
				t.Errorf("%s: session after the proof: %+v", c.path, s)
			}
		}
	})
}

// Who has a second factor proves one: with the password alone nothing is opened that it protects.
func TestSecondFactorIsAskedFor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.user(email, password)
		b := w.browser().signIn(row)
		seed := b.enroll()
		b.post(pathEmailOn).leads(page.PathSecurity) // what was just set up is not asked for in the same breath
		w.clock.Advance(time.Second)

		// Changing the password proves the password.
		b.post(pathPassword, "current_password", password, "new_password", newPassword).leads(page.PathSecurity)
		b.post(pathTOTPRemove).want(http.StatusSeeOther)
		change := b.header.Get("Location")
		b.follow().asks("password")
		b.submit("", "password", newPassword).leads(change)
		b.follow().asks("code").says("Open your authenticator app").says(`value="email_code"`)
		w.wantKinds(row.ID, "email password totp")

		b.submit("/method", "method", "email_code").leads(change)
		b.follow().asks("code").says("u•••@example.com").says(`value="totp"`)
		b.submit("", "code", another(w.codeTo(email, delivery.SignInCode))).want(http.StatusUnprocessableEntity)
		b.submit("/method", "method", "password").want(http.StatusBadRequest) // proved, so not on offer
		b.post(change+"/method", "method", "totp").leads(change)
		b.follow().asks("code").says("Open your authenticator app")
		b.submit("", "code", b.totp(seed)).leads(page.PathSecurity)
		w.wantKinds(row.ID, "email password")
		if s := b.session(); s.ACR != factor.ACRMulti || s.AMR != "pwd otp mfa" {
			t.Errorf("session rests on %s %s", s.ACR, s.AMR)
		}
		b.post(change, "password", newPassword).leads(page.PathSecurity) // done, and done once
	})
}

func TestRecoveryCodeProves(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.user(email, password)
		b := w.browser().signIn(row)
		b.enroll()
		b.post(pathRecovery).want(http.StatusOK)
		code := recoveryText.FindStringSubmatch(b.body)[1]
		w.clock.Advance(time.Hour)
		b.post(pathTOTPRemove).follow().submit("", "password", password).follow().
			submit("/method", "method", "recovery_code").follow().asks("code").
			submit("", "code", strings.ToUpper(code)).leads(page.PathSecurity)
		w.wantKinds(row.ID, "password")
	})
}

func TestAChangeRunsOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser().signIn(w.user(email, password))
		b.get(pathEmail).want(http.StatusSeeOther)
		change := b.header.Get("Location")
		w.clock.Advance(changeTTL + time.Second)
		b.get(change).leads(page.PathSecurity)
		b.post(change, "password", password).leads(page.PathSecurity)
	})
}

// Proofs count once: a change that waited until they were old asks for all of them again.
func TestProofsAreNotKept(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser().signIn(w.user(email, password))
		w.clock.Advance(11 * time.Minute)
		b.get(pathEmail).follow().submit("", "password", password).follow().asks("email")
		w.clock.Advance(11 * time.Minute)
		b.get(b.path).asks("password")
	})
}

// What stands in the row of a change opens nothing to whoever reads it.
func TestAChangeHoldsNoSecret(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser().signIn(w.user(email, password))
		b.get(pathTOTP).follow()
		row, err := w.Store.AuthRequest(t.Context(), strings.TrimPrefix(b.path, pathChange), w.clock.Now())
		w.must(err)
		if all := row.Params + row.Progress; strings.Contains(all, b.seed()) || strings.Contains(all, b.cookies["curfew_session"]) {
			t.Errorf("stored: %s", all)
		}
		if !secret.Equal(row.BrowserHash, secret.Hash(b.session().ID)) {
			t.Error("the change is not bound to its session")
		}
	})
}
