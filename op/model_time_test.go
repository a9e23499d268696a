package op_test

import (
	"time"

	"pgregory.net/rapid"
)

func (w *modelWorld) stepFlush() {
	w.must(w.activity.Flush(w.Context()))
	w.flush(w.clock.Now())
}

func (w *modelWorld) stepMoment() {
	w.clock.Advance(pick(w.rt, "moment", []time.Duration{time.Microsecond, time.Second, 5 * time.Second, 10*time.Second - time.Microsecond,
		10 * time.Second, 10*time.Second + time.Microsecond, 15 * time.Second, 59 * time.Second, time.Minute}))
}

// stepLongTime writes what was used before, as the job does every few seconds.
func (w *modelWorld) stepLongTime() {
	w.stepFlush()
	w.clock.Advance(pick(w.rt, "time", []time.Duration{5 * time.Minute, 15 * time.Minute, time.Hour, 2 * time.Hour, 12 * time.Hour,
		24 * time.Hour, 3 * 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour}))
}

// stepEdge goes to the last moment of the session that ends next, or to the first without it.
func (w *modelWorld) stepEdge() {
	now := w.clock.Now()
	var next time.Time
	for _, s := range w.sessions {
		for _, at := range []time.Time{s.expires, s.abandon()} {
			if s.live(now) && (next.IsZero() || at.Before(next)) {
				next = at
			}
		}
	}
	if next.IsZero() {
		panic(nothing{})
	}
	if rapid.Bool().Draw(w.rt, "before") {
		next = next.Add(-time.Microsecond)
	}
	w.clock.Advance(next.Sub(now))
	w.compareUses()
}
