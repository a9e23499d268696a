package account

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// app registers an app that is told of ends.
func (w *world) app(clientID, name, back, front string) {
	w.t.Helper()
	_, _, err := w.Clients.Register(w.t.Context(), w.Store, clientID, client.Metadata{ClientName: name,
		RedirectURIs: []string{"https://" + clientID + ".example.com/callback"}, TokenEndpointAuthMethod: client.AuthNone,
		BackchannelLogoutURI: back, FrontchannelLogoutURI: front})
	w.must(err)
}

// settle writes how the deliveries of a session went.
func (w *world) settle(sessionID string, how func(d *storage.Delivery)) {
	w.t.Helper()
	now := w.clock.Now()
	list, err := w.Store.ClaimDeliveries(w.t.Context(), storage.DeliveryClaim{Kind: logout.KindBackChannel, Now: now,
		Until: now.Add(time.Second), PerReceiver: 1, Limit: 10})
	w.must(err)
	var results []storage.DeliveryResult
	for _, d := range list {
		if d.SessionID != sessionID {
			w.t.Fatalf("claimed one of session %s", d.SessionID)
		}
		how(d)
		results = append(results, storage.DeliveryResult{Delivery: d})
	}
	w.must(w.Store.RecordDeliveries(w.t.Context(), results, now, func(int64) time.Duration { return time.Minute }))
}

func TestReceiptsInWords(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.user(email, password)
		w.app("notes", "Notes", "https://notes.example.com/b", "")
		w.app("photos", "Photos", "https://photos.example.com/b", "")
		w.app("slides", "Slides", "", "https://slides.example.com/f?a=b")
		w.client("plain", "Plain")
		b := w.browser().signIn(row)
		phone := w.browser()
		phone.agent = iPhone
		phone.signIn(row)
		there := phone.session().ID
		for _, clientID := range []string{"notes", "photos", "slides", "plain"} {
			w.takePart(phone.session(), clientID, false)
		}
		b.get(page.PathSessions).want(http.StatusOK).without("Ended lately")
		b.get(page.PathSessions + "/" + there + "/ended").leads(page.PathSessions) // it lives

		w.clock.Advance(time.Second) // 03:04:06
		b.post(page.PathSessions+"/"+there+"/end", "confirm", "yes").leads(page.PathSessions)
		b.follow().says("Ended lately").says("Safari on iPhone").says("You ended it from another device").says("Over in every app by ").
			says(`<time datetime="2030-01-02T03:05:06Z" data-clock>03:05:06 UTC</time>`)
		detail := page.PathSessions + "/" + there + "/ended"
		b.get(detail).want(http.StatusOK).says("Is being told.").says("Not told. Its access ends by")

		w.clock.Advance(time.Second)
		now := storage.At(w.clock.Now())
		w.settle(there, func(d *storage.Delivery) {
			d.SentAt, d.ClaimedUntil = now, storage.Time{}
			if d.Receiver == "photos" {
				d.LastError, d.NextAt = string(delivery.Unreachable), storage.At(now.Add(time.Minute))
				return
			}
			d.AnsweredAt, d.SettledAt, d.Duration, d.LastStatus, d.Outcome = now, now, 200_000, 200, delivery.Delivered
		})
		b.get(detail).says(`Told at <time datetime="2030-01-02T03:04:07Z" data-clock>03:04:07 UTC</time>, answered in 0.2 s.`).
			says("Could not be reached, will be tried again. Its access ends by").without("Told by your browser")

		// The browser whose session it was learns of it on its next page, and tells the app that wants to be told by it.
		phone.get("/").want(http.StatusOK).says("you ended this session from another device").
			says(`src="https://slides.example.com/f?a=b&iss=http%3A%2F%2Flocalhost%3A8080&sid=` + there + `"`)
		if csp := phone.header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-src https://slides.example.com;") {
			t.Errorf("policy %s", csp)
		}
		phone.get("/").says("you ended this session from another device").without("<iframe") // once
		b.get(detail).says("Told by your browser at ")
		w.must(w.Store.RecordSettled(t.Context(), []*storage.Delivery{logout.PushReceipt("plain", row.ID, there, now.Time, now.Time)}))
		b.get(detail).says(`Told live at <time datetime="2030-01-02T03:04:07Z" data-clock>03:04:07 UTC</time>.`).without("Not told.")

		w.clock.Advance(time.Minute)
		b.get(detail).says("Its access ended by ").without("Its access ends by")
		b.get(page.PathSessions).says("Over in every app.")

		// What is over for longer than it is kept is not listed; nor is it anybody else's.
		stranger := w.browser().signIn(w.user("other@example.com", password))
		foreign := stranger.get(detail).want(http.StatusNotFound).body
		unknown := stranger.get(page.PathSessions + "/" + id.New(id.Session) + "/ended").want(http.StatusNotFound).body
		if stranger.get(page.PathSessions + "/x/ended").want(http.StatusNotFound); len(foreign) != len(unknown) {
			t.Error("a foreign session looks other than an unknown one")
		}
		stranger.post(page.PathSessions+"/"+b.session().ID+"/end", "confirm", "yes").want(http.StatusNotFound)
		if b.session() == nil {
			t.Fatal("a stranger ended a session")
		}
		stranger.get(page.PathSessions).without("Ended lately")
	})
}

