package session_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/geo"
	"github.com/curfew-id/curfew/internal/geo/geotest"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
)

const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	iPhone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)

// from is a request of the browser from an address.
func (b browser) from(address, agent string) *http.Request {
	r := b.request()
	return r.WithContext(audit.WithOrigin(r.Context(), audit.Origin{IPAddress: address, UserAgent: agent}))
}

// travelled has places for addresses.
func travelled(t *testing.T, w *world) *world {
	t.Helper()
	places, err := geo.Open(geotest.File(t, map[string]geo.Place{"192.0.2.0/24": {City: "Berlin", Country: "DE"},
		"198.51.100.0/24": {City: "Paris", Country: "FR"}, "2001:db8::/32": {Country: "AT"}}))
	w.must(err)
	w.Sessions = session.New(w.store, w.clock, w.activity, w.door, session.Options{Secure: true, Places: places})
	return w
}

// whereabouts are a session's and its device's.
func (w *world) whereabouts(s *storage.Session) (session, device [4]string) {
	w.Helper()
	w.must(w.activity.Flush(w.Context()))
	row, err := w.store.Session(w.Context(), s.ID)
	w.must(err)
	d, err := w.store.Device(w.Context(), s.DeviceID)
	w.must(err)
	return [4]string{row.UserAgent, row.IPAddress, row.City, row.Country}, [4]string{d.UserAgent, d.IPAddress, d.City, d.Country}
}

// Sessions and devices carry where the browser was last: at the sign-in, at a step up and whenever it moves.
func TestPlaceOfABrowser(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		travelled(t, w)
		b, u := browser{}, w.person("user@example.com", "")
		rec := httptest.NewRecorder()
		c, err := w.Start(rec, b.from("192.0.2.7", firefox), u, session.Proof{})
		w.must(err)
		b.take(rec)
		want := func(why, agent, address, city, country string) {
			t.Helper()
			for i, got := range [...][4]string{first(w.whereabouts(c.Session)), second(w.whereabouts(c.Session))} {
				if got != [4]string{agent, address, city, country} {
					t.Errorf("%s: %s is %v", why, [...]string{"the session", "the device"}[i], got)
				}
			}
		}
		want("signed in", firefox, "192.0.2.7", "Berlin", "DE")

		w.clock.Advance(time.Second) // long before the use itself would be written
		current, err := w.Current(b.from("198.51.100.9", firefox))
		w.must(err)
		if current.IPAddress != "198.51.100.9" || current.City != "Paris" {
			t.Errorf("the request itself sees %s %s", current.IPAddress, current.City)
		}
		want("moved", firefox, "198.51.100.9", "Paris", "FR")

		w.clock.Advance(time.Second)
		_, err = w.Peek(b.from("192.0.2.8", firefox)) // what a page does on its own
		w.must(err)
		want("only looked at", firefox, "198.51.100.9", "Paris", "FR")
		_, err = w.Current(b.request()) // no request that anybody made
		w.must(err)
		want("without an address", firefox, "198.51.100.9", "Paris", "FR")
		w.activity.Used(c.UserID, c.ID, w.clock.Now().Add(time.Hour), w.clock.Now(), time.Hour) // a refresh of an app's back end
		want("refreshed", firefox, "198.51.100.9", "Paris", "FR")

		w.clock.Advance(time.Second)
		rec = httptest.NewRecorder()
		current, err = w.Current(b.from("198.51.100.9", firefox))
		w.must(err)
		w.must(w.StepUp(rec, b.from("2001:db8::5", iPhone), current, session.Proof{}))
		b.take(rec)
		want("stepped up", iPhone, "2001:db8::5", "", "AT")

		w.clock.Advance(time.Second)
		rec = httptest.NewRecorder()
		_, err = w.Switch(rec, b.from("203.0.113.1", firefox), c.ID)
		w.must(err)
		b.take(rec)
		want("switched, from nowhere known", firefox, "203.0.113.1", "", "")

		w.clock.Advance(time.Second)
		rec = httptest.NewRecorder()
		_, err = w.Start(rec, b.from("192.0.2.7", firefox), w.person("other@example.com", ""), session.Proof{})
		w.must(err)
		if _, device := w.whereabouts(c.Session); device != [4]string{firefox, "192.0.2.7", "Berlin", "DE"} {
			t.Errorf("the device after another sign-in is %v", device)
		}
		d, err := w.store.Device(t.Context(), c.DeviceID)
		if err != nil || !d.FirstSeenAt.Equal(start) || !d.LastSeenAt.Equal(w.clock.Now()) {
			t.Errorf("%+v, %v", d, err)
		}
	})
}

func first[T any](a, _ T) T  { return a }
func second[T any](_, b T) T { return b }

// What is written of a visit that was seen before another one, or after the end, changes nothing.
func TestLateVisits(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		travelled(t, w)
		b, u := browser{}, w.person("user@example.com", "")
		rec := httptest.NewRecorder()
		c, err := w.Start(rec, b.from("192.0.2.7", firefox), u, session.Proof{})
		w.must(err)
		b.take(rec)
		w.clock.Advance(time.Minute)
		_, err = w.Current(b.from("198.51.100.9", firefox))
		w.must(err)
		endBy(w, c.Session)
		s, device := w.whereabouts(c.Session)
		if s[1] != "192.0.2.7" || device[1] != "198.51.100.9" {
			t.Errorf("session %v, device %v", s, device)
		}
	})
}

func TestParseAgent(t *testing.T) {
	for agent, want := range map[string]session.Agent{
		firefox: {Browser: "Firefox", Version: "140.0", System: "Linux"},
		iPhone:  {Browser: "Safari", Version: "18.0", System: "iPhone", Mobile: true},
		"Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36": {Browser: "Chrome",
			Version: "141.0.0.0", System: "Android", Mobile: true},
		"Call +1 900 555 0100 now/1.0":                       {},
		"Mozilla/5.0 (X11; Linux x86_64) Firefox/<b>1.0</b>": {Browser: "Firefox", System: "Linux"},
		"": {},
	} {
		if got := session.ParseAgent(agent); got != want {
			t.Errorf("%q is %+v", agent, got)
		}
	}
}
