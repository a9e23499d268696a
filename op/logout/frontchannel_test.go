package logout_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/storage"
)

// Of all pages that learn at once that a session has ended one tells each app, and a receipt says so.
func TestFrontChannelOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, _, err := w.clients.Register(t.Context(), w.store, "framed", client.Metadata{RedirectURIs: []string{"https://rp.example.com/cb"},
			FrontchannelLogoutURI: "https://rp.example.com/front?x=1"})
		w.must(err)
		s, _ := w.session("framed", "silent", "told")
		w.clock.Advance(time.Second)
		ended, err := w.End(t.Context(), w.store, s, revoked)
		w.must(err)
		w.clock.Advance(time.Second)
		var frames atomic.Int64
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				list, err := w.FrontChannel(t.Context(), "https://id.example.com", ended)
				if err != nil {
					t.Error(err)
				}
				for _, f := range list {
					if f != "https://rp.example.com/front?x=1&iss=https%3A%2F%2Fid.example.com&sid="+s.ID {
						t.Errorf("frame %s", f)
					}
				}
				frames.Add(int64(len(list)))
			})
		}
		wg.Wait()
		if frames.Load() != 1 {
			t.Errorf("%d frames", frames.Load())
		}

		views, err := w.store.SessionViews(t.Context(), storage.SessionViewFilter{ID: s.ID}, w.clock.Now())
		w.must(err)
		owed, err := w.store.SessionDeliveries(t.Context(), s.ID)
		w.must(err)
		type receipt struct {
			Channel logout.Channel
			Outcome string
			DeadBy  time.Time
		}
		got := map[string]receipt{}
		for _, r := range logout.Receipts(views[0], owed, w.clock.Now()) {
			got[r.Receiver] = receipt{r.Channel, r.Outcome, r.TokenDeadBy.UTC()}
		}
		deadBy := start.Add(time.Second + token.TTL)
		want := map[string]receipt{"framed": {logout.ByFrontChannel, logout.Shown, deadBy}, "silent": {logout.ByNone, logout.NotTold, deadBy},
			"told": {logout.ByBackChannel, "", deadBy}}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		// It is no work for the queue: nobody claims it, nobody gives it up.
		list, err := w.store.ClaimDeliveries(t.Context(), storage.DeliveryClaim{Kind: logout.KindFrontChannel, Now: w.clock.Now(),
			Until: w.clock.Now().Add(time.Minute), PerReceiver: 1, Limit: 9})
		if n, err2 := w.store.ExpireDeliveries(t.Context(), w.clock.Now().Add(time.Hour), logout.KindFrontChannel, delivery.Failed, 9); len(list) > 0 || n > 0 || err != nil || err2 != nil {
			t.Errorf("claimed %d (%v), gave up %d (%v)", len(list), err, n, err2)
		}
	})
}

// A session that is over has receipts before anybody has taken it through the door; one that lives has none.
func TestReceiptsOfOverdue(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s, _ := w.session("told")
		view := func() *storage.SessionView {
			list, err := w.store.SessionViews(t.Context(), storage.SessionViewFilter{ID: s.ID}, w.clock.Now())
			w.must(err)
			return list[0]
		}
		if list := logout.Receipts(view(), nil, w.clock.Now()); len(list) != 0 {
			t.Errorf("while it lives: %v", list)
		}
		w.clock.Advance(2 * time.Hour) // idle after one
		list := logout.Receipts(view(), nil, w.clock.Now())
		if len(list) != 1 || list[0].Channel != logout.ByNone || !list[0].TokenDeadBy.Equal(start.Add(time.Hour+token.TTL)) {
			t.Errorf("%+v", list)
		}
		ended, err := w.store.EndedSessions(t.Context(), w.user.ID, start, w.clock.Now(), 5)
		if err != nil || len(ended) != 1 || ended[0].Stands != storage.StatusAbandoned {
			t.Errorf("%v, %v", ended, err)
		}
	})
}
