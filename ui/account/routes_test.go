package account

import (
	"net/http"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// routes are all that need a session.
func routes() []string {
	change := pathChange + id.New(changeID)
	return []string{
		"GET " + page.PathAccount, "POST " + page.PathAccount, "POST " + pathSignOut, "GET " + pathEmail,
		"GET " + page.PathSecurity, "POST " + pathPassword, "GET " + pathTOTP, "POST " + pathTOTPRemove,
		"GET " + pathPhone, "POST " + pathPhoneRemove, "POST " + pathEmailOn, "POST " + pathEmailOff, "POST " + pathRecovery,
		"GET " + change, "POST " + change, "POST " + change + "/method", "POST " + change + "/resend",
		"GET " + page.PathApps, "POST " + page.PathApps + "/notes/withdraw",
		"GET " + page.PathSessions, "POST " + page.PathSessions + "/" + id.New(id.Session) + "/end", "POST " + pathOthers,
	}
}

func TestWithoutASessionThereIsOnlyTheSignIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		stranger := w.browser()
		ended := w.browser().signIn(w.user(email, password))
		c := ended.session()
		disabled := w.browser().signIn(w.user("other@example.com", password))
		row := disabled.session().User
		row.Status = storage.UserDisabled
		w.must(w.Store.UpdateUser(t.Context(), row))
		ended.post(pathSignOut).want(http.StatusOK).says("signed out")
		if len(ended.cookies["curfew_session"]) != 0 || w.status(c.ID) != storage.StatusEnded {
			t.Errorf("after the sign-out: cookies %v, session %s", ended.cookies, w.status(c.ID))
		}
		for _, b := range []*browser{stranger, ended, disabled} {
			for _, route := range routes() {
				method, path, _ := strings.Cut(route, " ")
				b.do(b.request(method, path, "")).leads(pathSignIn)
				if strings.Contains(b.body, email) {
					t.Errorf("%s tells who was signed in", route)
				}
			}
		}
	})
}

func TestAnotherSiteCannotPost(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser().signIn(w.user(email, password))
		for _, route := range routes() {
			method, path, _ := strings.Cut(route, " ")
			if method != http.MethodPost {
				continue
			}
			for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example.com"}} {
				r := b.request(method, path, "name=Somebody&confirm=yes")
				r.Header.Del("Sec-Fetch-Site")
				r.Header.Set(header[0], header[1])
				b.do(r).want(http.StatusForbidden).says("You can’t do this")
			}
		}
		if b.session() == nil {
			t.Error("the session was ended by another site")
		}
		if name := b.session().User.Name; name != "" {
			t.Errorf("another site changed the name to %q", name)
		}
	})
}

func TestBadInputGetsAPage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser().signIn(w.user(email, password))
		for _, c := range []struct {
			route, body string
			code        int
		}{
			{"POST /account", "name=A&name=B", 400},
			{"POST /account", "name=%zz", 400},
			{"POST /account", "name=%ff", 400},
			{"POST /account", "name=%00", 400},
			{"POST /account", "locale=xx", 400},
			{"POST /account", "name=" + strings.Repeat("a", 65<<10), 413},
			{"POST /account", "name=" + strings.Repeat("a", 201), 422},
			{"POST /account", "name=a%0Ab", 422},
			{"DELETE /account", "", 405},
			{"POST /account/security", "", 405},
			{"GET /account/sign-out", "", 405},
			{"GET /account/nothing", "", 404},
			{"GET /account/change/chg_1", "", 404},
			{"GET /account/change/" + id.New(id.AuthRequest), "", 404},
			{"POST /account/sessions/ses_1/end", "", 404},
			{"POST /account/sessions/" + id.New(id.Session) + "/end", "confirm=yes", 404},
			{"POST /account/apps/unknown/withdraw", "", 404},
			{"POST /account/apps/a%2Fb%20c/withdraw", "", 404},
			{"POST /account/apps/notes%00/withdraw", "", 404}, // PostgreSQL takes no NUL
			{"POST /account/security/password", "", 422},
			{"POST /account/security/password", "current_password=x&new_password=" + newPassword, 422},
			{"POST /", "", 405},
		} {
			method, path, _ := strings.Cut(c.route, " ")
			b.do(b.request(method, path, c.body)).want(c.code).says("<h1>")
			if csp := b.header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") {
				t.Errorf("%s: policy %q", c.route, csp)
			}
		}
		if row := b.session().User; row.Name != "" || row.Version != 1 {
			t.Errorf("user after bad input: %+v", row)
		}
	})
}

func TestHome(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.browser().get("/").want(http.StatusOK).says(issuer).says(pathSignIn).without(email)
		w.browser().signIn(w.user(email, password)).get("/").want(http.StatusOK).says(email)
	})
}

func TestProfile(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.user(email, password)
		b := w.browser().signIn(row)
		b.get(page.PathAccount).asks("name").says(email).says("Verified")
		b.submit(page.PathAccount, "name", "  Ada <b>  ", "locale", "de").leads(page.PathAccount)
		b.follow().want(http.StatusOK).says("Gespeichert").says(`value="Ada <b>"`)
		b.get(page.PathAccount).without("Gespeichert")
		b.post(page.PathAccount, "name", "Ada").leads(page.PathAccount)
		if got := b.session().User; got.Name != "Ada" || got.Locale != "" || got.Version != 3 {
			t.Errorf("user %+v", got)
		}
		if n := w.events(row.ID, "user.updated"); n != 2 {
			t.Errorf("%d events of two changes", n)
		}
	})
}
