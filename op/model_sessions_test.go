package op_test

import (
	"cmp"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
)

const (
	modelDeviceCookie  = "__Host-curfew_device"
	modelSessionCookie = "__Host-curfew_session"
)

// shows is a request with cookies; those that are empty are not sent.
func (w *modelWorld) shows(device, session string) *http.Request {
	r := httptest.NewRequestWithContext(w.Context(), http.MethodPost, issuer, nil)
	for name, value := range map[string]string{modelDeviceCookie: device, modelSessionCookie: session} {
		if value != "" {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
	}
	return r
}

// keep takes the cookies of an answer into a browser's jar.
func (b *modelBrowser) keep(rec *httptest.ResponseRecorder) {
	for _, c := range rec.Result().Cookies() {
		switch c.Name {
		case modelDeviceCookie:
			b.device = c.Value
		case modelSessionCookie:
			b.session = c.Value
		}
	}
}

func (w *modelWorld) stepSignIn() {
	u, b := pick(w.rt, "user", w.users), pick(w.rt, "browser", w.browsers)
	row, err := w.store.User(w.Context(), u.id)
	w.must(err)
	now, rec := w.clock.Now(), httptest.NewRecorder()
	got, err := w.limited.Start(rec, w.shows(b.device, b.session), row, session.Proof{ACR: "1", AMR: "pwd"})
	replaced, ok := w.room(u, now)
	switch {
	case u.disabled:
		if !errors.Is(err, storage.ErrNotFound) {
			w.Fatalf("sign-in of a disabled user: %v", err)
		}
		return
	case !ok:
		if !errors.Is(err, session.ErrLimit) {
			w.Fatalf("sign-in beyond the limit: %v", err)
		}
		return
	case err != nil:
		w.Fatalf("sign-in: %v", err)
	}
	for _, s := range replaced {
		w.end(s, logout.Cause{Status: storage.StatusReplaced, Reason: logout.Replaced, By: logout.System})
	}
	before := b.device
	b.keep(rec)
	if b.device == before {
		w.Fatal("the device kept its cookie")
	}
	s := &modelSession{id: got.ID, user: u, browser: b, cookie: b.session, lastActive: now,
		idle: 7 * 24 * time.Hour, expires: now.Add(30 * 24 * time.Hour)}
	if u.admin {
		s.idle, s.expires = 15*time.Minute, now.Add(12*time.Hour)
	}
	w.sessions = append(w.sessions, s)
	w.limitHolds(u)
}

// limitHolds counts, after a sign-in, what is live. A limit that was lowered ends nothing by itself.
func (w *modelWorld) limitHolds(u *modelUser) {
	live, err := w.store.BrowserSessions(w.Context(), u.id, w.clock.Now())
	w.must(err)
	if limit := cmp.Or(u.limit, w.limit); limit > 0 && len(live) > limit {
		w.Fatalf("%d live sessions of a user who may have %d", len(live), limit)
	}
}

// shown is the session that a browser's cookie is good for; nil for none.
func (w *modelWorld) shown(b *modelBrowser) *modelSession {
	for _, s := range w.sessions {
		if s.cookie != "" && s.cookie == b.session && s.live(w.clock.Now()) {
			return s
		}
	}
	return nil
}

// current asks for the session of a browser and compares.
func (w *modelWorld) current(b *modelBrowser) (*session.Current, *modelSession) {
	want := w.shown(b)
	got, err := w.limited.Current(w.shows(b.device, b.session))
	switch {
	case want == nil && errors.Is(err, session.ErrNone):
		return nil, nil
	case err != nil || want == nil || got.ID != want.id || got.User.ID != want.user.id:
		w.Fatalf("current session %+v, %v; want %+v", got, err, want)
	}
	w.use(want, w.clock.Now())
	return got, want
}

func (w *modelWorld) renewed(s *modelSession, b *modelBrowser, rec *httptest.ResponseRecorder) {
	b.keep(rec)
	if b.session == s.cookie {
		w.Fatal("the session kept its cookie")
	}
	s.superseded = append(s.superseded, s.cookie)
	s.cookie, s.lastActive = b.session, w.clock.Now()
}

func (w *modelWorld) stepStepUp() {
	b := pick(w.rt, "browser", w.browsers)
	got, s := w.current(b)
	if got == nil {
		return
	}
	rec := httptest.NewRecorder()
	w.must(w.limited.StepUp(rec, w.shows(b.device, b.session), got, session.Proof{ACR: "2", AMR: "pwd otp"}))
	w.renewed(s, b, rec)
}

func (w *modelWorld) stepSwitch() {
	s := pick(w.rt, "session", w.sessions)
	b := pick(w.rt, "browser", w.browsers)
	if s.browser != nil && rapid.Bool().Draw(w.rt, "own") {
		b = s.browser
	}
	rec := httptest.NewRecorder()
	got, err := w.limited.Switch(rec, w.shows(b.device, b.session), s.id)
	if !slices.Contains(w.onDevice(b, w.clock.Now()), s) {
		if !errors.Is(err, session.ErrNone) {
			w.Fatalf("switched to a session that is not there: %v, %v", got, err)
		}
		return
	}
	if err != nil || got.ID != s.id {
		w.Fatalf("switch: %v, %v", got, err)
	}
	w.renewed(s, b, rec)
}

func (w *modelWorld) stepChooser() { w.chooser(pick(w.rt, "browser", w.browsers)) }

// chooser asks who can be chosen at a browser and compares: nobody sees what is on another device.
func (w *modelWorld) chooser(b *modelBrowser) {
	list, err := w.limited.OnDevice(w.shows(b.device, ""))
	w.must(err)
	var got, want []string
	for _, c := range list {
		got = append(got, c.ID)
	}
	for _, s := range w.onDevice(b, w.clock.Now()) {
		want = append(want, s.id)
	}
	if !slices.Equal(got, want) {
		w.Fatalf("on the device: %v, want %v", got, want)
	}
}

func (w *modelWorld) stepCurrent() {
	s := pick(w.rt, "session", filter(w.sessions, func(s *modelSession) bool { return s.browser != nil }))
	w.current(&modelBrowser{session: s.cookie})
	w.tellsEnd(s.cookie, s)
}

// tellsEnd compares why a session ended with what its cookie is told; s is nil for a cookie that is not good.
func (w *modelWorld) tellsEnd(cookie string, s *modelSession) {
	now := w.clock.Now()
	view, err := w.limited.Ended(w.shows("", cookie))
	w.must(err)
	var got, want storage.SessionStatus
	if view != nil {
		got = view.Stands
	}
	if s != nil && !s.live(now) {
		want = s.stands(now)
	}
	if got != want {
		w.Fatalf("the cookie is told %q, want %q", got, want)
	}
}

func (w *modelWorld) stepSuperseded() {
	s := pick(w.rt, "session", filter(w.sessions, func(s *modelSession) bool { return len(s.superseded) > 0 }))
	cookie := pick(w.rt, "cookie", s.superseded)
	for name, ask := range map[string]func(*http.Request) (*session.Current, error){"current": w.limited.Current, "peek": w.limited.Peek} {
		if got, err := ask(w.shows("", cookie)); !errors.Is(err, session.ErrNone) {
			w.Fatalf("%s with a superseded cookie: %v, %v", name, got, err)
		}
	}
	w.tellsEnd(cookie, nil)
}
