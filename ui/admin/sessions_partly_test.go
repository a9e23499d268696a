package admin

import (
	"fmt"
	"html"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// Everybody's sessions have ended, and each of 5,000 is still written as active: the list says that it looked at some of them, and
// leads on to the end.
func TestSessionsShownPartly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u, at := w.person("user@example.com", "", ""), storage.At(w.clock.Now())
		w.must(w.Store.Tx(t.Context(), func(tx *storage.Store) error {
			for n := range 5_000 {
				if err := tx.StartSession(t.Context(), &storage.Session{UserID: u.ID, ID: fmt.Sprintf("ses_%025d0", 10+n), Kind: storage.KindBrowser,
					AuthenticatedAt: at, CreatedAt: at, LastActiveAt: at, IdleTTL: time.Hour.Microseconds(), ExpiresAt: storage.At(at.Add(time.Hour))}); err != nil {
					return err
				}
			}
			return nil
		}))
		w.must(w.Door.EndAll(t.Context(), w.Store, logout.Cause{Status: storage.StatusRevoked, Reason: logout.AllEnded, By: "cli"}))
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))

		const partly = "2,000 sessions were looked"
		b.get(page.PathAdminSessions+"?status=active").want(http.StatusOK).has("li", "admin@example.com").has(".small", partly)
		for looks := 1; ; looks++ {
			_, rest, more := strings.Cut(b.body, `href="`+page.PathAdminSessions+`?after=`)
			if !more {
				if looks != 3 {
					t.Errorf("%d looks", looks)
				}
				break
			}
			if looks > 10 {
				t.Fatal("no end")
			}
			next, _, _ := strings.Cut(rest, `"`)
			b.get(page.PathAdminSessions + "?after=" + html.UnescapeString(next)).want(http.StatusOK).without("user@example.com")
		}
		b.without(partly).has(".empty-title", "")
		b.get(page.PathAdminSessions).want(http.StatusOK).has("li", "user@example.com").without(partly)
	})
}
