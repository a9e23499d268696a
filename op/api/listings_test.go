package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/storage"
)

// ids reads a list to its end, n at a time, and returns the member of each thing.
func (w *world) ids(t *testing.T, path, member string, n int) (out []string) {
	t.Helper()
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	after := ""
	for range 50 {
		got := w.do(t, "GET", fmt.Sprintf("%s%slimit=%d%s", path, sep, n, after), "").want(t, 200)
		for _, d := range got.body["data"].([]any) {
			out = append(out, d.(map[string]any)[member].(string))
		}
		if got.body["has_more"] != true {
			return out
		}
		after = "&starting_after=" + got.text("next_cursor")
	}
	t.Fatalf("%s has no end", path)
	return nil
}

func TestAuditEventsAreFiltered(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ada := w.person(t, "ada@example.com")
		w.clock.Advance(time.Hour)
		eve := w.person(t, "eve@example.com")
		w.do(t, "PATCH", "/v1/users/"+ada, `{"name":"Ada"}`).want(t, 200)
		other := w.newService(t, "users:write")
		w.send(t, w.tokenOf(t, other, "users:write"), "POST", "/v1/users/"+eve+"/disable", "").want(t, 200)
		middle := start.Add(time.Minute).UnixMilli()
		for query, want := range map[string][]string{
			"user_id=" + ada:                                {"user.updated", "user.created"},
			"user_id=" + ada + "&kind=user.created":         {"user.created"},
			"actor=" + other:                                {"user.disabled", "sessions.ended"},
			"user_id=" + eve + "&actor=" + w.service:        {"user.created"},
			fmt.Sprintf("user_id=%s&until=%d", ada, middle): {"user.created"},
			fmt.Sprintf("user_id=%s&since=%d", ada, middle): {"user.updated"},
			"session_id=ses_x":                              nil,
			"client_id=app_x":                               nil,
		} {
			for _, n := range []int{1, 100} {
				got := w.ids(t, "/v1/audit_events?"+query, "kind", n)
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("%s: %v, want %v", query, got, want)
				}
			}
		}
		first := w.ids(t, "/v1/audit_events?user_id="+ada, "id", 10)[1]
		got := w.do(t, "GET", "/v1/audit_events/"+first, "").want(t, 200)
		if got.text("kind") != "user.created" || got.text("user_id") != ada || got.text("actor") != w.service || got.body["session_id"] != nil {
			t.Errorf("event %s", got.raw)
		}
		w.do(t, "GET", "/v1/audit_events?since=5&until=5", "").wantFault(t, 422, "query", "until")
		w.do(t, "GET", "/v1/audit_events?kind=%00", "").wantFault(t, 422, "query", "kind")
	})
}

func TestSigningKeysRotateAndStayPrivate(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for i, want := range [][]string{{"signing"}, {"signing", "next"}, {"signing", "next"}} {
			got := w.do(t, "GET", "/v1/signing_keys", "")
			if i > 0 {
				got = w.do(t, "POST", "/v1/signing_keys/rotate", "")
			}
			got.want(t, 200)
			var states []string
			for _, k := range got.body["data"].([]any) {
				k := k.(map[string]any)
				states = append(states, k["state"].(string))
				jwk := k["public_jwk"].(map[string]any)
				if jwk["kid"] != k["kid"] || jwk["d"] != nil || jwk["x"] == nil {
					t.Errorf("key %v", k)
				}
			}
			if !slices.Equal(states, want) || strings.Contains(got.raw, "sealed") {
				t.Errorf("%d: %v, want %v in %s", i, states, want, got.raw)
			}
		}
		events := w.do(t, "GET", "/v1/audit_events?kind=key.rotated", "").want(t, 200).body["data"].([]any)
		if len(events) != 1 || events[0].(map[string]any)["actor"] != w.service {
			t.Errorf("events %v", events)
		}
	})
}

func TestConsentsAreListedAndWithdrawn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var users []string
		for _, name := range []string{"a", "b", "c"} {
			users = append(users, w.person(t, name+"@example.com"))
		}
		s := w.session(t, users[0])
		a, b := w.takePart(t, s, "openid email"), w.takePart(t, s, "openid")
		for _, u := range users {
			for _, c := range []string{a.id, b.id} {
				if err := w.Consents.Grant(t.Context(), u, c, "openid email"); err != nil {
					t.Fatal(err)
				}
			}
		}
		for query, want := range map[string]int{"": 6, "?user_id=" + users[1]: 2, "?client_id=" + a.id: 3, "?user_id=" + users[1] + "&client_id=" + a.id: 1} {
			if got := w.ids(t, "/v1/consents"+query, "user_id", 2); len(got) != want {
				t.Errorf("%s: %d, want %d", query, len(got), want)
			}
		}
		w.post(t, a, "/oauth/token", map[string][]string{"grant_type": {"refresh_token"}, "refresh_token": {a.refresh}}).want(t, 200)
		gone := w.do(t, "POST", "/v1/consents/"+users[0]+"/"+a.id+"/withdraw", "").want(t, 200)
		if gone.text("client_id") != a.id || fmt.Sprint(gone.body["scopes"]) != "[email openid]" {
			t.Errorf("withdrawn: %s", gone.raw)
		}
		w.post(t, a, "/oauth/token", map[string][]string{"grant_type": {"refresh_token"}, "refresh_token": {a.refresh}}).want(t, 400)
		w.do(t, "POST", "/v1/consents/"+users[0]+"/"+a.id+"/withdraw", "").want(t, 404)
		w.do(t, "GET", "/v1/consents?user_id=x", "").wantFault(t, 422, "query", "user_id")
	})
}

func TestUsersAreFiltered(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mk := func(body string) string {
			return w.do(t, "POST", "/v1/users", body).want(t, http.StatusCreated).text("id")
		}
		ada := mk(`{"email":"ada@example.com","name":"Countess"}`)
		w.clock.Advance(time.Hour)
		bob := mk(`{"email":"bob@example.com","name":"Adam_100%","role":"auditor"}`)
		middle := start.Add(time.Minute).UnixMilli()
		for query, want := range map[string][]string{
			"query=AD": {ada, bob}, "query=adam_": {bob}, "query=adamx": nil, "query=count": {ada}, "query=ada%40": {ada}, "query=%25": nil,
			"role=auditor": {bob}, "role=owner": nil, fmt.Sprintf("since=%d", middle): {bob}, fmt.Sprintf("until=%d", middle): {ada},
			"query=ad&status=disabled": nil,
		} {
			for _, n := range []int{1, 50} {
				if got := w.ids(t, "/v1/users?"+query, "id", n); !slices.Equal(got, want) {
					t.Errorf("%s: %v, want %v", query, got, want)
				}
			}
		}
		w.do(t, "GET", "/v1/users?query=a%00", "").wantFault(t, 422, "query", "query")
	})
}

// Who acts as an owner has none of an owner's rights.
func TestImpersonationOpensNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		adminID, _ := w.administrator(t, "owner", factor.ACRMulti)
		own := w.sessionAt(t, adminID, factor.ACRMulti)
		ownerID, _ := w.administrator(t, "owner", factor.ACRMulti)
		s := w.sessionOf(t, ownerID, func(s *storage.Session) { s.ACR, s.ActorSub, s.ActorSessionID = factor.ACRMulti, adminID, own.ID })
		a := w.takePart(t, s, "openid users:read")
		if got := w.send(t, a.access, "GET", "/v1/users", "").want(t, 403); !strings.Contains(got.text("detail"), "acts as somebody else") {
			t.Error(got.raw)
		}
	})
}
