package session_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"testing"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// FuzzSessionCookie: whatever stands in the Cookie header, only the one good value is a session, and nothing fails.
func FuzzSessionCookie(f *testing.F) {
	store := storagetest.Open(f, storagetest.SQLite(f))
	c := clock.NewFake(start)
	w := &world{TB: f, store: store, clock: c, activity: session.NewActivity(store, c), users: user.New(store, c)}
	w.Sessions = session.New(store, c, w.activity, w.door, session.Options{Secure: true})
	u, err := w.users.Create(f.Context(), store, user.NewUser{Email: "user@example.com", Kind: audit.SignedUp})
	w.must(err)
	b := browser{}
	w.signIn(b, u)
	good := b[cookie]
	for _, v := range []string{good, good + "A", good[:85], good[:64] + "AAAAAAAAAAAAAAAAAAAAAA", "", "x", good + "; " + cookie + "=" + good,
		base64.RawURLEncoding.EncodeToString(make([]byte, 64)), "\x00", `"` + good + `"`, " " + good, "a; curfew_session=" + good} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		r, err := http.NewRequestWithContext(t.Context(), "GET", "https://id.example.com/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header["Cookie"] = []string{cookie + "=" + v}
		sent := r.CookiesNamed(cookie)
		got, err := w.Current(r)
		if err != nil && !errors.Is(err, session.ErrNone) {
			t.Fatalf("%q: %v", v, err)
		}
		if (err == nil) != (len(sent) == 1 && sent[0].Value == good) {
			t.Fatalf("%q: %v, %v", v, got, err)
		}
		_ = w.KnownBrowser(r)
		if list, err := w.OnDevice(r); err != nil || len(list) != 0 {
			t.Fatalf("%q: %v, %v", v, list, err)
		}
	})
}
