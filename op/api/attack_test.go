package api_test

import (
	"strings"
	"testing"
)

// What is sent in bad faith is refused by name, on both engines, and never breaks anything.
func TestOddRequests(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.person(t, "odd@example.com")
		user := "/v1/users/" + userID
		for _, c := range []struct {
			method, path, body string
			status             int
		}{
			{"GET", "/v1/users?limit=-1", "", 422}, {"GET", "/v1/users?limit=99999999999999999999", "", 422}, {"GET", "/v1/users?limit=1e2", "", 422},
			{"GET", "/v1/users?since=-9223372036854775809", "", 422}, {"GET", "/v1/users?query=%ff", "", 422}, {"GET", "/v1/users?email=%ff@example.com", "", 422},
			{"GET", "/v1/users?email=a%00@example.com", "", 422}, {"GET", "/v1/users?limit=1&limit=2", "", 422}, {"GET", "/v1/users?nothing=1", "", 422},
			{"GET", "/v1/users?starting_after=c2VzXw", "", 422}, {"GET", "/v1/users?starting_after=%2e%2e", "", 422}, {"GET", "/v1/users?a=%zz", "", 400},
			{"GET", "/v1/sessions?client_id=%00", "", 422}, {"GET", "/v1/sessions?client_id=%ff", "", 422}, {"GET", "/v1/sessions?kind=other", "", 422},
			{"GET", "/v1/oauth_applications?starting_after=AA", "", 422}, {"GET", "/v1/consents?starting_after=YS9i", "", 422},
			{"GET", "/v1/user_imports?starting_after=dXNyXw", "", 422}, {"GET", "/v1/user_imports?status=odd", "", 422},
			{"GET", user + "/", "", 404}, {"GET", "/v1/users/", "", 404}, {"TRACE", "/v1/users", "", 405}, {"OPTIONS", "/v1/users", "", 405}, {"FOO", user, "", 405},
			{"PATCH", user, `{"id":"usr_x"}`, 422}, {"PATCH", user, `{"created_at":1}`, 422}, {"PATCH", user, `{"status":"disabled"}`, 422},
			{"PATCH", user, `{"Role":"owner"}`, 422}, {"PATCH", user, `{"role":"king"}`, 422}, {"PATCH", user, `{"version":9}`, 422},
			{"PATCH", user, `{"session_limit":1e300}`, 422}, {"PATCH", user, `{"name":"a","name":"b"}`, 400}, {"PATCH", user, `{"name":"a\u0000"}`, 422},
			{"PATCH", user, `[]`, 422}, {"PATCH", user, `{"public_metadata":` + strings.Repeat(`{"a":`, 50) + "1" + strings.Repeat("}", 50) + `}`, 400},
			{"PATCH", user, "{\"name\":\"\xff\"}", 400}, {"PATCH", user, `{}{}`, 400}, {"PATCH", user, strings.Repeat("[", 100000), 400},
			{"POST", "/v1/users", `{"email":"a\u0000@example.com"}`, 422}, {"POST", "/v1/users", `{"email":"x@example.com","id":"usr_x"}`, 422},
			{"POST", "/v1/api_keys", `{"name":"a\u0000","scopes":["users:read"]}`, 422}, {"POST", "/v1/user_imports", `{"total":-1}`, 422},
			{"POST", "/v1/webhooks", `{"url":"https://hooks.example.com/","description":"\u0000"}`, 422},
			{"POST", "/v1/oauth_applications", `{"redirect_uris":["https://app.example.com/\u0000"]}`, 422},
			{"POST", "/v1/sessions/ses_x/tokens/%00", "", 404}, {"PUT", "/v1/claim_templates/client/%00", `{"claims":{}}`, 404},
		} {
			if got := w.do(t, c.method, c.path, c.body); got.status != c.status || got.text("code") == "" {
				t.Errorf("%s %s %.80q: %d %s", c.method, c.path, c.body, got.status, got.raw)
			}
		}
		if got := w.do(t, "GET", user, ""); got.header.Get("ETag") != `"1"` {
			t.Errorf("the user was changed: %s", got.raw)
		}
		for _, ct := range []string{"text/plain", "application/x-www-form-urlencoded", "application/json, text/plain", "json"} {
			w.do(t, "PATCH", user, `{"name":"x"}`, "Content-Type", ct).wantFault(t, 415, "header", "Content-Type")
		}
		w.do(t, "HEAD", user, "").want(t, 200)
	})
}
