package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

func TestSessionShape(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.session(t, w.person(t, "shape@example.com"))
		a := w.takePart(t, s, "openid")
		got := w.do(t, "GET", "/v1/sessions/"+s.ID, "").want(t, 200)
		ms := func(d time.Duration) float64 { return float64(start.Add(d).UnixMilli()) }
		want := map[string]any{"object": "session", "id": s.ID, "user_id": s.UserID, "device_id": s.DeviceID, "kind": "browser",
			"status": "active", "actor": nil, "client_ids": []any{a.id}, "last_active_at": ms(0), "expire_at": ms(30 * 24 * time.Hour),
			"abandon_at": ms(24 * time.Hour), "ended_at": nil, "end_reason": nil, "created_at": ms(0), "updated_at": ms(0),
			"latest_activity": map[string]any{"object": "session_activity", "browser_name": "Firefox", "browser_version": "140.0",
				"device_type": "Linux", "is_mobile": false, "ip_address": "192.0.2.1", "city": "London", "country": "GB"}}
		if d := cmp.Diff(want, got.body); d != "" {
			t.Error(d)
		}
	})
}

// After the answer nothing of the session is good any more at curfew's own endpoints (the promise: the bound is zero).
func TestRevokeIsTrueAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.session(t, w.person(t, "revoke@example.com"))
		a := w.takePart(t, s, "openid offline_access")
		refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {a.refresh}}
		ask := func(token string) answer {
			return w.post(t, a, "/oauth/introspect", url.Values{"token": {token}}).want(t, 200)
		}

		w.post(t, a, "/oauth/token", refresh).want(t, 200)
		w.send(t, a.access, "GET", "/oauth/userinfo", "").want(t, 200)
		if ask(a.access).body["active"] != true || ask(a.refresh).body["active"] != true {
			t.Fatal("the tokens are not good to begin with")
		}

		w.clock.Advance(time.Second)
		first := w.do(t, "POST", "/v1/sessions/"+s.ID+"/revoke", "").want(t, 200)
		if first.text("status") != "revoked" || first.text("end_reason") != "revoked" ||
			first.body["ended_at"] != float64(w.clock.Now().UnixMilli()) {
			t.Errorf("the session as revoked: %s", first.raw)
		}
		if got := w.post(t, a, "/oauth/token", refresh).want(t, 400); got.text("error") != "invalid_grant" {
			t.Errorf("refresh: %s", got.raw)
		}
		w.send(t, a.access, "GET", "/oauth/userinfo", "").want(t, 401)
		for name, token := range map[string]string{"access": a.access, "refresh": a.refresh} {
			if d := cmp.Diff(map[string]any{"active": false}, ask(token).body); d != "" {
				t.Errorf("introspection of the %s token: %s", name, d)
			}
		}

		w.clock.Advance(time.Hour)
		again := w.do(t, "POST", "/v1/sessions/"+s.ID+"/revoke", "").want(t, 200)
		if d := cmp.Diff(first.body, again.body); d != "" {
			t.Errorf("the second answer differs: %s", d)
		}
		list, _ := w.events(t, s.UserID)
		if ended := list[0]; audit.Kind(ended.Kind) != audit.SessionEnded || ended.Actor != w.service || ended.SessionID != s.ID {
			t.Errorf("the newest event is %+v", ended)
		}
		if n := countKind(list, audit.SessionEnded); n != 1 {
			t.Errorf("the session ended %d times", n)
		}
	})
}

func countKind(list []*storage.AuditEvent, kind audit.Kind) (n int) {
	for _, e := range list {
		if audit.Kind(e.Kind) == kind {
			n++
		}
	}
	return n
}

func TestRevokeAtTheSameTimeEndsOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.session(t, w.person(t, "race@example.com"))
		token := w.tokenOf(t, w.service, "sessions:write")
		var wg sync.WaitGroup
		answers := make([]*answerOf, 20)
		for i := range answers {
			wg.Go(func() {
				rec := w.serve(newRequest("POST", "/v1/sessions/"+s.ID+"/revoke", token))
				answers[i] = &answerOf{rec.Code, rec.Body.String()}
			})
		}
		wg.Wait()
		for _, a := range answers {
			if d := cmp.Diff(answers[0], a, cmp.AllowUnexported(answerOf{})); d != "" || a.status != 200 {
				t.Errorf("status %d, %s", a.status, d)
			}
		}
		list, _ := w.events(t, s.UserID)
		if n := countKind(list, audit.SessionEnded); n != 1 {
			t.Errorf("the session ended %d times", n)
		}
	})
}

type answerOf struct {
	status int
	body   string
}

