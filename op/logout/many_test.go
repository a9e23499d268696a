package logout_test

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// sweep settles everything, some at a time, and returns how many sessions it met.
func (w *world) sweep() (met int) {
	w.Helper()
	for {
		n, err := w.Sweep(w.Context(), 7)
		w.must(err)
		if met += n; n == 0 {
			return met
		}
	}
}

func (w *world) alive(s *storage.Session) bool {
	w.Helper()
	_, _, err := w.store.LiveSession(w.Context(), s.UserID, s.ID, w.clock.Now())
	return err == nil
}

// All sessions that a client took part in, or of everybody, end at once, for everybody in them; the job takes each through the
// door for the same cause. Whatever the end does not reach is left alone.
func TestEndManyIsTrueAtOnceAndSwept(t *testing.T) {
	for name, c := range map[string]struct {
		end   func(w *world, c logout.Cause) error
		cause logout.Cause
		all   bool
	}{
		"client": {func(w *world, c logout.Cause) error { return w.EndClient(w.Context(), w.store, "told", c) },
			logout.Cause{Status: storage.StatusRevoked, Reason: logout.ClientEnded, By: "app_admin"}, false},
		"all": {func(w *world, c logout.Cause) error { return w.EndAll(w.Context(), w.store, c) },
			logout.Cause{Status: storage.StatusRevoked, Reason: logout.AllEnded, By: "cli"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				other, err := user.New(w.store, w.clock).Create(t.Context(), w.store, user.NewUser{Email: "other@example.com", Kind: audit.SignedUp})
				w.must(err)
				var reached, left []*storage.Session
				var dead, living []*storage.Code
				for i := range 12 {
					s, c := w.session("told", "also")
					reached, dead = append(reached, s), append(dead, c...)
					if i == 5 {
						w.user = other
					}
				}
				s, codes := w.session("also", "silent")
				none, _ := w.session()
				if c.all {
					reached, dead = append(reached, s, none), append(dead, codes...)
				} else {
					left, living = append(left, s, none), append(living, codes...)
				}
				w.must(c.end(w, c.cause))
				fresh, after := w.session("told", "silent")
				left, living = append(left, fresh), append(living, after...)
				check := func(when string) {
					t.Helper()
					for _, s := range reached {
						if w.alive(s) {
							t.Error(when, "a session lives")
						}
					}
					for _, c := range dead {
						if w.live(c) {
							t.Error(when, "a family lives")
						}
					}
					for _, s := range left {
						if !w.alive(s) {
							t.Error(when, "a session is dead that was not to end")
						}
					}
					for _, c := range living {
						if !w.live(c) {
							t.Error(when, "a family is dead that was not to end")
						}
					}
				}
				check("at once:")
				if n := w.sweep(); n != len(reached) {
					t.Errorf("swept %d of %d", n, len(reached))
				}
				check("swept:")
				for _, s := range reached {
					row, err := w.store.Session(t.Context(), s.ID)
					w.must(err)
					if row.Status != c.cause.Status || row.EndReason != string(c.cause.Reason) || row.EndedBy != c.cause.By {
						t.Errorf("%s, %s, by %s", row.Status, row.EndReason, row.EndedBy)
					}
				}
				if got := w.deliveries(reached[0]); len(got) != 2 {
					t.Errorf("told %v", got)
				}
				for _, s := range left {
					if got := w.deliveries(s); len(got) != 0 {
						t.Errorf("told %v", got)
					}
				}
				for _, e := range w.ends() {
					if e.Actor != c.cause.By {
						t.Errorf("by %s", e.Actor)
					}
				}
				w.clock.Advance(2 * time.Hour) // all is forgotten; the ended stay ended
				w.must(w.store.SettleClientEnds(t.Context(), w.clock.Now()))
				for _, s := range reached {
					if w.alive(s) {
						t.Error("a session came back")
					}
				}
				if err := w.EndClient(t.Context(), w.store, "nobody", c.cause); err == nil {
					t.Error("a client that is not there")
				}
			})
		})
	}
}

// Twenty clients come in while their client's sessions end: who was in before is out, who comes after is in, and of those
// between none is left half-way.
func TestEndClientAgainstRedemptions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n = 20
		type comer struct {
			session       *storage.Session
			code          *storage.Code
			in            bool
			before, after bool // came in before the end began, began after it had ended
		}
		comers := make([]*comer, n)
		for i := range comers {
			s, _ := w.session("also")
			now := storage.At(w.clock.Now())
			c := &storage.Code{Hash: []byte(id.New(id.Event)), ClientID: "told", UserID: w.user.ID, SessionID: s.ID, Scope: "openid",
				FamilyID: id.New(id.Family), CreatedAt: now, ExpiresAt: storage.At(now.Add(time.Minute))}
			w.must(w.store.InsertCode(t.Context(), c))
			comers[i] = &comer{session: s, code: c}
		}
		var ending, ended sync.WaitGroup
		began, done := make(chan struct{}), make(chan struct{})
		closed := func(c chan struct{}) bool {
			select {
			case <-c:
				return true
			default:
				return false
			}
		}
		half := make(chan struct{}, n)
		for i, c := range comers {
			ended.Go(func() {
				if i >= n*3/4 {
					<-done
				}
				c.after = closed(done)
				_, g, err := w.store.Redeem(t.Context(), storage.Redemption{Hash: c.code.Hash, ClientID: "told", Now: w.clock.Now()})
				c.in = err == nil && g.Live
				c.before = c.in && !closed(began)
				half <- struct{}{}
			})
		}
		ending.Go(func() {
			for range n / 4 {
				<-half
			}
			close(began)
			w.must(w.EndClient(t.Context(), w.store, "told", logout.Cause{Status: storage.StatusRevoked, Reason: logout.ClientEnded, By: "cli"}))
			close(done)
		})
		ending.Wait()
		ended.Wait()
		was := map[*comer]bool{}
		early, late, dead := 0, 0, 0
		for _, c := range comers {
			was[c] = w.alive(c.session)
			if c.before {
				early++
			}
			if c.after {
				late++
			}
			if !was[c] {
				dead++
			}
			if c.before && was[c] {
				t.Error("in before the end, and alive")
			}
			if c.after && (!c.in || !was[c]) {
				t.Error("came after the end, and is out")
			}
			if c.in && w.live(c.code) != was[c] {
				t.Error("a family and its session disagree")
			}
		}
		if early == 0 || late == 0 {
			t.Errorf("%d came before, %d after: nothing was proved", early, late)
		}
		if swept := w.sweep(); swept != dead {
			t.Errorf("swept %d of %d", swept, dead)
		}
		for _, c := range comers {
			row, err := w.store.Session(t.Context(), c.session.ID)
			w.must(err)
			if (row.Status == storage.StatusActive) != was[c] || w.alive(c.session) != was[c] {
				t.Errorf("a session that was alive (%v) is %s", was[c], row.Status)
			}
		}
	})
}

// The event of an end of many says who, why and of what.
func TestEndManyIsOneEvent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.session("told")
		w.must(w.EndUser(t.Context(), w.store, w.user.ID, logout.Cause{Status: storage.StatusRevoked, Reason: logout.Revoked, By: "usr_admin"}))
		list, err := w.store.UserEvents(t.Context(), w.user.ID, 10)
		w.must(err)
		var data map[string]string
		if e := list[0]; e.Kind != string(audit.SessionsEnded) || e.Actor != "usr_admin" || json.Unmarshal([]byte(e.Data), &data) != nil || data["reason"] != "revoked" {
			t.Errorf("%+v", e)
		}
	})
}
