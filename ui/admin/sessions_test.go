package admin

import (
	"net/http"
	"testing"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/ui/page"
)

func TestSessionsAndWhereTheirTokensWent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		u := w.person("user@example.com", "", "")
		theirs := w.signIn(u)
		w.app("cli_notes", "Example Notes")
		w.takePart(theirs.current, "cli_notes")
		at := sessionURL(theirs.current.ID)

		b.get(page.PathAdminSessions).want(http.StatusOK).has("li", "Example Notes")
		b.get(page.PathAdminSessions+"?q=USER@example.com").has("li", "user@example.com").without("admin@example.com ·")
		b.get(page.PathAdminSessions+"?q=nobody@example.com").has(".fault", "There is nobody")
		b.get(page.PathAdminSessions + "?status=nonsense").want(http.StatusBadRequest)
		b.get(at).has(".chain-app", "Example Notes").has("h2", "What an end will hit").has(".row-more", "Back channel")

		b.post(at+"/end").want(http.StatusOK).has("h1", "End this session?").has(".row-name", "Example Notes")
		w.live(theirs, true)
		b.sure(at+"/end").leads(at).has(".tag", "ended by an administrator").has("dd", "admin@example.com").has(".row-name", "Example Notes")
		w.live(theirs, false)
		b.sure(at + "/end").leads(at) // the second of two clicks
		b.get(page.PathAdminSessions+"?status=revoked").has(".tag", "ended by an administrator")

		other := w.signIn(u)
		b.sure(pathAllEnd).want(http.StatusSeeOther)
		w.live(other, false)
		w.live(b, false)
	})
}
