package signin

import (
	"testing"

	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/storage"
)

// A code that is under way to an address or a number when its owner replaces that signs nobody in any more.
func TestCodeToWhatWasReplacedMeanwhile(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.user(email)
		b := w.browser()
		b.get("/begin").submit("/identify", "email", email).submit("/method", "method", "email_code").want(200, "code")
		code := w.codeTo(email, delivery.SignInCode)
		w.must(w.Store.Tx(t.Context(), func(tx *storage.Store) error {
			_, err := w.Users.ChangeEmail(t.Context(), tx, userID, "new@example.com")
			return err
		}))
		b.submit("/code", "code", code).want(422, "code").says("not right")
		if b.session() != nil {
			t.Error("the old mailbox signed in")
		}

		w.must(w.Factors.EnableCodes(t.Context(), userID, factor.KindSMS, "+15550112"))
		b = w.browser().passed("", "new@example.com").want(200, "method").submit("/method", "method", "sms_code").want(200, "code")
		sms := sixDigits.FindString(w.letter("+15550112", delivery.SignInCode).Text)
		w.must(w.Factors.EnableCodes(t.Context(), userID, factor.KindSMS, "+15550113"))
		list, err := w.Factors.List(t.Context(), userID)
		w.must(err)
		for _, i := range list {
			if i.Label == "+15550112" {
				w.must(w.Factors.Remove(t.Context(), userID, i.ID))
			}
		}
		b.submit("/code", "code", sms).want(422, "")
		if b.session() != nil {
			t.Error("the old telephone signed in")
		}
	})
}
