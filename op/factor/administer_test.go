package factor

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// What opens the console is what the mailbox alone cannot have, and what the user still has.
func TestAdministers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.user(t, "user@example.com")
		opens := func(at time.Time, proved ...Kind) bool {
			t.Helper()
			yes, err := w.Administers(ctx, who.UserID, ACR(proved...), strings.Join(AMR(proved...), " "), at)
			if err != nil {
				t.Fatal(err)
			}
			return yes
		}
		wantErr(t, "codes by mail", w.EnableCodes(ctx, who.UserID, KindEmail, "user@example.com"), nil)
		if now := w.clock.Now(); opens(now, KindPassword, KindEmail) || opens(now, KindPassword, KindTOTP) {
			t.Error("opened by what is no factor of theirs")
		}
		before := w.clock.Now()
		w.clock.Advance(time.Minute)
		key, err := w.EnrollTOTP(ctx, who.UserID, "user@example.com", "")
		wantErr(t, "enrol", err, nil)
		if opens(w.clock.Now(), KindPassword, KindTOTP) {
			t.Error("opened by an authenticator that was not confirmed")
		}
		confirming, err := totp.GenerateCode(key.Seed, w.clock.Now())
		wantErr(t, "code", err, nil)
		wantErr(t, "confirm", w.ConfirmTOTP(ctx, who, key.FactorID, confirming), nil)
		now := w.clock.Now()
		for _, c := range []struct {
			proved []Kind
			want   bool
		}{
			{nil, false}, {[]Kind{KindPassword}, false}, {[]Kind{KindEmail}, false}, {[]Kind{KindPassword, KindEmail}, false},
			{[]Kind{KindTOTP}, false}, {[]Kind{KindTOTP, KindRecovery}, false},
			{[]Kind{KindPassword, KindTOTP}, true}, {[]Kind{KindEmail, KindTOTP}, true}, {[]Kind{KindPassword, KindEmail, KindTOTP}, true},
			{[]Kind{KindPassword, KindSMS}, true}, {[]Kind{KindPassword, KindRecovery}, true},
		} {
			if got := opens(now, c.proved...); got != c.want {
				t.Errorf("%v opens: %t", c.proved, got)
			}
		}
		if opens(before, KindPassword, KindTOTP) {
			t.Error("proved by an authenticator that came later")
		}
		wantErr(t, "remove", w.Remove(ctx, who.UserID, key.FactorID), nil)
		if opens(now, KindPassword, KindTOTP) {
			t.Error("opened by an authenticator that was removed")
		}
	})
}

// NextTOTP shows what the authenticator shows, and where that was used what it will show.
func TestNextTOTP(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.user(t, "user@example.com")
		key, err := w.EnrollTOTP(ctx, who.UserID, "user@example.com", "")
		wantErr(t, "enrol", err, nil)
		_, err = w.NextTOTP(ctx, who.UserID, key.Seed)
		wantErr(t, "not confirmed", err, ErrNotFound)
		past, err := totp.GenerateCode(key.Seed, w.clock.Now().Add(-TOTPPeriod))
		wantErr(t, "code", err, nil)
		wantErr(t, "confirm", w.ConfirmTOTP(ctx, who, key.FactorID, past), nil)
		_, err = w.NextTOTP(ctx, who.UserID, "JBSWY3DPEHPK3PXP")
		wantErr(t, "another seed", err, ErrNotFound)
		for range 3 {
			next, err := w.NextTOTP(ctx, who.UserID, key.Seed)
			wantErr(t, "next", err, nil)
			if next.Until.Sub(next.From) != TOTPPeriod || next.Until.Before(w.clock.Now()) {
				t.Errorf("at %v: %+v", w.clock.Now(), next)
			}
			if wait := next.From.Sub(w.clock.Now()); wait > 0 {
				wantErr(t, "too early", w.CheckTOTP(ctx, who, next.Code), ErrWrong)
				w.clock.Advance(wait)
			}
			wantErr(t, "check", w.CheckTOTP(ctx, who, next.Code), nil)
		}
	})
}
