package op_test

import (
	"errors"
	"slices"
	"time"

	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
)

// causes are all that a session can end by.
var causes = []logout.Cause{
	{Status: storage.StatusEnded, Reason: logout.SignedOut, By: "user"},
	{Status: storage.StatusRevoked, Reason: logout.Revoked, By: "admin"},
	{Status: storage.StatusReplaced, Reason: logout.Replaced, By: logout.System},
	{Status: storage.StatusExpired, Reason: logout.Expired, By: logout.System},
	{Status: storage.StatusAbandoned, Reason: logout.Idle, By: logout.System},
	{Status: storage.StatusRevoked, Reason: logout.PasswordChanged, By: "user"},
	{Status: storage.StatusRevoked, Reason: logout.UserDisabled, By: "admin"},
	{Status: storage.StatusRevoked, Reason: logout.UserDeleted, By: "admin"},
	{Status: storage.StatusRevoked, Reason: logout.ConsentGone, By: "user"},
	{Status: storage.StatusRevoked, Reason: logout.RefreshReused, By: logout.System},
	{Status: storage.StatusRevoked, Reason: logout.CodeReused, By: logout.System},
	{Status: storage.StatusRevoked, Reason: logout.EpochMoved, By: logout.System},
	{Status: storage.StatusRemoved, Reason: logout.DeviceForgotten, By: "user"},
}

// stepEnd also ends what has ended: that changes nothing, and says what the first end left.
func (w *modelWorld) stepEnd() {
	w.endNow(pick(w.rt, "session", w.sessions), pick(w.rt, "cause", causes))
}

func (w *modelWorld) endNow(s *modelSession, c logout.Cause) {
	row, err := w.store.Session(w.Context(), s.id)
	w.must(err)
	got, err := w.door.End(w.Context(), w.store, row, c)
	w.must(err)
	w.end(s, c)
	if got.Status != s.end.Status || got.EndReason != string(s.end.Reason) || got.EndedBy != s.end.By {
		w.Fatalf("ended as %s, %s, by %s; want %+v", got.Status, got.EndReason, got.EndedBy, s.end)
	}
}

// many is why sessions end that end all at once. No two such ends are at the same instant.
func (w *modelWorld) many(user, client string) modelMove {
	w.clock.Advance(time.Microsecond)
	c := pick(w.rt, "cause", filter(causes, func(c logout.Cause) bool { return c.Status == storage.StatusRevoked }))
	return modelMove{user, client, c, w.clock.Now()}
}

func (w *modelWorld) stepEndUser() {
	u := pick(w.rt, "user", w.users)
	m := w.many(u.id, "")
	w.must(w.door.EndUser(w.Context(), w.store, u.id, m.cause))
	w.endMany(m, func(s *modelSession) bool { return s.user == u })
	w.compareUses() // at once
}

// stepEndClient ends the sessions whole: whoever else takes part in them finds them over, too.
func (w *modelWorld) stepEndClient() {
	now := w.clock.Now()
	live := filter(w.families, func(f *modelFamily) bool { return f.live(now) })
	shared := filter(live, func(f *modelFamily) bool {
		return slices.ContainsFunc(live, func(g *modelFamily) bool { return g.session == f.session && g.client != f.client })
	})
	if len(shared) > 0 {
		live = shared
	}
	c := pick(w.rt, "family", live).client
	m := w.many("", c.id)
	w.must(w.door.EndClient(w.Context(), w.store, c.id, m.cause))
	w.endMany(m, func(s *modelSession) bool { return slices.Contains(s.clients, c.id) })
	w.compareUses() // at once
}

func (w *modelWorld) stepEndAll() {
	m := w.many("", "")
	w.must(w.door.EndAll(w.Context(), w.store, m.cause))
	w.endMany(m, func(*modelSession) bool { return true })
	w.compareUses() // at once
}

func (w *modelWorld) stepEndOthers() {
	u, keep := pick(w.rt, "user", w.users), pick(w.rt, "kept", w.sessions)
	c := logout.Cause{Status: storage.StatusRevoked, Reason: logout.PasswordChanged, By: u.id}
	w.must(w.door.EndUserNow(w.Context(), w.store, u.id, keep.id, c))
	w.endUserNow(u, keep, c)
}

func (w *modelWorld) stepDisable() {
	u := pick(w.rt, "user", w.users)
	if u.disabled {
		w.must(w.kit.users.Enable(w.Context(), w.store, u.id, "admin"))
		u.disabled = false
		return
	}
	w.must(w.kit.users.Disable(w.Context(), w.store, w.door, u.id, "admin"))
	c := logout.Cause{Status: storage.StatusRevoked, Reason: logout.UserDisabled, By: "admin"}
	u.disabled = true
	w.endMany(modelMove{user: u.id, cause: c, at: w.clock.Now()}, func(s *modelSession) bool { return s.user == u })
	w.endUserNow(u, nil, c)
}

func (w *modelWorld) stepLimit() {
	u := pick(w.rt, "user", w.users)
	row, err := w.store.User(w.Context(), u.id)
	w.must(err)
	u.limit = pick(w.rt, "limit", []int{0, 1, 2, 3})
	row.SessionLimit = int64(u.limit)
	w.must(w.store.UpdateUser(w.Context(), row))
}

func (w *modelWorld) stepSweep() {
	now, met := w.clock.Now(), 0
	for _, s := range w.sessions {
		if s.end == nil && !s.live(now) {
			w.end(s, s.overdue(now))
			met++
		}
	}
	if n, err := w.door.Sweep(w.Context(), 500); err != nil || n != met {
		w.Fatalf("swept %d, %v; want %d", n, err, met)
	}
}

func (w *modelWorld) stepForgetAccount() {
	b := pick(w.rt, "browser", w.browsers)
	now := w.clock.Now()
	s := pick(w.rt, "account", w.onDevice(b, now))
	c := logout.Cause{Status: storage.StatusRemoved, Reason: logout.DeviceForgotten, By: s.user.id}
	w.endNow(s, c)
	w.chooser(b)
}

func (w *modelWorld) stepForgetDevice() {
	b := pick(w.rt, "browser", filter(w.browsers, func(b *modelBrowser) bool { return b.device != "" }))
	d, err := w.store.DeviceByCookie(w.Context(), w.limited.KnownBrowser(w.shows(b.device, "")))
	if errors.Is(err, storage.ErrNotFound) {
		panic(nothing{})
	}
	w.must(err)
	now, by := w.clock.Now(), "admin"
	fits := func(s *modelSession) bool { return s.browser == b }
	if u := pick(w.rt, "own", append([]*modelUser{nil}, w.users...)); u == nil {
		w.must(session.ForgetDevice(w.Context(), w.store, w.door, d.ID, by, now))
	} else {
		by = u.id
		fits = func(s *modelSession) bool { return s.browser == b && s.user == u && !s.left }
		err := session.ForgetOwnDevice(w.Context(), w.store, w.door, u.id, d.ID, now)
		if len(filter(w.sessions, fits)) == 0 {
			if !errors.Is(err, storage.ErrNotFound) {
				w.Fatalf("forgot a device that the user was never seen on: %v", err)
			}
			return
		}
		w.must(err)
	}
	for _, s := range filter(w.sessions, fits) {
		s.left = true
		if s.live(now) {
			w.end(s, logout.Cause{Status: storage.StatusRemoved, Reason: logout.DeviceForgotten, By: by})
		} else if s.end == nil { // it ends as what it is
			w.end(s, s.overdue(now))
		}
	}
	w.chooser(b)
}
