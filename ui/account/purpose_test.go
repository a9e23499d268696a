package account

import (
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// A code that proves who somebody is, sent to their own address, must not verify the address that they typed before: apps
// link accounts by verified addresses.
func TestCodeOfAProofVerifiesNoAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.user(email, password)
		b := w.browser().signIn(row)
		b.post(pathEmailOn).leads(page.PathSecurity)
		w.clock.Advance(time.Second)
		b.signIn(row, factor.KindPassword, factor.KindEmail)

		// The address is typed while the sign-in is fresh, and its code never seen.
		w.clock.Advance(9 * time.Minute)
		b.get(pathEmail).follow().submit("", "email", "somebody.else@example.com").want(303)
		change := b.path
		w.clock.Advance(2 * time.Minute)

		// Then the same change asks for a proof, by a code to the own address ...
		b.get(change).asks("password").submit("", "password", password).follow()
		b.post(change+"/method", "method", "email_code").leads(change)
		own := w.codeTo(email, delivery.SignInCode)

		// ... and another window makes the session fresh again.
		w.must(w.Store.StepUp(t.Context(), func() *storage.Session {
			s := *b.session().Session
			s.AuthenticatedAt.Time, s.LastActiveAt.Time = w.clock.Now(), w.clock.Now()
			return &s
		}()))
		b.post(change, "code", own)
		if p, err := w.Users.Person(t.Context(), row.ID); err != nil || p.EmailValue != email {
			t.Fatalf("address is now %q (%v) and was never proved", p.EmailValue, err)
		}

		// It goes on from where the address is asked for.
		b.get(change).asks("email").submit("", "email", "new@example.com").leads(change)
		b.follow().submit("", "code", w.codeTo("new@example.com", delivery.VerifyEmail)).leads(page.PathAccount)
	})
}
