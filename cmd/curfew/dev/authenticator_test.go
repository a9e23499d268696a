package dev_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/cmd/curfew/dev"
	"github.com/curfew-id/curfew/op/factor"
)

const theAdmin = "admin@example.com"

func options(data string) dev.Options {
	return dev.Options{Data: data, Listen: "127.0.0.1:0", DemoListen: "127.0.0.1:0"}
}

// next is the code that the mailbox shows for the administrator.
func next(t *testing.T, d *dev.Dev) (userID string, code factor.TOTPCode, page string) {
	t.Helper()
	row, err := d.Server.Users.ByEmail(t.Context(), theAdmin)
	if err != nil {
		t.Fatal(err)
	}
	code, err = d.Server.Factors.NextTOTP(t.Context(), row.ID, d.Info.User(theAdmin).TOTPSecret)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Get(d.Info.MailURL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return row.ID, code, string(b)
}

// The mailbox shows a code that counts at once, and when it was used the one after it.
func TestAuthenticatorInTheMailbox(t *testing.T) {
	d, stop := run(t, options(t.TempDir()))
	defer stop()
	for range 3 { // a period may end between the two
		userID, code, page := next(t, d)
		if !strings.Contains(page, code.Code) || !strings.Contains(page, theAdmin) {
			continue
		}
		if err := d.Server.Factors.CheckTOTP(t.Context(), factor.Who{UserID: userID}, code.Code); err != nil {
			t.Fatalf("the code that is shown: %v", err)
		}
		_, after, page := next(t, d)
		if after.Code == code.Code || strings.Contains(page, code.Code) || !strings.Contains(page, after.Code) || !strings.Contains(page, "was used") {
			t.Errorf("%s is shown after it was used", code.Code)
		}
		return
	}
	t.Fatal("the mailbox shows no code of the administrator's authenticator")
}

// A directory of data from before gets an authenticator at its next start; one that was lost with dev.json is replaced, and one
// that the administrator removed is not forced on them.
func TestAuthenticatorInOldData(t *testing.T) {
	data := t.TempDir()
	first, stop := run(t, options(data))
	userID, _, _ := next(t, first)
	lost := first.Info.User(theAdmin).TOTPSecret
	removeAll(t, first, userID)
	stop()

	// The password stays, the secret was never there.
	edit(t, data, func(u map[string]any) { delete(u, "totp_secret") })
	second, stop := run(t, options(data))
	if _, _, page := next(t, second); !strings.Contains(page, "Authenticator app") || second.Info.User(theAdmin).Password != first.Info.User(theAdmin).Password {
		t.Error("old data did not get an authenticator")
	}
	seeded := second.Info.User(theAdmin).TOTPSecret
	stop()
	if seeded == "" || seeded == lost {
		t.Errorf("secret %q", seeded)
	}

	if err := os.Remove(filepath.Join(data, "dev.json")); err != nil {
		t.Fatal(err)
	}
	third, stop := run(t, options(data))
	next(t, third)
	if third.Info.User(theAdmin).TOTPSecret == seeded {
		t.Error("a secret that was lost is known")
	}
	removeAll(t, third, userID)
	stop()

	fourth, stop := run(t, options(data))
	defer stop()
	if list, err := fourth.Server.Factors.Kinds(t.Context(), userID); err != nil || factor.Independent(list) {
		t.Errorf("factors %v, %v", list, err)
	}
}

func removeAll(t *testing.T, d *dev.Dev, userID string) {
	t.Helper()
	list, err := d.Server.Factors.List(t.Context(), userID)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range list {
		if i.Kind == factor.KindTOTP {
			if err := d.Server.Factors.Remove(t.Context(), userID, i.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// edit changes what dev.json says of the administrator.
func edit(t *testing.T, data string, change func(map[string]any)) {
	t.Helper()
	path := filepath.Join(data, "dev.json")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	for _, u := range doc["users"].([]any) {
		if u := u.(map[string]any); u["email"] == theAdmin {
			change(u)
		}
	}
	if b, err = json.Marshal(doc); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