// A row that says active is not believed: its time may have run out, or an epoch moved, before anybody wrote that down.
func TestSessionsStandAsTheyAre(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.person(t, "stands@example.com")
		signedOut := w.session(t, userID)
		if _, err := w.Door.End(t.Context(), w.Store, signedOut, causeSignedOut(userID)); err != nil {
			t.Fatal(err)
		}
		expired := w.session(t, userID)
		for range 2*30 - 1 { // used every twelve hours, up to half a day before it expires
			w.clock.Advance(12 * time.Hour)
			if err := w.Store.Touch(t.Context(), []storage.Activity{{UserID: userID, SessionID: expired.ID, At: w.clock.Now()}}, w.clock.Now()); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.do(t, "GET", "/v1/sessions/"+expired.ID, ""); got.text("status") != "active" {
			t.Fatalf("half a day before it expires: %s", got.raw)
		}
		abandoned := w.session(t, userID)
		w.clock.Advance(25 * time.Hour)
		moved := w.session(t, userID)
		if err := w.Store.MoveUserEpoch(t.Context(), userID, storage.EpochMove{At: w.clock.Now()}); err != nil {
			t.Fatal(err)
		}
		live := w.session(t, userID)
		for _, c := range []struct {
			session              *storage.Session
			status, reason       string
			endedBefore, endedIn bool
		}{
			{signedOut, "ended", "signed_out", true, true}, {expired, "expired", "expired", false, true},
			{abandoned, "abandoned", "idle", false, true}, {moved, "revoked", "ended_with_others", false, true},
			{live, "active", "", false, false},
		} {
			got := w.do(t, "GET", "/v1/sessions/"+c.session.ID, "").want(t, 200)
			if got.text("status") != c.status || got.text("end_reason") != c.reason || (got.body["ended_at"] != nil) != c.endedBefore {
				t.Errorf("want %s: %s", c.status, got.raw)
			}
			list := w.do(t, "GET", "/v1/sessions?user_id="+userID+"&status="+c.status, "").want(t, 200).body["data"].([]any)
			if len(list) != 1 {
				t.Errorf("%s: %d sessions", c.status, len(list))
			} else if d := cmp.Diff(got.body, list[0]); d != "" {
				t.Errorf("%s in the list: %s", c.status, d)
			}
			if !c.endedIn {
				continue
			}
			// To revoke what is over already changes what is written, not what it was.
			if got := w.do(t, "POST", "/v1/sessions/"+c.session.ID+"/revoke", "").want(t, 200); got.text("status") != c.status ||
				got.text("end_reason") != c.reason || got.body["ended_at"] == nil {
				t.Errorf("after a revoke, want %s: %s", c.status, got.raw)
			}
		}
	})
}

func TestListSessions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one, two := w.person(t, "one@example.com"), w.person(t, "two@example.com")
		var ids []string
		for range 3 {
			ids = append([]string{w.session(t, one).ID}, ids...)
		}
		other := w.session(t, two)
		var seen []string
		for path, n := "/v1/sessions?limit=2&user_id="+one, 0; path != ""; n++ {
			if n > 3 {
				t.Fatal("the pages do not end")
			}
			got := w.do(t, "GET", path, "").want(t, 200)
			for _, s := range got.body["data"].([]any) {
				seen = append(seen, s.(map[string]any)["id"].(string))
			}
			path = ""
			if got.body["has_more"] == true {
				path = "/v1/sessions?limit=2&user_id=" + one + "&starting_after=" + got.text("next_cursor")
			}
		}
		if d := cmp.Diff(ids, seen); d != "" {
			t.Error(d)
		}
		if got := w.do(t, "GET", "/v1/sessions", "").body["data"].([]any); len(got) != 4 || got[0].(map[string]any)["id"] != other.ID {
			t.Errorf("all sessions: %v", got)
		}
		if got := w.do(t, "GET", "/v1/sessions?user_id="+id.New(id.User), "").want(t, 200).body["data"].([]any); len(got) != 0 {
			t.Errorf("sessions of nobody: %v", got)
		}
	})
}

func TestSessionsBadInput(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.session(t, w.person(t, "bad@example.com"))
		for query, field := range map[string]string{"user_id=": "user_id", "user_id=x": "user_id", "user_id=%00": "user_id",
			"status=gone": "status", "userid=x": "userid", "user_id=a&user_id=b": "user_id", "status": "status"} {
			w.do(t, "GET", "/v1/sessions?"+query, "").wantFault(t, 422, "query", field)
		}
		for _, wrong := range []string{"x", id.New(id.Session), id.New(id.User), "%00", "..%2f", strings.Repeat("a", 5000)} {
			w.do(t, "GET", "/v1/sessions/"+wrong, "").want(t, http.StatusNotFound)
			w.do(t, "POST", "/v1/sessions/"+wrong+"/revoke", "").want(t, http.StatusNotFound)
		}
	})
}
