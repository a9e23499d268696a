package factor

import (
	"errors"
	"testing"

	"github.com/curfew-id/curfew/storage"
)

// Somebody who replaces their address, because another reads the old mailbox, is done with the links that went there.
func TestResetLinkEndsWithItsAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.user(t, "user@example.com")
		token, err := w.StartReset(ctx, who, "user@example.com", "")
		if err != nil {
			t.Fatal(err)
		}
		now := storage.At(w.clock.Now())
		put := func(address string, verified storage.Time) {
			wantErr(t, "add", w.store.InsertIdentifier(ctx, &storage.Identifier{Kind: storage.IdentifierEmail, Value: address,
				UserID: who.UserID, Display: address, VerifiedAt: verified, CreatedAt: now}), nil)
		}
		wantErr(t, "remove", w.store.DeleteIdentifier(ctx, who.UserID, storage.IdentifierEmail, "user@example.com", now.Time), nil)
		put("new@example.com", now)
		_, err = w.OpenReset(ctx, token)
		wantErr(t, "to an address of before", err, ErrSpent)
		wantErr(t, "used", w.finish(t, token, "quiet herons at noon"), ErrSpent)
		put("user@example.com", storage.Time{})
		_, err = w.OpenReset(ctx, token)
		wantErr(t, "to one that is not verified", err, ErrSpent)
	})
}

// Every failure is written down, so every failure is counted: also that of what can be nobody's password.
func TestWhatCannotBeAPasswordIsThrottled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.user(t, "user@example.com")
		who.Device = ""
		for range 10 {
			wantErr(t, "a control character", w.CheckPassword(ctx, who, "x\x01"), ErrWrong)
		}
		if err := w.CheckPassword(ctx, who, "x\x01"); !errors.Is(err, ErrThrottled) {
			t.Errorf("the eleventh: %v", err)
		}
	})
}
