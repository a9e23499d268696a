package admin

import (
	"net/http"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/push"
	"github.com/curfew-id/curfew/ui/page"
)

// shut checks that a session opens no page, no act, no part of a page that stands open and no stream.
func (b *browser) shut(why string) {
	b.t.Helper()
	for _, path := range []string{page.PathAdmin, page.PathAdminUsers, page.PathAdminSessions, page.PathAdminAudit} {
		if b.get(path); b.code != http.StatusForbidden {
			b.t.Errorf("%s: %s is %d", why, path, b.code)
		}
		b.get(path + "?live=1").want(http.StatusUnauthorized)
	}
	b.get(pathEvents).want(http.StatusUnauthorized)
	b.sure(userURL(b.current.UserID) + "/end").want(http.StatusForbidden)
	b.live(b, true)
}

// The mailbox resets the password: both together open nothing, nor does what was proved by a factor that is gone.
func TestConsoleNeedsMoreThanTheMailbox(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.Push = push.New(push.Options{Issuer: issuer, Store: w.Store, Clock: w.clock, Ring: w.Ring})
		mux := http.NewServeMux()
		w.Routes(mux)
		w.handler = mux
		row := w.person("admin@example.com", actor.RoleOwner, "")
		byMail := w.signInWith(row, factor.KindPassword, factor.KindEmail)
		byMail.shut("password and mailbox")
		byMail.get(page.PathAdmin).has(".button", "Set up")
		w.signInWith(row, factor.KindPassword).shut("the password alone")
		w.signInWith(row, factor.KindEmail).shut("the mailbox alone")

		b := w.signIn(row)
		b.get(page.PathAdmin).want(http.StatusOK)
		byMail.shut("password and mailbox beside an authenticator")
		byMail.get(page.PathAdmin).has(".button", "Continue")
		w.must(w.Store.DeleteFactors(t.Context(), row.ID, string(factor.KindTOTP)))
		b.shut("an authenticator that was removed")
		w.clock.Advance(time.Second)
		w.authenticator(row.ID)
		b.shut("an authenticator that came later")

		given := w.signInWith(w.person("user@example.com", "", ""), factor.KindPassword)
		given.get(page.PathAdmin).want(http.StatusNotFound)
		given.current.User.Role = actor.RoleAdmin
		w.must(w.Store.UpdateUser(t.Context(), given.current.User))
		given.shut("a role that was given during the session")
	})
}
