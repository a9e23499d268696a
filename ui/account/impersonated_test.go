package account

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
)

// actAs makes the browser act as a user, in a session that hangs off the one it shows.
func (b *browser) actAs(u *storage.User) *session.Current {
	b.t.Helper()
	own, rec := b.session(), httptest.NewRecorder()
	c, err := b.Sessions.Act(rec, b.request(http.MethodPost, "/", ""), func(*storage.Store) (session.Acting, error) {
		return session.Acting{User: u, Actor: own, TokenID: "act_x", Duration: 30 * time.Minute}, nil
	}, func(*storage.Store, *storage.Session) error { return nil })
	b.must(err)
	b.keep(rec.Result())
	return c
}

// Whoever impersonates the user sees the account, and every way to change something of it is refused with words.
func TestImpersonatedAccountCannotBeChanged(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := w.user("user@example.com", "correct horse battery")
		theirs := w.browser().signIn(u)
		admin := w.browser().signIn(w.user("admin@example.com", "correct horse battery"), factor.KindPassword)
		own := admin.session()
		w.client("app", "App")
		acting := admin.actAs(u)
		for _, path := range []string{"/account", "/account/security", "/account/apps", "/account/sessions"} {
			admin.get(path).want(http.StatusOK)
		}
		before, err := w.Store.UserEvents(t.Context(), u.ID, 100)
		w.must(err)
		for _, path := range []string{"/account", "/account/security/password", "/account/security/totp/remove", "/account/security/phone/remove",
			"/account/security/email/on", "/account/security/email/off", "/account/security/recovery", "/account/apps/app/withdraw",
			"/account/sessions/" + theirs.session().ID + "/end", "/account/sessions/" + acting.ID + "/end", "/account/sessions/others",
			"/account/sessions/all", "/account/change/chl_x", "/account/change/chl_x/method", "/account/change/chl_x/resend"} {
			admin.post(path, "name", "Somebody", "password", "correct horse battery", "new_password", "another horse battery").
				want(http.StatusForbidden).says("Only the user can do this")
		}
		for _, path := range []string{"/account/email", "/account/security/totp", "/account/security/phone", "/account/change/chl_x"} {
			admin.get(path).want(http.StatusForbidden)
		}
		after, err := w.Store.UserEvents(t.Context(), u.ID, 100)
		w.must(err)
		if len(after) != len(before) || theirs.session() == nil {
			t.Errorf("%d events, %d before", len(after), len(before))
		}

		// To sign out is to stop.
		admin.post("/account/sign-out").want(http.StatusOK)
		if back := admin.session(); back == nil || back.ID != own.ID || w.status(acting.ID) != storage.StatusEnded {
			t.Errorf("not back: %v", back)
		}
		if n := w.events(u.ID, audit.ImpersonationStopped); n != 1 {
			t.Errorf("%d events", n)
		}
	})
}
