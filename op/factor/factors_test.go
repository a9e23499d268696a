package factor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp/totp"

	"github.com/curfew-id/curfew/storage"
)

var ctx = context.Background()

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestPasswordIsSetCheckedAndReplaced(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.user(t, "user@example.com")
		wantErr(t, "no password yet", w.CheckPassword(ctx, who, "x7Kq!2pZ"), ErrWrong)
		wantErr(t, "common", w.SetPassword(ctx, who.UserID, "password1"), ErrPasswordCommon)
		wantErr(t, "set", w.SetPassword(ctx, who.UserID, "x7Kq!2pZ caf\u00e9", "user@example.com"), nil)
		wantErr(t, "right", w.CheckPassword(ctx, who, "x7Kq!2pZ caf\u00e9"), nil)
		wantErr(t, "right, other keyboard", w.CheckPassword(ctx, who, "x7Kq!2pZ cafe\u0301"), nil)
		wantErr(t, "wrong", w.CheckPassword(ctx, who, "x7Kq!2pZ cafe"), ErrWrong)
		wantErr(t, "not text", w.CheckPassword(ctx, who, "\xff"), ErrWrong)
		wantErr(t, "unknown user", w.CheckPassword(ctx, Who{Identifier: "nobody@example.com"}, "x7Kq!2pZ"), ErrWrong)
		wantErr(t, "replace", w.SetPassword(ctx, who.UserID, "mTw4#r-0pLx"), nil)
		wantErr(t, "old", w.CheckPassword(ctx, who, "x7Kq!2pZ caf\u00e9"), ErrWrong)
		wantErr(t, "new", w.CheckPassword(ctx, who, "mTw4#r-0pLx"), nil)
		list, err := w.List(ctx, who.UserID)
		if err != nil || len(list) != 1 || list[0].Kind != KindPassword || !list[0].UsedAt.Equal(start) {
			t.Errorf("list %+v, %v", list, err)
		}
	})
}

func TestPasswordIsStoredInTheCallersTransaction(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.user(t, "user@example.com")
		p, err := w.AcceptPassword(ctx, "x7Kq!2pZ")
		if err != nil {
			t.Fatal(err)
		}
		failed := errors.New("rolled back")
		err = w.store.Tx(ctx, func(tx *storage.Store) error {
			if err := w.StorePassword(ctx, tx, who.UserID, p); err != nil {
				return err
			}
			return failed
		})
		wantErr(t, "transaction", err, failed)
		wantErr(t, "rolled back", w.CheckPassword(ctx, who, "x7Kq!2pZ"), ErrWrong)
	})
}

func TestOldHashesAreMadeAnewAtSignIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.user(t, "user@example.com")
		now := storage.At(start)
		older := cheap
		older.MemoryKiB = 32
		err := w.store.PutPassword(ctx, &storage.Factor{UserID: who.UserID, ID: "fac_1", Secret: []byte(newPHC(older, "x7Kq!2pZ").String()),
			ConfirmedAt: now, CreatedAt: now})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			wantErr(t, "right", w.CheckPassword(ctx, who, "x7Kq!2pZ"), nil)
		}
		rows, err := w.store.Factors(ctx, who.UserID)
		if err != nil || len(rows) != 1 || NeedsRehash(string(rows[0].Secret), cheap) {
			t.Errorf("still the old hash: %v", err)
		}
	})
}

