package admin

import (
	"net/http"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// An hour is kept when it is over: with the sessions that lived at its end, whatever has become of them since.
func TestFiguresOverTime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := w.person("user@example.com", "", "")
		first, second := w.signIn(u), w.signIn(u)
		hour := w.clock.Now().Truncate(time.Hour)
		end := func(b *browser) {
			_, err := w.Door.End(t.Context(), w.Store, b.current.Session, logout.Cause{Status: storage.StatusRevoked, Reason: logout.Revoked})
			w.must(err)
		}
		end(first)
		w.clock.Advance(time.Hour)
		end(second)
		w.signIn(u) // begun in the next
		w.must(w.Count(t.Context()))
		kept := func() map[string]int64 {
			rows, err := w.Store.Figures(t.Context(), hourOf(hour))
			w.must(err)
			by := map[string]int64{}
			for _, r := range rows {
				if r.Hour == hourOf(hour) {
					by[r.Name] = r.N
				}
			}
			return by
		}
		w.clock.Advance(late)
		w.must(w.Count(t.Context()))
		if f := kept(); f[figSignIns] != 2 || f[figActive] != 1 || f[figEnd+"revoked"] != 1 {
			t.Errorf("%v", f)
		}

		b := w.signIn(w.person("admin@example.com", actor.RoleAuditor, ""))
		b.get(page.PathAdmin).want(http.StatusOK).has("#chart-active", "Live sessions").has("#chart-sign_ins", "Sign-ins").
			has("#chart-ends", "Ended sessions").has("#chart-failures", "Failed sign-ins").has("#chart-drop_p99", "Drop time")
		b.has("rect", ": 1")
	})
}
