package factor

import (
	"slices"
	"testing"
	"time"
)

// Whoever has the mailbox can set a password. Beside a better factor the mailbox is then no second one, until the better
// one was used under the new password.
func TestMailboxAloneIsNotTwoFactors(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.user(t, "user@example.com")
		byMail := func() bool {
			t.Helper()
			w.clock.Advance(time.Minute)
			kinds, err := w.Kinds(ctx, who.UserID)
			if err != nil {
				t.Fatal(err)
			}
			return slices.Contains(kinds, KindEmail)
		}
		wantErr(t, "password", w.SetPassword(ctx, who.UserID, "x7Kq!2pZ"), nil)
		wantErr(t, "codes by mail", w.EnableCodes(ctx, who.UserID, KindEmail, "user@example.com"), nil)
		if !byMail() {
			t.Error("who has nothing better keeps the code by mail")
		}
		wantErr(t, "reset", w.SetPassword(ctx, who.UserID, "y8Lr!3qA"), nil)
		if !byMail() {
			t.Error("who has nothing better keeps the code by mail after a reset")
		}
		wantErr(t, "codes by SMS", w.EnableCodes(ctx, who.UserID, KindSMS, "+4915155501122"), nil)
		if !byMail() {
			t.Error("set up under this password")
		}
		wantErr(t, "reset", w.SetPassword(ctx, who.UserID, "z9Ms!4rB"), nil)
		if byMail() {
			t.Error("a reset and a code by mail go around the phone")
		}
		c, code, err := w.StartCode(ctx, who, KindSMS, PurposeSignIn, "+4915155501122")
		wantErr(t, "send", err, nil)
		wantErr(t, "the phone", w.CheckCode(ctx, who, c, code), nil)
		if !byMail() {
			t.Error("the phone was used under the new password")
		}
	})
}
