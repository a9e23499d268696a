package session_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type world struct {
	testing.TB
	*session.Sessions
	store    *storage.Store
	clock    *clock.Fake
	activity *session.Activity
	door     *logout.Door
	users    *user.Users
}

func each(t *testing.T, fn func(*testing.T, *world)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, store *storage.Store) {
		c := clock.NewFake(start)
		w := &world{TB: t, store: store, clock: c, activity: session.NewActivity(store, c), users: user.New(store, c)}
		w.door = logout.NewDoor(store, client.NewRegistry(store, c), c)
		w.Sessions = session.New(store, c, w.activity, w.door, session.Options{Secure: true})
		fn(t, w)
	})
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) person(email, role string) *storage.User {
	w.Helper()
	u, err := w.users.Create(w.Context(), w.store, user.NewUser{Email: email, Role: role, Kind: audit.SignedUp})
	w.must(err)
	return u
}

// browser holds cookies.
type browser map[string]string

func (b browser) request() *http.Request {
	r := httptest.NewRequest("GET", "https://id.example.com/", nil)
	for name, v := range b {
		r.AddCookie(&http.Cookie{Name: name, Value: v})
	}
	return r
}

func (b browser) take(w *httptest.ResponseRecorder) {
	for _, c := range w.Result().Cookies() {
		b[c.Name] = c.Value
	}
}

func (w *world) signIn(b browser, u *storage.User) *session.Current {
	w.Helper()
	rec := httptest.NewRecorder()
	c, err := w.Start(rec, b.request(), u, session.Proof{ACR: "urn:curfew:acr:1", AMR: "pwd"})
	w.must(err)
	b.take(rec)
	return c
}

// wantNone asserts that the browser is not signed in.
func (w *world) wantNone(b browser, why string) {
	w.Helper()
	if c, err := w.Current(b.request()); !errors.Is(err, session.ErrNone) {
		w.Errorf("%s: %v, %v", why, c, err)
	}
}

func (w *world) current(b browser) *session.Current {
	w.Helper()
	c, err := w.Current(b.request())
	w.must(err)
	return c
}

const cookie = "__Host-curfew_session"

// RFC 6265bis 4.1.3.2: what a cookie must have so that no other host and no script gets at it.
func TestSessionCookie(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		rec := httptest.NewRecorder()
		_, err := w.Start(rec, browser{}.request(), w.person("user@example.com", ""), session.Proof{})
		w.must(err)
		list := rec.Result().Cookies()
		if len(list) != 3 {
			t.Fatalf("%d cookies", len(list))
		}
		for _, c := range list {
			if !strings.HasPrefix(c.Name, "__Host-curfew_") || !c.Secure || c.HttpOnly != (c.Name != "__Host-curfew_state") || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("%+v", c)
			}
		}
	})
}

// A secret known from before must not gain what is proved after (session fixation).
func TestCookieSecretRotatesOnStepUpAndSwitch(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := browser{}
		u := w.person("user@example.com", "")
		w.signIn(b, u)
		old := browser{cookie: b[cookie]}
		w.clock.Advance(time.Minute)
		rec := httptest.NewRecorder()
		w.must(w.StepUp(rec, b.request(), w.current(b), session.Proof{ACR: "urn:curfew:acr:2", AMR: "pwd otp mfa"}))
		b.take(rec)
		w.wantNone(old, "the cookie from before the step up")
		if c := w.current(b); c.ACR != "urn:curfew:acr:2" || c.AMR != "pwd otp mfa" || !c.AuthenticatedAt.Equal(w.clock.Now()) {
			t.Errorf("%+v", c.Session)
		}
		old = browser{cookie: b[cookie]}
		rec = httptest.NewRecorder()
		_, err := w.Switch(rec, b.request(), w.current(b).ID)
		w.must(err)
		b.take(rec)
		w.wantNone(old, "the cookie from before the switch")
		if c := w.current(b); c.ACR != "urn:curfew:acr:2" {
			t.Errorf("%+v", c.Session)
		}
		list, err := w.store.Sessions(t.Context(), storage.SessionFilter{UserID: u.ID})
		if err != nil || len(list) != 1 {
			t.Errorf("%d sessions, %v", len(list), err)
		}
	})
}

func TestStepUpOfAnEndedSessionIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := browser{}
		w.signIn(b, w.person("user@example.com", ""))
		c := w.current(b)
		_, err := w.door.End(t.Context(), w.store, c.Session, logout.Cause{Status: storage.StatusRevoked, Reason: logout.Revoked, By: "x"})
		w.must(err)
		if err := w.StepUp(httptest.NewRecorder(), b.request(), c, session.Proof{}); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("step up: %v", err)
		}
		if _, err := w.Switch(httptest.NewRecorder(), b.request(), c.ID); !errors.Is(err, session.ErrNone) {
			t.Errorf("switch: %v", err)
		}
		w.wantNone(b, "ended")
	})
}

func TestTamperedCookiesAreRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mine, theirs := browser{}, browser{}
		w.signIn(mine, w.person("user@example.com", ""))
		w.signIn(theirs, w.person("other@example.com", ""))
		raw, err := base64.RawURLEncoding.DecodeString(mine[cookie])
		w.must(err)
		other, err := base64.RawURLEncoding.DecodeString(theirs[cookie])
		w.must(err)
		encode := base64.RawURLEncoding.EncodeToString
		for i := range raw { // user, session, secret
			raw[i] ^= 1
			w.wantNone(browser{cookie: encode(raw)}, "a flipped byte")
			raw[i] ^= 1
		}
		for why, v := range map[string]string{
			"their user, my session":   encode(append(append([]byte{}, other[:16]...), raw[16:]...)),
			"their session, my secret": encode(append(append([]byte{}, other[:32]...), raw[32:]...)),
			"my session, their secret": encode(append(append([]byte{}, raw[:32]...), other[32:]...)),
			"short":                    encode(raw[:63]),
			"long":                     encode(append(raw, 0)),
			"padded":                   base64.URLEncoding.EncodeToString(raw),
			"stray bits":               mine[cookie][:len(mine[cookie])-1] + "_",
			"empty":                    "",
			"text":                     "usr_x.ses_y",
		} {
			w.wantNone(browser{cookie: v}, why)
		}
		r := mine.request()
		r.AddCookie(&http.Cookie{Name: cookie, Value: mine[cookie]})
		if _, err := w.Current(r); !errors.Is(err, session.ErrNone) { // one of the two was planted
			t.Errorf("two cookies: %v", err)
		}
		w.current(mine)
	})
}

// A session of another browser cannot be switched to, nor seen.
func TestSwitchStaysOnTheDevice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mine, theirs := browser{}, browser{}
		u := w.person("user@example.com", "")
		first := w.signIn(mine, u)
		second := w.signIn(mine, w.person("second@example.com", ""))
		foreign := w.signIn(theirs, u)
		for _, sessionID := range []string{foreign.ID, "", "x", "ses_00000000000000000000000000"} {
			if _, err := w.Switch(httptest.NewRecorder(), mine.request(), sessionID); !errors.Is(err, session.ErrNone) {
				t.Errorf("%q: %v", sessionID, err)
			}
		}
		if list, err := w.OnDevice(mine.request()); err != nil || len(list) != 2 {
			t.Errorf("%d on the device, %v", len(list), err)
		}
		if w.current(mine).ID != second.ID {
			t.Error("the second sign-in is not the active one")
		}
		rec := httptest.NewRecorder()
		_, err := w.Switch(rec, mine.request(), first.ID)
		w.must(err)
		mine.take(rec)
		if w.current(mine).ID != first.ID {
			t.Error("not switched")
		}
	})
}

func TestSessionsEndByTheClock(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		role   string
		use    time.Duration // how often it is used
		lives  time.Duration
		status storage.SessionStatus
	}{
		"idle":           {"", 0, 7 * day, storage.StatusAbandoned},
		"absolute":       {"", 6 * day, 30 * day, storage.StatusExpired},
		"admin idle":     {"admin", 0, 15 * time.Minute, storage.StatusAbandoned},
		"admin absolute": {"admin", 14 * time.Minute, 12 * time.Hour, storage.StatusExpired},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				b := browser{}
				s := w.signIn(b, w.person("user@example.com", c.role))
				for used := time.Duration(0); c.use > 0 && used+c.use < c.lives; used += c.use {
					w.clock.Advance(c.use)
					w.current(b)
					w.must(w.activity.Flush(t.Context()))
				}
				w.clock.Advance(start.Add(c.lives - time.Microsecond).Sub(w.clock.Now()))
				_, _, err := w.store.LiveSession(t.Context(), s.UserID, s.ID, w.clock.Now()) // a look that is no use
				w.must(err)
				w.clock.Advance(time.Microsecond)
				w.wantNone(b, "after its time")
				w.must(w.activity.Flush(t.Context())) // the last use must not revive it
				w.wantNone(b, "after its time and a flush")
				if n, err := w.door.Sweep(t.Context(), 10); err != nil || n != 1 {
					t.Fatalf("swept %d, %v", n, err)
				}
				row, err := w.store.Session(t.Context(), s.ID)
				if err != nil || row.Status != c.status || row.EndedBy != logout.System {
					t.Errorf("%+v, %v", row, err)
				}
			})
		})
	}
}

// Activity is written in batches, not oftener than every hundredth of the idle time or five minutes.
func TestActivityIsWrittenSeldom(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := browser{}
		s := w.signIn(b, w.person("user@example.com", ""))
		lastActive := func() time.Duration {
			t.Helper()
			w.must(w.activity.Flush(t.Context()))
			row, err := w.store.Session(t.Context(), s.ID)
			w.must(err)
			return row.LastActiveAt.Sub(start)
		}
		w.clock.Advance(5*time.Minute - time.Second)
		w.current(b)
		if d := lastActive(); d != 0 {
			t.Errorf("written after %v", d)
		}
		w.clock.Advance(time.Second)
		w.current(b)
		if d := lastActive(); d != 5*time.Minute {
			t.Errorf("written %v", d)
		}
		admin := browser{}
		s = w.signIn(admin, w.person("admin@example.com", "admin"))
		w.clock.Advance(9 * time.Second) // a hundredth of 15 minutes
		w.current(admin)
		if d := lastActive(); d != 5*time.Minute+9*time.Second {
			t.Errorf("written %v", d)
		}
	})
}

// A failed write is made up for, and a time is never moved back.
func TestActivityIsKeptUntilItIsWritten(t *testing.T) {
	store, err := storage.Open(t.Context(), filepath.Join(t.TempDir(), "curfew.db"))
	if err != nil {
		t.Fatal(err)
	}
	a := session.NewActivity(store, clock.NewFake(start))
	a.Used(id.New(id.User), id.New(id.Session), start, start.Add(-time.Hour), time.Hour)
	for range 2 { // there is no table
		if err := a.Flush(t.Context()); err == nil {
			t.Fatal("written into nothing")
		}
	}
	if _, err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := a.Flush(t.Context()); err != nil { // nothing is left
		t.Fatal(err)
	}
}