func TestEndAll(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.user(email, password)
		w.app("slides", "Slides", "", "https://slides.example.com/f")
		b, other := w.browser().signIn(row), w.browser().signIn(row)
		stranger := w.browser().signIn(w.user("other@example.com", password))
		w.takePart(b.session(), "slides", false)
		b.get(page.PathSessions).submit("/all").want(http.StatusOK).says("Sign out everywhere?")
		if other.session() == nil || b.session() == nil {
			t.Fatal("one click ended a session")
		}
		b.submit("/all", "confirm", "yes").want(http.StatusOK).says("You are signed out").says("On every device.").says("https://slides.example.com/f?iss=")
		if other.session() != nil || b.session() != nil || b.cookies["curfew_session"] != "" {
			t.Error("somebody is still signed in")
		}
		if stranger.session() == nil {
			t.Error("somebody else is signed out")
		}
		other.get(page.PathSessions).leads(pathSignIn)
	})
}

// What a page asks on its own keeps no session alive and takes nothing that is meant for the person.
func TestLive(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.user(email, password)
		b, other := w.browser().signIn(row), w.browser().signIn(row)
		b.get(page.PathSessions).says(`data-session="` + b.session().ID + `"`).says(`data-live="` + pathLiveSessions + `"`)
		b.post(page.PathSessions+"/"+other.session().ID+"/end", "confirm", "yes").leads(page.PathSessions)
		for _, path := range []string{pathLive, pathLiveSessions} {
			b.get(path).want(http.StatusOK).says(`data-session="` + b.session().ID + `"`).without("Signed out there.")
			other.get(path).want(http.StatusUnauthorized)
			w.browser().get(path).want(http.StatusUnauthorized)
		}
		b.get(page.PathSessions).says("Signed out there.")

		idle := time.Duration(b.session().IdleTTL) * time.Microsecond
		for range 4 {
			w.clock.Advance(idle / 3)
			if b.get(pathLiveSessions); b.code == http.StatusUnauthorized {
				break
			}
		}
		b.want(http.StatusUnauthorized)
		b.get("/").says("you were away for too long")
	})
}

// Every end has words of its own for the person whose session it was.
func TestWhyOnHome(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.user(email, password)
		for reason, words := range map[logout.Reason]string{
			logout.Replaced: "your account was used on another device", logout.PasswordChanged: "the password of your account was changed",
			logout.Expired: "lasted as long as it may", logout.UserDisabled: "your account was disabled",
			logout.RefreshReused: "used twice", logout.EpochMoved: "Your session has ended",
		} {
			b := w.browser().signIn(row)
			_, err := w.Door.End(t.Context(), w.Store, b.session().Session, logout.Cause{Status: storage.StatusRevoked, Reason: reason, By: logout.System})
			w.must(err)
			b.get("/").want(http.StatusOK).says(words)
		}
		b := w.browser().signIn(row)
		w.must(w.Door.EndUser(t.Context(), w.Store, row.ID, logout.Cause{Status: storage.StatusRevoked, Reason: logout.Revoked, By: "app_admin"}))
		b.get("/").says("You were signed out by an administrator.") // nobody has taken it through the door yet
		b.cookies["curfew_session"] = "x"
		b.get("/").without(`class="notice"`)
	})
}
