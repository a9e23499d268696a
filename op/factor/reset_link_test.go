package factor

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/storage"
)

// finish opens and uses a token as a caller does.
func (w *world) finish(t *testing.T, token, password string) error {
	t.Helper()
	p, err := w.AcceptPassword(ctx, password)
	if err != nil {
		t.Error(err)
		return err
	}
	return w.store.Tx(ctx, func(tx *storage.Store) error {
		_, err := w.FinishReset(ctx, tx, token, p)
		return err
	})
}

func TestResetLinkWorksOnceForWhoHasAPasswordAndWhoHasNone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.user(t, "user@example.com")
		for _, before := range []string{"", "x7Kq!2pZ"} {
			if before != "" {
				wantErr(t, "set", w.SetPassword(ctx, who.UserID, before), nil)
			}
			flowID := id.New(id.AuthRequest)
			token, err := w.StartReset(ctx, who, "user@example.com", flowID)
			if err != nil {
				t.Fatal(err)
			}
			second, err := w.StartReset(ctx, who, "user@example.com", "")
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if r, err := w.OpenReset(ctx, token); err != nil || r != (Reset{UserID: who.UserID, FlowID: flowID}) {
					t.Errorf("%+v, %v", r, err)
				}
			}
			if won := race(func(int) error { return w.finish(t, token, "quiet herons at noon") }); won != 1 {
				t.Errorf("%d of twenty won", won)
			}
			wantErr(t, "the new one", w.CheckPassword(ctx, who, "quiet herons at noon"), nil)
			for what, spent := range map[string]string{"used": token, "another of before": second} {
				_, err = w.OpenReset(ctx, spent)
				wantErr(t, what, err, ErrSpent)
				wantErr(t, what, w.finish(t, spent, "quiet herons at noon"), ErrSpent)
			}
		}
	})
}

func TestResetLinkOfNobodyForgedOrTooLateOpensNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.user(t, "user@example.com")
		token, err := w.StartReset(ctx, who, "user@example.com", "")
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := base64.RawURLEncoding.DecodeString(token)
		for i := range raw {
			forged := append([]byte{}, raw...)
			forged[i] ^= 1
			_, err := w.OpenReset(ctx, base64.RawURLEncoding.EncodeToString(forged))
			wantErr(t, "forged", err, ErrSpent)
		}
		for _, junk := range []string{"", "x", token + "A", token[1:], strings.Repeat("_", len(token)), token[:len(token)-1] + "\n"} {
			_, err := w.OpenReset(ctx, junk)
			wantErr(t, "junk", err, ErrSpent)
		}
		nobody := Who{Identifier: "nobody@example.com", Address: who.Address}
		none, err := w.StartReset(ctx, nobody, "nobody@example.com", "")
		if err != nil || len(none) != len(token) {
			t.Errorf("for nobody: %q, %v", none, err)
		}
		_, err = w.OpenReset(ctx, none)
		wantErr(t, "nobody's", err, ErrSpent)
		w.clock.Advance(ResetTTL - time.Second)
		if _, err := w.OpenReset(ctx, token); err != nil {
			t.Errorf("a second before its end: %v", err)
		}
		w.clock.Advance(time.Second)
		_, err = w.OpenReset(ctx, token)
		wantErr(t, "too late", err, ErrSpent)
	})
}

func TestNewPasswordIsKeptAsItsHash(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.user(t, "user@example.com")
		p, err := w.AcceptPassword(ctx, "quiet herons at noon")
		if err != nil {
			t.Fatal(err)
		}
		kept, err := json.Marshal(p)
		if err != nil || strings.Contains(string(kept), "herons") {
			t.Fatalf("%s, %v", kept, err)
		}
		var back NewPassword
		if err := json.Unmarshal(kept, &back); err != nil {
			t.Fatal(err)
		}
		wantErr(t, "store", w.StorePassword(ctx, w.store, who.UserID, back), nil)
		wantErr(t, "check", w.CheckPassword(ctx, who, "quiet herons at noon"), nil)
		if err := json.Unmarshal([]byte(`"x"`), &back); !errors.Is(err, ErrMalformedHash) {
			t.Errorf("not a hash: %v", err)
		}
	})
}