func TestCodeCountsOnceAndNewestOnly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.user(t, "user@example.com")
		startCode := func(purpose Purpose) (Challenge, string) {
			t.Helper()
			c, code, err := w.StartCode(ctx, who, KindEmail, purpose, "user@example.com")
			if err != nil {
				t.Fatal(err)
			}
			return c, code
		}
		first, firstCode := startCode(PurposeSignIn)
		other, otherCode := startCode(PurposeResetPassword)
		second, secondCode := startCode(PurposeSignIn)
		wantErr(t, "an earlier one", w.CheckCode(ctx, who, first, firstCode), ErrSpent)
		swapped := second
		swapped.Purpose = PurposeResetPassword
		wantErr(t, "for another purpose", w.CheckCode(ctx, who, swapped, secondCode), ErrSpent)
		swapped = second
		swapped.Target = "other@example.com"
		wantErr(t, "for another target", w.CheckCode(ctx, who, swapped, secondCode), ErrWrong)
		wantErr(t, "not a code", w.CheckCode(ctx, who, second, "hello"), ErrWrong)
		wantErr(t, "right", w.CheckCode(ctx, who, second, " "+secondCode[:3]+" "+secondCode[3:]), nil)
		wantErr(t, "again", w.CheckCode(ctx, who, second, secondCode), ErrSpent)
		wantErr(t, "of the other purpose", w.CheckCode(ctx, who, other, otherCode), nil)

		late, lateCode := startCode(PurposeSignIn)
		w.clock.Advance(CodeTTL)
		wantErr(t, "too late", w.CheckCode(ctx, who, late, lateCode), ErrSpent)
		if _, _, err := w.StartCode(ctx, who, KindTOTP, PurposeSignIn, "x"); err == nil {
			t.Error("a TOTP code was sent")
		}
	})
}

func wrong(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

func TestCodeHasFiveTries(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.user(t, "user@example.com")
		c, code, err := w.StartCode(ctx, who, KindSMS, PurposeSecondFactor, "+15550100")
		if err != nil {
			t.Fatal(err)
		}
		for range CodeTries - 1 {
			wantErr(t, "wrong", w.CheckCode(ctx, who, c, wrong(code)), ErrWrong)
		}
		wantErr(t, "the fifth, right", w.CheckCode(ctx, who, c, code), nil)
		if c, code, err = w.StartCode(ctx, who, KindSMS, PurposeSecondFactor, "+15550100"); err != nil {
			t.Fatal(err)
		}
		for range CodeTries {
			wantErr(t, "wrong", w.CheckCode(ctx, who, c, wrong(code)), ErrWrong)
		}
		wantErr(t, "the sixth, right", w.CheckCode(ctx, who, c, code), ErrSpent)
	})
}

// A failure counter that is rolled back with the transaction around it does not count.
func TestWrongTriesOutliveAFailedTransaction(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.user(t, "user@example.com")
		c, code, err := w.StartCode(ctx, who, KindEmail, PurposeSignIn, "user@example.com")
		if err != nil {
			t.Fatal(err)
		}
		for range CodeTries {
			cancelled, cancel := context.WithCancel(ctx)
			wantErr(t, "wrong", w.CheckCode(cancelled, who, c, wrong(code)), ErrWrong)
			cancel() // what the caller does next, fails
			if err := w.store.Tx(cancelled, func(*storage.Store) error { return nil }); err == nil {
				t.Fatal("the transaction went through")
			}
		}
		wantErr(t, "after five", w.CheckCode(ctx, who, c, code), ErrSpent)
	})
}

func TestTwentyRaceAndOneWins(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.user(t, "user@example.com")
		known := who.on("dev_1")
		networks := func(i int) Who { return who.from(fmt.Sprintf("198.51.%d.1", i)) } // so that nothing is throttled

		c, code, err := w.StartCode(ctx, who, KindEmail, PurposeSignIn, "user@example.com")
		if err != nil {
			t.Fatal(err)
		}
		if won := race(func(i int) error { return w.CheckCode(ctx, networks(i), c, code) }); won != 1 {
			t.Errorf("code: %d won", won)
		}

		key, err := w.EnrollTOTP(ctx, who.UserID, "user@example.com", "")
		if err != nil {
			t.Fatal(err)
		}
		now, err := totp.GenerateCode(key.Seed, w.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		if won := race(func(i int) error { return w.ConfirmTOTP(ctx, networks(i), key.FactorID, now) }); won != 1 {
			t.Errorf("totp confirmation: %d won", won)
		}
		w.clock.Advance(2 * time.Hour)
		if now, err = totp.GenerateCode(key.Seed, w.clock.Now()); err != nil {
			t.Fatal(err)
		}
		if won := race(func(i int) error { return w.CheckTOTP(ctx, networks(i), now) }); won != 1 {
			t.Errorf("totp: %d won", won)
		}

		w.clock.Advance(2 * time.Hour)
		codes, err := w.NewRecoveryCodes(ctx, who.UserID)
		if err != nil {
			t.Fatal(err)
		}
		if won := race(func(i int) error { return w.CheckRecoveryCode(ctx, networks(i), codes[0]) }); won != 1 {
			t.Errorf("recovery code: %d won", won)
		}
		// and tries at once cannot pass the limit
		w.clock.Advance(2 * time.Hour)
		var asked int
		if asked = race(func(int) error {
			if err := w.CheckRecoveryCode(ctx, known, "0000-0000-0000-0000"); errors.Is(err, ErrThrottled) {
				return err
			}
			return nil
		}); asked != int(allRules[guessDevice].device.events) {
			t.Errorf("%d of twenty tries at once were let through", asked)
		}
	})
}

