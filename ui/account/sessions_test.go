package account

import (
	"net/http"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

const iPhone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
	"Version/18.0 Mobile/15E148 Safari/604.1"

func TestSessions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.user(email, password)
		w.client("notes", "Notes")
		w.client("photos", "Photos")
		b := w.browser().signIn(row)
		phone := w.browser()
		phone.agent = iPhone
		w.clock.Advance(time.Minute)
		phone.signIn(row)
		w.takePart(b.session(), "notes", false)
		w.takePart(phone.session(), "photos", true)
		here, there := b.session().ID, phone.session().ID

		b.get(page.PathSessions).want(http.StatusOK).says("Firefox on Linux").says("Safari on iPhone").says("This device").
			says("Lasting access").says("Notes").says("Photos")
		b.submit(there + "/end").want(http.StatusOK).says("Sign out there?").says("Safari on iPhone")
		if w.status(there) != storage.StatusActive {
			t.Fatal("one click ended a session")
		}
		b.submit(there+"/end", "confirm", "yes").leads(page.PathSessions)
		b.follow().says("Signed out there.").without(there + `/end"`)
		ended, err := w.Store.Session(t.Context(), there)
		w.must(err)
		if ended.Status != storage.StatusRemoved || ended.EndReason != string(logout.Revoked) || ended.EndedBy != row.ID {
			t.Errorf("ended %s, %s, by %s", ended.Status, ended.EndReason, ended.EndedBy)
		}
		if phone.session() != nil {
			t.Error("the cookie of the ended session works")
		}
		b.post(page.PathSessions+"/"+there+"/end", "confirm", "yes").leads(page.PathSessions) // the second of two clicks
		if n := w.events(row.ID, audit.SessionEnded); n != 1 {
			t.Errorf("%d ends", n)
		}

		b.get(page.PathSessions).submit("/others").want(http.StatusOK).says("Sign out everywhere else?")
		b.submit("/others", "confirm", "yes").leads(page.PathSessions)
		b.follow().says("You are signed out everywhere else.").without("Lasting access").without("/others")
		if n := w.events(row.ID, audit.SessionEnded); n != 2 {
			t.Errorf("%d ends", n)
		}

		b.submit(here + "/end").want(http.StatusOK).says("the device in front of you")
		b.submit(here+"/end", "confirm", "yes").want(http.StatusOK).says("You are signed out")
		if s, err := w.Store.Session(t.Context(), here); err != nil || s.Status != storage.StatusRemoved || s.EndReason != string(logout.SignedOut) {
			t.Errorf("session %+v, %v", s, err)
		}
		if b.cookies["curfew_session"] != "" {
			t.Error("the cookie is still there")
		}
	})
}

func TestDeviceName(t *testing.T) {
	for _, c := range []struct{ agent, locale, want string }{
		{firefox, "en", "Firefox on Linux"},
		{firefox, "de-AT", "Firefox unter Linux"},
		{iPhone, "", "Safari on iPhone"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36", "en", "Chrome on Windows"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15", "en", "Safari on macOS"},
		{"Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36", "en", "Chrome on Android"},
		{"Call +1 900 555 0100 now/1.0", "en", ""},
		{"", "en", ""},
	} {
		if got := deviceName(c.agent, c.locale); got != c.want {
			t.Errorf("%q in %q is %q, want %q", c.agent, c.locale, got, c.want)
		}
	}
}

func TestApps(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row, other := w.user(email, password), w.user("other@example.com", password)
		w.client("notes", "Notes")
		w.client("a/b?c", "Odd <b>")
		b := w.browser().signIn(row)
		b.get(page.PathApps).want(http.StatusOK).says("No apps yet")
		for _, clientID := range []string{"notes", "a/b?c"} {
			w.must(w.Consents.Grant(t.Context(), row.ID, clientID, "openid email offline_access notes.write"))
		}
		w.must(w.Consents.Grant(t.Context(), other.ID, "notes", "openid"))
		w.takePart(b.session(), "notes", true)
		b.get(page.PathApps).says("Notes").says("Odd <b>").says("see your e-mail address").says("notes.write").says("lasting access")
		b.submit("/notes/withdraw").leads(page.PathApps)
		b.follow().says("Notes no longer has access.").says("Odd <b>")
		b.post(page.PathApps + "/notes/withdraw").leads(page.PathApps)
		live, err := w.Store.Sessions(t.Context(), storage.SessionFilter{UserID: row.ID, Live: true, Now: w.clock.Now()})
		w.must(err)
		if len(live) != 1 || live[0].ID != b.session().ID {
			t.Errorf("live sessions %v", live)
		}
		b.get(page.PathApps).submit("/withdraw").leads(page.PathApps)
		b.follow().says("Odd <b> no longer has access.").says("No apps yet")
		if _, err := w.Store.Consent(t.Context(), other.ID, "notes"); err != nil {
			t.Errorf("consent of another user: %v", err)
		}
		if n := w.events(row.ID, audit.ConsentWithdrawn); n != 2 {
			t.Errorf("%d events", n)
		}
	})
}

func TestASpoofedNoticeSaysNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser().signIn(w.user(email, password))
		for _, value := range []string{"notice.session_ended", "error.internal.text", "notice.app_withdrawn/unknown", "x"} {
			b.cookies["curfew_notice"] = value
			b.get(page.PathAccount).want(http.StatusOK).without(`class="notice"`)
		}
	})
}
