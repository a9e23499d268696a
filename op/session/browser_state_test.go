package session_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/session"
)

const state = "__Host-curfew_state"

// Session Management 1.0 3.2: the state is that of the session; it is nothing to get in by, and tells nothing of it.
func TestBrowserStateIsNoCredential(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := browser{}
		c := w.signIn(b, w.person("user@example.com", ""))
		raw, err := base64.RawURLEncoding.DecodeString(b[state])
		if err != nil || len(raw) != 16 || b[state] != w.BrowserState(c) {
			t.Fatalf("state %q, %v", b[state], err)
		}
		held, err := base64.RawURLEncoding.DecodeString(b[cookie])
		w.must(err)
		if bytes.Contains(held, raw) || bytes.Contains(raw, held[:8]) || strings.Contains(c.ID, b[state]) {
			t.Error("state and session show one another")
		}
		w.wantNone(browser{cookie: b[state]}, "the state as session cookie")
		w.wantNone(browser{state: b[state]}, "the state alone")
		if w.BrowserState(nil) != "" {
			t.Error("nobody has a state")
		}
	})
}

// All replicas say the same; whoever has another key, or none, cannot compute it.
func TestBrowserStateIsOfItsKey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.signIn(browser{}, w.person("user@example.com", ""))
		key := secret.Bytes(32)
		with := func(key []byte) string {
			return session.New(w.store, w.clock, w.activity, w.door, session.Options{StateKey: key}).BrowserState(c)
		}
		first, again, other := with(key), with(key), with(secret.Bytes(32))
		unset, unsetAgain := with(nil), with(nil) // each process then has a key of its own
		if first != again || first == other || unset == unsetAgain {
			t.Error("the state does not follow the key")
		}
	})
}

func TestKeepState(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := browser{}
		c := w.signIn(b, w.person("user@example.com", ""))
		right := b[state]
		for name, shown := range map[string][]string{"right": {right}, "lost": nil, "another": {"x"}, "two": {right, right}} {
			for _, active := range []*session.Current{c, nil} {
				r := browser{cookie: b[cookie]}.request()
				for _, v := range shown {
					r.AddCookie(&http.Cookie{Name: state, Value: v})
				}
				rec := httptest.NewRecorder()
				w.KeepState(rec, r, active)
				set := rec.Result().Cookies()
				switch {
				case active != nil && name == "right" || active == nil && name == "lost":
					if len(set) != 0 {
						t.Errorf("%s, signed in %v: set %v", name, active != nil, set)
					}
				case len(set) != 1 || set[0].Name != state || set[0].HttpOnly ||
					active != nil && (set[0].Value != right || set[0].MaxAge <= 0) || active == nil && set[0].MaxAge >= 0:
					t.Errorf("%s, signed in %v: set %v", name, active != nil, set)
				}
			}
		}
	})
}

// RFC 6265bis 5.7: SameSite=None is taken only with Secure.
func TestCookiesAcrossSites(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, secure := range []bool{true, false} {
			s := session.New(w.store, w.clock, w.activity, w.door, session.Options{Secure: secure, CrossSite: true})
			u := w.person(map[bool]string{true: "a@example.com", false: "b@example.com"}[secure], "")
			rec := httptest.NewRecorder()
			_, err := s.Start(rec, browser{}.request(), u, session.Proof{})
			w.must(err)
			b, list := browser{}, rec.Result().Cookies()
			if b.take(rec); len(list) != 3 {
				t.Fatalf("%d cookies", len(list))
			}
			for _, c := range list {
				if !c.Secure || c.SameSite != http.SameSiteNoneMode || strings.HasPrefix(c.Name, "__Host-") != secure || c.Path != "/" {
					t.Errorf("%+v", c)
				}
			}
			name, attributes := s.StateCookie()
			if b[name] == "" || attributes != "; Path=/; Secure; SameSite=None" {
				t.Errorf("script is told %s %q", name, attributes)
			}
		}
		if name, attributes := w.StateCookie(); name != state || attributes != "; Path=/; Secure; SameSite=Lax" {
			t.Errorf("script is told %s %q", name, attributes)
		}
	})
}

// What SameSite=Lax keeps out by itself is not looked at: neither does an image on another site learn who is signed in, nor does
// it take a cookie away.
func TestNothingIsHadAsideFromOtherSites(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := browser{}
		s := session.New(w.store, w.clock, w.activity, w.door, session.Options{Secure: true, CrossSite: true})
		rec := httptest.NewRecorder()
		_, err := s.Start(rec, b.request(), w.person("user@example.com", ""), session.Proof{})
		w.must(err)
		b.take(rec)
		for _, c := range []struct {
			site, mode string
			seen       bool
		}{{"cross-site", "navigate", true}, {"same-origin", "cors", true}, {"same-site", "no-cors", true}, {"", "", true},
			{"cross-site", "", true}, {"cross-site", "no-cors", false}, {"cross-site", "cors", false}, {"cross-site", "websocket", false}} {
			r := b.request()
			r.Header.Set("Sec-Fetch-Site", c.site)
			r.Header.Set("Sec-Fetch-Mode", c.mode)
			rec := httptest.NewRecorder()
			got, err := s.Current(r)
			if (err == nil) != c.seen || (s.KnownBrowser(r) != nil) != c.seen {
				t.Errorf("%s %s: %v, %v", c.site, c.mode, got, err)
			}
			s.Browser(rec, r)
			s.KeepState(rec, r, got)
			if set := rec.Result().Cookies(); len(set) != 0 {
				t.Errorf("%s %s: set %v", c.site, c.mode, set)
			}
			rec = httptest.NewRecorder()
			if s.ClearShown(rec, r); (len(rec.Result().Cookies()) == 2) != c.seen {
				t.Errorf("%s %s: cleared %v", c.site, c.mode, rec.Result().Cookies())
			}
		}
	})
}
