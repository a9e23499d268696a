package api_test

import (
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/storage"
)

// Mail that is left to an endpoint has the codes by which owners sign in, so an administrator has none sent anywhere: not by a new
// endpoint, not by one more event, not by another address for one that an owner set up, and not by a key of theirs.
func TestAdministratorsHaveNoCodesSent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, a := w.administrator(t, "admin", factor.ACRMulti)
		const at = `"url":"https://hooks.example.com/"`
		theirs := w.hook(t, `{`+at+`,"events":["user.created"]}`).text("id")
		owners := w.hook(t, `{`+at+`,"events":["email.created","user.created"],"include_private_metadata":true}`).text("id")
		key := w.send(t, a.access, "POST", "/v1/api_keys", `{"name":"k","scopes":["webhooks:read","webhooks:write"]}`).want(t, 201).text("secret")
		for who, token := range map[string]string{"admin": a.access, "key": key} {
			for _, c := range [][3]string{{"POST", "", `{` + at + `,"events":["email.created"]}`}, {"POST", "", `{` + at + `,"events":["user.created","sms.created"]}`},
				{"PATCH", "/" + theirs, `{"events":["user.created","sms.created"]}`}, {"PATCH", "/" + owners, `{"url":"https://evil.example.com/"}`},
				{"PATCH", "/" + owners, `{"events":["email.created","sms.created"]}`}} {
				got := w.send(t, token, c[0], "/v1/webhooks"+c[1], c[2]).wantFault(t, 403, "body", "events")
				wantCode(t, got, "beyond_rights")
			}
			w.send(t, token, "PATCH", "/v1/webhooks/"+owners, `{"description":"By `+who+`"}`).want(t, 200)
			w.send(t, token, "PATCH", "/v1/webhooks/"+theirs, `{"url":"https://hooks.example.com/`+who+`"}`).want(t, 200)
		}
		// What a key may not read it has nobody told either.
		body := `{"include_private_metadata":true}`
		w.send(t, key, "PATCH", "/v1/webhooks/"+theirs, body).wantFault(t, 403, "body", "include_private_metadata")
		w.send(t, a.access, "PATCH", "/v1/webhooks/"+theirs, body).want(t, 200)
		w.send(t, a.access, "PATCH", "/v1/webhooks/"+owners, `{"events":["user.created"]}`).want(t, 200)
	})
}

// The second person whom an owner's policy asks for is one: a client or a key that an administrator made speaks for nobody.
func TestNobodyApprovesForAnother(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID, second := w.person(t, "user@example.com"), w.admin(t, "second@example.com")
		actorID, a := w.administrator(t, "admin", factor.ACRMulti)
		w.do(t, "PUT", "/v1/policies/impersonation", `{"rules":[{"actor_roles":["admin"],"subject_roles":[""]}],"second_approver":true}`).want(t, 200)
		made := w.do(t, "POST", "/v1/actor_tokens", fmt.Sprintf(`{"user_id":%q,"actor":{"sub":%q},"reason":"x"}`, userID, actorID)).want(t, 201)
		path, body := "/v1/actor_tokens/"+made.text("id")+"/approve", fmt.Sprintf(`{"approver":%q}`, second)
		key := w.send(t, a.access, "POST", "/v1/api_keys", `{"name":"k","scopes":["actor_tokens:write"]}`).want(t, 201).text("secret")
		service := w.tokenOf(t, w.newService(t, api.ScopeActorTokensWrite), api.ScopeActorTokensWrite)
		for who, token := range map[string]string{"key": key, "client": service} {
			got := w.send(t, token, "POST", path, body)
			if got.status != 403 || got.text("code") != "beyond_rights" {
				t.Errorf("%s: %d %s", who, got.status, got.raw)
			}
		}
		if got := w.do(t, "GET", "/v1/actor_tokens/"+made.text("id"), "").want(t, 200); got.body["approved_by"] != nil {
			t.Error(got.raw)
		}
	})
}

