package session_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/session"
)

// A client with a shorter idle timeout makes the record of a session's use as fine as it needs.
func TestActivityOfANarrowClient(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.signIn(browser{}, w.person("user@example.com", ""))
		idle := time.Duration(c.IdleTTL) * time.Microsecond
		due := func(after time.Duration) bool {
			return w.activity.Used(c.UserID, c.ID, start.Add(after), start, idle)
		}
		if due(4 * time.Minute) {
			t.Error("written within 5 minutes")
		}
		w.activity.Narrow(c.ID, 20*time.Minute)
		w.activity.Narrow(c.ID, time.Hour) // another client's
		if due(11*time.Second) || !due(12*time.Second) {
			t.Error("not as fine as a hundredth of 20 minutes")
		}
		if w.activity.Used(c.UserID, "ses_other", start.Add(4*time.Minute), start, idle) {
			t.Error("another session is as fine")
		}
	})
}

// The longest pause is kept until the person proves again who they are.
func TestLongestPause(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := browser{}
		c := w.signIn(b, w.person("user@example.com", ""))
		pause := func() time.Duration {
			row, err := w.store.Session(t.Context(), c.ID)
			w.must(err)
			return time.Duration(row.LongestPause) * time.Microsecond
		}
		for _, d := range []time.Duration{time.Hour, 10 * time.Minute, 2 * time.Hour, time.Minute} {
			w.clock.Advance(d)
			w.current(b)
			w.must(w.activity.Flush(t.Context()))
		}
		if got := pause(); got != 2*time.Hour {
			t.Errorf("longest pause %s", got)
		}
		w.clock.Advance(3 * time.Hour)
		rec := httptest.NewRecorder()
		_, err := w.Switch(rec, b.request(), c.ID)
		w.must(err)
		b.take(rec)
		if got := pause(); got != 3*time.Hour+time.Minute { // the last use was within 5 minutes and not written
			t.Errorf("after a switch %s", got)
		}
		w.must(w.StepUp(httptest.NewRecorder(), b.request(), w.current(b), session.Proof{}))
		if got := pause(); got != 0 {
			t.Errorf("after a step up %s", got)
		}
	})
}

// A use that was in time but is written when the idle time has run out comes too late: somebody may have been told that the
// session is over, and over it stays.
func TestIdleSessionDoesNotComeBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := browser{}
		c := w.signIn(b, w.person("user@example.com", ""))
		w.clock.Advance(time.Duration(c.IdleTTL)*time.Microsecond - time.Second)
		w.current(b) // kept in memory
		w.clock.Advance(time.Second)
		w.wantNone(b, "idle")
		w.must(w.activity.Flush(t.Context()))
		w.wantNone(b, "idle, after the use of before was written")
	})
}