func TestTOTPIsEnrolledConfirmedAndUsed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.user(t, "user@example.com")
		dropped, err := w.EnrollTOTP(ctx, who.UserID, "user@example.com", "")
		if err != nil {
			t.Fatal(err)
		}
		key, err := w.EnrollTOTP(ctx, who.UserID, "user@example.com", "phone")
		if err != nil {
			t.Fatal(err)
		}
		code := func(seed string, ago time.Duration) string {
			t.Helper()
			c, err := totp.GenerateCode(seed, w.clock.Now().Add(-ago))
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		rows, err := w.store.Factors(ctx, who.UserID)
		if err != nil || len(rows) != 1 || strings.Contains(string(rows[0].Secret), key.Seed) {
			t.Fatalf("%d rows, %v; or the seed is readable", len(rows), err)
		}
		if again, err := w.PendingTOTP(ctx, who.UserID, "user@example.com", key.FactorID); err != nil || again != key {
			t.Errorf("pending %+v, %v, want %+v", again, err, key)
		}
		wantErr(t, "not confirmed", w.CheckTOTP(ctx, who, code(key.Seed, 0)), ErrWrong)
		wantErr(t, "the dropped one", w.ConfirmTOTP(ctx, who, dropped.FactorID, code(dropped.Seed, 0)), ErrWrong)
		wantErr(t, "wrong code", w.ConfirmTOTP(ctx, who, key.FactorID, wrong(code(key.Seed, 0))), ErrWrong)
		stranger := w.user(t, "stranger@example.com")
		wantErr(t, "by somebody else", w.ConfirmTOTP(ctx, stranger, key.FactorID, code(key.Seed, 0)), ErrWrong)
		wantErr(t, "confirm", w.ConfirmTOTP(ctx, who, key.FactorID, code(key.Seed, 0)), nil)
		wantErr(t, "the same code", w.CheckTOTP(ctx, who, code(key.Seed, 0)), ErrWrong)
		wantErr(t, "the one before it", w.CheckTOTP(ctx, who, code(key.Seed, TOTPPeriod)), ErrWrong)
		wantErr(t, "confirm twice", w.ConfirmTOTP(ctx, who, key.FactorID, code(key.Seed, 0)), ErrWrong)
		w.clock.Advance(2 * TOTPPeriod)
		wantErr(t, "the previous", w.CheckTOTP(ctx, who, code(key.Seed, TOTPPeriod)), nil)
		wantErr(t, "the current", w.CheckTOTP(ctx, who, code(key.Seed, 0)), nil)
		if _, err := w.PendingTOTP(ctx, who.UserID, "user@example.com", key.FactorID); !errors.Is(err, ErrNotFound) {
			t.Errorf("a confirmed seed is shown again: %v", err)
		}

		stale, err := w.EnrollTOTP(ctx, who.UserID, "user@example.com", "")
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(enrollmentTTL)
		wantErr(t, "an hour later", w.ConfirmTOTP(ctx, who, stale.FactorID, code(stale.Seed, 0)), ErrWrong)
	})
}