// Nor is the second person the one who made the token by a key of theirs, whatever has become of that.
func TestNobodyApprovesWhatTheirKeyMade(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID, actorID := w.person(t, "user@example.com"), w.admin(t, "actor@example.com")
		makerID, maker := w.administrator(t, "admin", factor.ACRMulti)
		secondID, second := w.administrator(t, "admin", factor.ACRMulti)
		w.do(t, "PUT", "/v1/policies/impersonation", `{"rules":[{"actor_roles":["admin"],"subject_roles":[""]}],"second_approver":true}`).want(t, 200)
		key := w.send(t, maker.access, "POST", "/v1/api_keys", `{"name":"k","scopes":["actor_tokens:write"]}`).want(t, 201)
		for _, gone := range []bool{false, true} {
			made := w.send(t, key.text("secret"), "POST", "/v1/actor_tokens", fmt.Sprintf(`{"user_id":%q,"actor":{"sub":%q},"reason":"x"}`, userID, actorID)).want(t, 201)
			if made.text("created_by") != key.text("id") {
				t.Errorf("made by %s", made.text("created_by"))
			}
			if gone {
				w.do(t, "POST", "/v1/api_keys/"+key.text("id")+"/revoke", "").want(t, 200)
			}
			path := "/v1/actor_tokens/" + made.text("id") + "/approve"
			w.send(t, maker.access, "POST", path, fmt.Sprintf(`{"approver":%q}`, makerID)).wantFault(t, 422, "body", "approver")
			w.do(t, "POST", path, fmt.Sprintf(`{"approver":%q}`, makerID)).wantFault(t, 422, "body", "approver") // on a client's word
			if got := w.send(t, second.access, "POST", path, fmt.Sprintf(`{"approver":%q}`, secondID)).want(t, 200); got.text("approved_by") != secondID {
				t.Error(got.raw)
			}
		}
	})
}

// Support ends sessions of people who have no more rights than they have, and not everybody's by way of an app that all use.
func TestNobodyEndsSessionsFromBelow(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ownerID, own := w.administrator(t, "owner", factor.ACRMulti)
		_, a := w.administrator(t, "support", factor.ACRMulti)
		userID := w.person(t, "user@example.com")
		d := &storage.Device{ID: id.New(id.Device), CookieHash: []byte("x"), FirstSeenAt: storage.At(w.clock.Now()), LastSeenAt: storage.At(w.clock.Now())}
		if _, err := w.Store.SeeDevice(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		owners := w.sessionOf(t, ownerID, func(s *storage.Session) { s.DeviceID = d.ID })
		users := w.sessionOf(t, userID, func(*storage.Session) {})
		for _, path := range []string{"/v1/sessions/" + owners.ID + "/revoke", "/v1/users/" + ownerID + "/end_sessions", "/v1/devices/" + d.ID + "/forget"} {
			if got := w.send(t, a.access, "POST", path, ""); got.status != 403 || got.text("code") != "beyond_rights" {
				t.Errorf("%s: %d %s", path, got.status, got.raw)
			}
		}
		wantCode(t, w.send(t, a.access, "POST", "/v1/oauth_applications/"+own.id+"/end_sessions", "").want(t, 403), "insufficient_scope")
		if got := w.do(t, "GET", "/v1/sessions/"+owners.ID, "").want(t, 200); got.text("status") != "active" {
			t.Error(got.raw)
		}
		w.send(t, a.access, "POST", "/v1/sessions/"+users.ID+"/revoke", "").want(t, 200)
		w.send(t, a.access, "POST", "/v1/users/"+userID+"/end_sessions", "").want(t, 200)
		watch := w.tokenOf(t, w.newService(t, "sessions:write"), "sessions:write")
		w.send(t, watch, "POST", "/v1/sessions/"+owners.ID+"/revoke", "").want(t, 200)
	})
}

// A stream of lines can be open for hours. It takes none once the key that began it was revoked, or its session has ended.
func TestStreamsStopWithTheRight(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ownerID, a := w.administrator(t, "owner", factor.ACRMulti)
		key := w.send(t, a.access, "POST", "/v1/api_keys", `{"name":"k","scopes":["users:read","users:write"]}`).want(t, 201)
		for _, c := range []struct{ name, token, end string }{
			{"key", key.text("secret"), "/v1/api_keys/" + key.text("id") + "/revoke"}, {"person", a.access, "/v1/users/" + ownerID + "/end_sessions"}} {
			name := c.name
			importID := w.do(t, "POST", "/v1/user_imports", `{}`).want(t, 201).text("id")
			body, lines := io.Pipe()
			r := httptest.NewRequest("POST", issuer+"/v1/user_imports/"+importID+"/lines", body)
			r.Header.Set("Authorization", "Bearer "+c.token)
			r.Header.Set("Content-Type", "application/x-ndjson")
			rec, done := httptest.NewRecorder(), make(chan struct{})
			go func() { defer close(done); w.handler.ServeHTTP(rec, r); _ = body.Close() }()
			for i := range 400 {
				if i == 200 {
					for w.do(t, "GET", "/v1/user_imports/"+importID, "").body["lines"] != 200.0 {
						time.Sleep(time.Millisecond)
					}
					w.do(t, "POST", c.end, "").want(t, 200)
				}
				_, _ = fmt.Fprintf(lines, `{"email":"%s%d@example.com"}`+"\n", name, i)
			}
			_ = lines.Close()
			<-done
			if rec.Code != 403 || !strings.Contains(rec.Body.String(), "rights_changed") {
				t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
			}
			if got := w.do(t, "GET", "/v1/user_imports/"+importID, ""); got.body["lines"] != 200.0 {
				t.Errorf("%s: %s", name, got.raw)
			}
		}
	})
}
