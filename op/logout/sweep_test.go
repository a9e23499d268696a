package logout_test

import (
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// A sweep of many ends each session once, with its message and its event, though several end in one transaction and several
// transactions go on at once; and two sweeps at the same time get on with one another.
func TestSweepOfMany(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n = 150
		for range n {
			w.session("told")
		}
		w.must(w.EndAll(t.Context(), w.store, logout.Cause{Status: storage.StatusRevoked, Reason: logout.AllEnded, By: "cli"}))
		began, other := time.Now(), make(chan error, 1)
		go func() { _, err := w.Sweep(t.Context(), 1000); other <- err }()
		met, err := w.Sweep(t.Context(), 1000)
		w.must(err)
		w.must(<-other)
		t.Logf("%d sessions in %v, twice at once", met, time.Since(began))
		if left, err := w.Sweep(t.Context(), 1000); err != nil || left != 0 {
			t.Errorf("%d left, %v", left, err)
		}
		seen := map[string]bool{}
		for _, e := range w.ends() {
			if e.SessionID != "" && seen[e.SessionID] {
				t.Errorf("%s ended twice", e.SessionID)
			}
			seen[e.SessionID] = true
		}
		list, err := w.store.Sessions(t.Context(), storage.SessionFilter{UserID: w.user.ID, Status: string(storage.StatusRevoked), Limit: 2 * n})
		w.must(err)
		if len(list) != n {
			t.Fatalf("%d sessions ended, want %d", len(list), n)
		}
		for _, s := range list {
			if got := w.deliveries(s); !seen[s.ID] || len(got) != 1 {
				t.Errorf("%s: event %v, messages %v", s.ID, seen[s.ID], got)
			}
		}
	})
}