func TestRecoveryCodesAndList(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.user(t, "user@example.com")
		old, err := w.NewRecoveryCodes(ctx, who.UserID)
		if err != nil {
			t.Fatal(err)
		}
		codes, err := w.NewRecoveryCodes(ctx, who.UserID)
		if err != nil || len(codes) != 10 {
			t.Fatalf("%d codes, %v", len(codes), err)
		}
		wantErr(t, "a replaced one", w.CheckRecoveryCode(ctx, who, old[0]), ErrWrong)
		wantErr(t, "right", w.CheckRecoveryCode(ctx, who, strings.ToUpper(codes[3])), nil)
		wantErr(t, "again", w.CheckRecoveryCode(ctx, who, codes[3]), ErrWrong)
		stranger := w.user(t, "stranger@example.com")
		wantErr(t, "somebody else's", w.CheckRecoveryCode(ctx, stranger, codes[4]), ErrWrong)

		kinds, err := w.Kinds(ctx, who.UserID)
		if err != nil || len(kinds) != 0 {
			t.Errorf("recovery codes alone are a factor: %v, %v", kinds, err)
		}
		w.clock.Advance(time.Second)
		wantErr(t, "password", w.SetPassword(ctx, who.UserID, "x7Kq!2pZ"), nil)
		w.clock.Advance(time.Second)
		for range 2 {
			wantErr(t, "codes by mail", w.EnableCodes(ctx, who.UserID, KindEmail, "user@example.com"), nil)
		}
		list, err := w.List(ctx, who.UserID)
		if err != nil {
			t.Fatal(err)
		}
		want := []Info{
			{ID: RecoveryID, Kind: KindRecovery, CreatedAt: start, UsedAt: start, Left: 9},
			{Kind: KindPassword, CreatedAt: start.Add(time.Second)},
			{Kind: KindEmail, Label: "user@example.com", CreatedAt: start.Add(2 * time.Second)},
		}
		ids := make([]string, len(list))
		for i := range list {
			if ids[i] = list[i].ID; list[i].Kind != KindRecovery {
				list[i].ID = ""
			}
		}
		if diff := cmp.Diff(want, list); diff != "" {
			t.Error(diff)
		}
		if kinds, _ = w.Kinds(ctx, who.UserID); !cmp.Equal(kinds, []Kind{KindPassword, KindEmail, KindRecovery}) {
			t.Errorf("kinds %v", kinds)
		}
		wantErr(t, "remove what is not there", w.Remove(ctx, who.UserID, "fac_x"), ErrNotFound)
		wantErr(t, "remove somebody else's", w.Remove(ctx, stranger.UserID, ids[2]), ErrNotFound)
		wantErr(t, "remove", w.Remove(ctx, who.UserID, ids[2]), nil)
		if list, _ = w.List(ctx, who.UserID); len(list) != 1 || list[0].Kind != KindPassword {
			t.Errorf("recovery codes outlive the last second factor: %+v", list)
		}
	})
}

func TestSweepDeletesWhatIsOver(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.user(t, "user@example.com").from("2001:db8::1")
		c, code, err := w.StartCode(ctx, who, KindEmail, PurposeSignIn, "user@example.com")
		if err != nil {
			t.Fatal(err)
		}
		wantErr(t, "sweep", w.Sweep(ctx), nil)
		wantErr(t, "still good", w.CheckCode(ctx, who, c, code), nil)
		w.clock.Advance(2 * time.Hour)
		wantErr(t, "sweep", w.Sweep(ctx), nil)
		for what, left := range map[string]func(context.Context, time.Time) (int64, error){
			"challenges": w.store.DeleteExpiredChallenges, "throttles": w.store.DeleteExpiredThrottles,
		} {
			if n, err := left(ctx, w.clock.Now().Add(1000*time.Hour)); n != 0 || err != nil {
				t.Errorf("%d %s left, %v", n, what, err)
			}
		}
	})
}
