package account

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// write adds an event as if a request from an address had done it.
func (w *world) write(e audit.Event) {
	w.t.Helper()
	w.clock.Advance(time.Minute)
	e.At = w.clock.Now()
	w.must(audit.Write(audit.WithOrigin(w.t.Context(), audit.Origin{IPAddress: "203.0.113.9"}), w.Store, e))
}

func TestHistory(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row, other := w.user(email, password), w.user("other@example.com", password)
		robin := w.user("robin@example.com", "")
		robin.Name = "Robin Support"
		w.must(w.Store.UpdateUser(t.Context(), robin))
		w.client("notes", "Notes")
		b := w.browser().signIn(row)
		w.browser().signIn(other)
		b.post(pathPassword, "current_password", "not it at all", "new_password", newPassword).want(http.StatusUnprocessableEntity)
		acting := id.New(id.Session)
		w.write(audit.Event{Kind: audit.ConsentGranted, UserID: row.ID, By: row.ID, ClientID: "notes"})
		w.write(audit.Event{Kind: audit.ImpersonationStarted, UserID: row.ID, By: robin.ID, SessionID: acting,
			Data: map[string]any{"actor": robin.ID, "reason": "Ticket <4711>"}})
		w.write(audit.Event{Kind: audit.FamilyStarted, UserID: row.ID, By: "notes", ClientID: "notes", SessionID: acting})
		w.write(audit.Event{Kind: audit.SessionEnded, UserID: row.ID, By: robin.ID, SessionID: acting,
			Data: map[string]any{"status": storage.StatusEnded, "reason": logout.ActorStopped}})
		w.write(audit.Event{Kind: audit.UserUpdated, UserID: row.ID, By: robin.ID})
		w.write(audit.Event{Kind: audit.ConsentGranted, UserID: other.ID, By: other.ID, ClientID: "elsewhere"})
		w.write(audit.Event{Kind: "something.new", UserID: row.ID, By: row.ID})

		b.get(page.PathAccount).says(`href="` + page.PathHistory + `"`)
		b.get(page.PathHistory).want(http.StatusOK).says("Account created").says("Signed in").says("Firefox on Linux").
			says("A confirmation failed").says("Notes was allowed").says("203.0.113.9").
			says("Support signed in as you").says("By Robin Support of support").says("Reason: Ticket <4711>").
			says("Support no longer acts as you").says("Account changed").says("By an administrator").
			without("elsewhere").without("something").without("robin@example.com").without(robin.ID).without("not it at all")
		if n := strings.Count(b.body, "203.0.113.9"); n != 1 {
			t.Errorf("%d addresses: those of others are theirs", n)
		}
		order := []string{"Account changed", "Support signed in", "Notes was allowed", "A confirmation failed", "Account created"}
		for i, last := 0, -1; i < len(order); i++ {
			at := strings.Index(b.body, order[i])
			if at < last {
				t.Errorf("%s is too early", order[i])
			}
			last = at
		}
	})
}

func TestHistoryHasPages(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.user(email, password)
		for range 120 {
			w.write(audit.Event{Kind: audit.SignInFailed, UserID: row.ID, By: row.ID})
		}
		b := w.browser().signIn(row)
		path, seen, pages := page.PathHistory, 0, 0
		for path != "" {
			b.get(path).want(http.StatusOK)
			n := strings.Count(b.body, `<li class="row">`)
			if n > onHistoryPage {
				t.Fatalf("%d on a page", n)
			}
			seen, pages = seen+n, pages+1
			_, rest, found := strings.Cut(b.body, page.PathHistory+"?before=")
			if path = ""; found {
				before, _, _ := strings.Cut(rest, `"`)
				path = page.PathHistory + "?before=" + before
			}
		}
		if seen < 122 || pages != 3 {
			t.Errorf("%d entries on %d pages", seen, pages)
		}
		b.get(page.PathHistory + "?before=nonsense").want(http.StatusNotFound)
	})
}
