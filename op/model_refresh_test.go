package op_test

import (
	"net/http"
	"time"

	"pgregory.net/rapid"
)

// behind presents the refresh token so many generations behind the family's own; a negative number is ahead.
func (w *modelWorld) behind(f *modelFamily, by *modelClient, n int64) {
	now, presented := w.clock.Now(), f.generation-n
	value, err := w.tokens.Refresh(f.session.user.id, f.id, presented)
	w.must(err)
	if known := f.tokens[presented]; known != "" && known != value {
		w.Fatalf("generation %d has two tokens", presented)
	}
	a := w.kit.refresh(by.id, value)
	successor := w.present(f, by, presented, now)
	if successor == 0 {
		a.wantError(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	got := a.tokens(w)
	want, err := w.tokens.Refresh(f.session.user.id, f.id, successor)
	w.must(err)
	if got.RefreshToken != want {
		_, _, generation, err := w.tokens.ParseRefresh(got.RefreshToken)
		w.Fatalf("generation %d got %d, %v; want %d", presented, generation, err, successor)
	}
	f.tokens[successor] = got.RefreshToken
	w.use(f.session, now)
	w.accept(f, got)
}

// liveFamily is a family, mostly one that lives.
func (w *modelWorld) liveFamily() *modelFamily {
	now := w.clock.Now()
	live := filter(w.families, func(f *modelFamily) bool { return f.live(now) })
	if len(live) > 0 && pick(w.rt, "live", []bool{true, true, true, false}) {
		return pick(w.rt, "family", live)
	}
	return pick(w.rt, "family", w.families)
}

// turned are the families that have turned at least n generations.
func (w *modelWorld) turned(n int64) []*modelFamily {
	return filter(w.families, func(f *modelFamily) bool { return f.generation > n })
}

func (w *modelWorld) stepRefresh() {
	f := w.liveFamily()
	w.behind(f, f.client, 0)
}

func (w *modelWorld) stepRefreshBehind() {
	f := pick(w.rt, "family", w.turned(1))
	w.behind(f, f.client, 1)
}

// stepLostAnswer presents a token twice, around the time until which the second gets the same successor.
func (w *modelWorld) stepLostAnswer() {
	f := w.liveFamily()
	w.behind(f, f.client, 0)
	w.clock.Advance(pick(w.rt, "time", []time.Duration{modelGrace, modelGrace + time.Microsecond, modelGrace + 5*time.Second}))
	if f.generation > 1 {
		w.behind(f, f.client, 1)
	}
}

func (w *modelWorld) stepRefreshOld() {
	f := pick(w.rt, "family", w.turned(2))
	w.behind(f, f.client, rapid.Int64Range(2, f.generation-1).Draw(w.rt, "behind"))
}

func (w *modelWorld) stepRefreshAhead() {
	f := w.liveFamily()
	w.behind(f, f.client, -rapid.Int64Range(1, 3).Draw(w.rt, "ahead"))
}

func (w *modelWorld) stepRefreshStolen() {
	f, by := pick(w.rt, "family", w.families), pick(w.rt, "thief", w.clients)
	w.behind(f, by, 0)
}

// stepUntilExpiry refreshes at the last moment, again and again, until only the absolute life ends the session.
func (w *modelWorld) stepUntilExpiry() {
	now := w.clock.Now()
	f := pick(w.rt, "family", filter(w.families, func(f *modelFamily) bool { return f.live(now) }))
	s := f.session
	for s.abandon().Before(s.expires) {
		w.clock.Advance(s.abandon().Add(-time.Microsecond).Sub(w.clock.Now()))
		w.behind(f, f.client, 0)
		w.stepFlush()
	}
	for range 2 {
		w.clock.Advance(max(time.Microsecond, s.expires.Add(-time.Microsecond).Sub(w.clock.Now())))
		w.compareUses()
	}
}
