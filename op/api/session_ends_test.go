package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// The sessions named are over when the call answers, and no others; the event says which client asked.
func TestEndSessionsOfMany(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for name, c := range map[string]struct {
			path    func(user *storage.Session, a *app) string
			reason  string
			reaches [3]bool // the session itself, another of the user with the same app, one of a stranger with that app
		}{
			"user": {func(s *storage.Session, _ *app) string { return "/v1/users/" + s.UserID + "/end_sessions" },
				"revoked", [3]bool{true, true, false}},
			"application": {func(_ *storage.Session, a *app) string { return "/v1/oauth_applications/" + a.id + "/end_sessions" },
				"ended_with_client", [3]bool{true, false, false}},
			"all": {func(*storage.Session, *app) string { return "/v1/sessions/end_all" },
				"ended_with_all", [3]bool{true, true, true}},
		} {
			t.Run(name, func(t *testing.T) {
				userID := w.person(t, name+"@example.com")
				sessions := [3]*storage.Session{w.session(t, userID), w.session(t, userID), w.session(t, w.person(t, name+"-other@example.com"))}
				apps := [3]*app{}
				for i, s := range sessions {
					apps[i] = w.takePart(t, s, "openid")
				}
				w.clock.Advance(time.Second)
				got := w.do(t, "POST", c.path(sessions[0], apps[0]), "").want(t, http.StatusOK)
				if got.text("object") != "sessions_end" || got.body["ended_at"] != float64(w.clock.Now().UnixMilli()) ||
					(got.body["user_id"] == userID) != (name == "user") || (got.body["client_id"] == apps[0].id) != (name == "application") {
					t.Errorf("%s", got.raw)
				}
				fresh := w.session(t, userID)
				for i, s := range append(sessions[:], fresh) {
					status, reason, token := "active", "", http.StatusOK
					if i < 3 && c.reaches[i] {
						status, reason, token = "revoked", c.reason, http.StatusUnauthorized
					}
					view := w.do(t, "GET", "/v1/sessions/"+s.ID, "").want(t, 200)
					if view.text("status") != status || view.text("end_reason") != reason {
						t.Errorf("%d: %s", i, view.raw)
					}
					if i < 3 {
						w.send(t, apps[i].access, "GET", "/oauth/userinfo", "").want(t, token)
					}
				}
				for more := 1; more > 0; {
					var err error
					if more, err = w.Door.Sweep(t.Context(), 100); err != nil {
						t.Fatal(err)
					}
				}
				row, err := w.Store.Session(t.Context(), sessions[0].ID)
				if err != nil || row.EndReason != c.reason || row.EndedBy != w.service {
					t.Errorf("%+v, %v", row, err)
				}
				if name == "user" {
					list, kinds := w.events(t, userID)
					for i, kind := range kinds {
						if e := list[len(list)-1-i]; kind == audit.SessionsEnded && e.Actor != w.service {
							t.Errorf("%+v", e)
						}
					}
				}
			})
		}
		for _, path := range []string{"/v1/users/usr_0000/end_sessions", "/v1/users/x/end_sessions", "/v1/oauth_applications/nobody/end_sessions"} {
			w.do(t, "POST", path, "").want(t, http.StatusNotFound)
		}
	})
}

// Who may end one session or another may not sign everybody out.
func TestEndingAllNeedsItsOwnScope(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.session(t, w.person(t, "user@example.com"))
		w.send(t, w.tokenOf(t, w.service, api.ScopeSessionsWrite), "POST", "/v1/sessions/end_all", "").want(t, http.StatusForbidden)
		if got := w.do(t, "GET", "/v1/sessions/"+s.ID, "").text("status"); got != "active" {
			t.Error(got)
		}
	})
}
