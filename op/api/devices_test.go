package api_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
)

// signIn starts a session as a browser does, with the cookies that it has.
func (w *world) signIn(t *testing.T, cookies map[string]string, userID string) *session.Current {
	t.Helper()
	u, err := w.Store.User(t.Context(), userID)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", issuer, nil)
	for name, value := range cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	r = r.WithContext(audit.WithOrigin(r.Context(), audit.Origin{IPAddress: "192.0.2.1",
		UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}))
	rec := httptest.NewRecorder()
	s, err := session.New(w.Store, w.clock, session.NewActivity(w.Store, w.clock), w.Door, session.Options{}).Start(rec, r, u, session.Proof{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range rec.Result().Cookies() {
		cookies[c.Name] = c.Value
	}
	return s
}

func TestDevices(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, bob := w.person(t, "ann@example.com"), w.person(t, "bob@example.com")
		shared := map[string]string{}
		one := w.signIn(t, shared, ann)
		w.clock.Advance(time.Minute)
		two := w.signIn(t, shared, bob)
		far := w.signIn(t, map[string]string{}, ann)

		got := w.do(t, "GET", "/v1/devices/"+one.DeviceID, "").want(t, 200)
		want := map[string]any{"object": "device", "id": one.DeviceID, "name": "Firefox on Linux", "browser_name": "Firefox",
			"browser_version": "140.0", "device_type": "Linux", "is_mobile": false, "ip_address": "192.0.2.1", "city": nil, "country": nil,
			"first_seen_at": float64(start.UnixMilli()), "last_seen_at": float64(start.Add(time.Minute).UnixMilli())}
		if d := cmp.Diff(want, got.body); d != "" {
			t.Error(d)
		}
		for query, want := range map[string][]string{"": {far.DeviceID, one.DeviceID}, "?user_id=" + ann: {far.DeviceID, one.DeviceID},
			"?user_id=" + bob: {one.DeviceID}, "?user_id=" + id.New(id.User): nil} {
			if d := cmp.Diff(want, idsOf(w.do(t, "GET", "/v1/devices"+query, "").want(t, 200))); d != "" {
				t.Errorf("%q: %s", query, d)
			}
		}
		if d := cmp.Diff([]string{two.ID, one.ID}, idsOf(w.do(t, "GET", "/v1/sessions?device_id="+one.DeviceID, "").want(t, 200))); d != "" {
			t.Error(d)
		}
		page := w.do(t, "GET", "/v1/devices?limit=1", "").want(t, 200)
		page = w.do(t, "GET", "/v1/devices?limit=1&starting_after="+page.text("next_cursor"), "").want(t, 200)
		if d := cmp.Diff([]string{one.DeviceID}, idsOf(page)); d != "" || page.body["has_more"] != false {
			t.Errorf("the second page: %s %s", d, page.raw)
		}
		w.do(t, "GET", "/v1/devices?user_id=x", "").wantFault(t, 422, "query", "user_id")
		w.do(t, "GET", "/v1/sessions?device_id=x", "").wantFault(t, 422, "query", "device_id")
		w.do(t, "GET", "/v1/devices/x", "").want(t, 404)
		w.do(t, "GET", "/v1/devices/"+id.New(id.Device), "").want(t, 404)
	})
}

func idsOf(a answer) (ids []string) {
	list, _ := a.body["data"].([]any)
	for _, row := range list {
		ids = append(ids, row.(map[string]any)["id"].(string))
	}
	return ids
}

// An administrator forgets a device for everybody who is signed in on it, at once, and the record says who did.
func TestForgetDevice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, bob := w.person(t, "ann@example.com"), w.person(t, "bob@example.com")
		shared := map[string]string{}
		one, two, far := w.signIn(t, shared, ann), w.signIn(t, shared, bob), w.signIn(t, map[string]string{}, ann)
		a := w.takePart(t, one.Session, "openid")
		w.send(t, a.access, "GET", "/oauth/userinfo", "").want(t, 200)
		reader := w.tokenOf(t, w.newService(t, "sessions:read"), "sessions:read")
		w.send(t, reader, "POST", "/v1/devices/"+one.DeviceID+"/forget", "").want(t, 403)

		w.do(t, "POST", "/v1/devices/"+one.DeviceID+"/forget", "").want(t, 200)
		w.send(t, a.access, "GET", "/oauth/userinfo", "").want(t, 401)
		for s, want := range map[*storage.Session]string{one.Session: "removed", two.Session: "removed", far.Session: "active"} {
			got := w.do(t, "GET", "/v1/sessions/"+s.ID, "").want(t, 200)
			if got.text("status") != want {
				t.Errorf("want %s: %s", want, got.raw)
			}
		}
		w.do(t, "GET", "/v1/devices/"+one.DeviceID, "").want(t, 404)
		w.do(t, "POST", "/v1/devices/"+one.DeviceID+"/forget", "").want(t, 404)
		for _, userID := range []string{ann, bob} {
			list, _ := w.events(t, userID)
			if e := list[0]; audit.Kind(e.Kind) != audit.SessionEnded || e.Actor != w.service {
				t.Errorf("the newest event is %+v", e)
			}
		}
	})
}
