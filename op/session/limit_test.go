package session_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
)

// start starts a session of u in a new browser.
func (w *world) startElsewhere(s *session.Sessions, u *storage.User) (*session.Current, error) {
	rec := httptest.NewRecorder()
	return s.Start(rec, httptest.NewRequest(http.MethodPost, "/", nil), u, session.Proof{ACR: "1", AMR: "pwd"})
}

func (w *world) status(c *session.Current) storage.SessionStatus {
	w.Helper()
	row, err := w.store.Session(w.Context(), c.ID)
	w.must(err)
	return row.Status
}

func TestLimitReplacesTheLongestIdle(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := session.New(w.store, w.clock, w.activity, w.door, session.Options{Limit: 2})
		u := w.person("user@example.com", "")
		var list []*session.Current
		for range 3 {
			c, err := w.startElsewhere(s, u)
			w.must(err)
			list = append(list, c)
			w.clock.Advance(time.Minute)
		}
		if w.status(list[0]) != storage.StatusReplaced || w.status(list[1]) != storage.StatusActive || w.status(list[2]) != storage.StatusActive {
			t.Fatalf("%s %s %s", w.status(list[0]), w.status(list[1]), w.status(list[2]))
		}
		// The user's own limit goes before everybody's.
		u.SessionLimit = 1
		w.must(w.store.UpdateUser(t.Context(), u))
		c, err := w.startElsewhere(s, u)
		w.must(err)
		if live, err := w.store.BrowserSessions(t.Context(), u.ID, w.clock.Now()); err != nil || len(live) != 1 || live[0].ID != c.ID {
			t.Fatalf("live: %v, %v", live, err)
		}
	})
}

func TestLimitRefuses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := session.New(w.store, w.clock, w.activity, w.door, session.Options{Limit: 1, RefuseBeyondLimit: true})
		u := w.person("user@example.com", "")
		first, err := w.startElsewhere(s, u)
		w.must(err)
		if _, err := w.startElsewhere(s, u); !errors.Is(err, session.ErrLimit) {
			t.Fatalf("second: %v", err)
		}
		if w.status(first) != storage.StatusActive {
			t.Fatal("the first one ended")
		}
		w.clock.Advance(8 * 24 * time.Hour) // the first one is idle, though nothing has swept it away yet
		if _, err := w.startElsewhere(s, u); err != nil {
			t.Fatalf("after it was idle: %v", err)
		}
	})
}

// Sign-ins at once cannot both find room for one.
func TestLimitUnderRace(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := session.New(w.store, w.clock, w.activity, w.door, session.Options{Limit: 3})
		u := w.person("user@example.com", "")
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if _, err := w.startElsewhere(s, u); err != nil {
					t.Errorf("start: %v", err)
				}
			})
		}
		wg.Wait()
		if live, err := w.store.BrowserSessions(t.Context(), u.ID, w.clock.Now()); err != nil || len(live) != 3 {
			t.Fatalf("%d live, %v", len(live), err)
		}
	})
}

// The cookie of an ended session says why, and only to whom has its secret.
func TestEndedSaysWhy(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := session.New(w.store, w.clock, w.activity, w.door, session.Options{Limit: 1})
		u := w.person("user@example.com", "")
		rec := httptest.NewRecorder()
		_, err := s.Start(rec, httptest.NewRequest(http.MethodPost, "/", nil), u, session.Proof{})
		w.must(err)
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		for _, cookie := range rec.Result().Cookies() {
			r.AddCookie(cookie)
		}
		if v, err := s.Ended(r); err != nil || v != nil {
			t.Fatalf("while it lives: %v, %v", v, err)
		}
		_, err = w.startElsewhere(s, u)
		w.must(err)
		if v, err := s.Ended(r); err != nil || v == nil || v.Stands != storage.StatusReplaced || v.EndReason != "replaced" {
			t.Fatalf("replaced: %+v, %v", v, err)
		}
		if v, err := s.Ended(httptest.NewRequest(http.MethodGet, "/", nil)); err != nil || v != nil {
			t.Fatalf("without a cookie: %v, %v", v, err)
		}
	})
}
