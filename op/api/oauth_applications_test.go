package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

func causeSignedOut(userID string) logout.Cause {
	return logout.Cause{Status: storage.StatusEnded, Reason: logout.SignedOut, By: userID}
}

const newApp = `{"client_name":"App","redirect_uris":["https://app.example.com/cb"]}`

// authenticates tells whether a secret is the application's.
func (w *world) authenticates(t *testing.T, clientID, secret string) bool {
	t.Helper()
	c, err := w.Clients.Get(t.Context(), clientID)
	if err != nil {
		t.Fatal(err)
	}
	return w.Clients.Authenticate(t.Context(), c, client.Credentials{Method: client.AuthBasic, ClientID: clientID, Secret: secret}, nil) == nil
}

func TestApplicationFromCreationToDeletion(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		made := w.do(t, "POST", "/v1/oauth_applications", newApp).want(t, http.StatusCreated)
		clientID, plain := made.text("client_id"), made.text("client_secret")
		want := map[string]any{"object": "oauth_application", "id": clientID, "client_id": clientID, "client_secret": plain,
			"client_id_issued_at": float64(start.Unix()), "client_secret_expires_at": 0.0, "client_name": "App",
			"redirect_uris": []any{"https://app.example.com/cb"}, "token_endpoint_auth_method": "client_secret_basic",
			"grant_types": []any{"authorization_code", "refresh_token"}, "response_types": []any{"code"},
			"scope": "openid profile email phone offline_access", "updated_at": float64(start.UnixMilli())}
		if d := cmp.Diff(want, made.body); d != "" {
			t.Fatal(d)
		}
		if !w.authenticates(t, clientID, plain) {
			t.Error("the secret is not the application's")
		}
		path := "/v1/oauth_applications/" + clientID
		got := w.do(t, "GET", path, "").want(t, 200)
		delete(want, "client_secret")
		delete(want, "client_secret_expires_at")
		if d := cmp.Diff(want, got.body); d != "" {
			t.Errorf("the secret or another difference: %s", d)
		}

		changed := w.do(t, "PATCH", path, `{"client_name":null,"scope":"openid","skip_consent":true}`, "If-Match", got.header.Get("ETag")).want(t, 200)
		delete(want, "client_name")
		want["scope"], want["skip_consent"] = "openid", true
		if d := cmp.Diff(want, changed.body); d != "" {
			t.Error(d)
		}
		w.do(t, "PATCH", path, `{"scope":"openid email"}`, "If-Match", got.header.Get("ETag")).wantFault(t, 412, "header", "If-Match")
		if same := w.do(t, "PATCH", path, `{"scope":"openid"}`).want(t, 200); same.header.Get("ETag") != changed.header.Get("ETag") {
			t.Error("a change of nothing moved the version")
		}

		rotated := w.do(t, "POST", path+"/rotate_secret", "").want(t, 200)
		if next := rotated.text("client_secret"); next == plain || !w.authenticates(t, clientID, next) || w.authenticates(t, clientID, plain) {
			t.Error("the secret was not rotated")
		}

		gone := w.do(t, "DELETE", path, "").want(t, 200)
		if d := cmp.Diff(map[string]any{"object": "oauth_application", "id": clientID, "deleted": true}, gone.body); d != "" {
			t.Error(d)
		}
		for _, method := range []string{"GET", "DELETE"} {
			w.do(t, method, path, "").want(t, 404)
		}
	})
}

func TestApplicationList(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		want := []string{w.service}
		for range 3 {
			want = append(want, w.do(t, "POST", "/v1/oauth_applications", newApp).want(t, 201).text("client_id"))
		}
		var seen []string
		for path := "/v1/oauth_applications?limit=2"; path != "" && len(seen) < 10; {
			got := w.do(t, "GET", path, "").want(t, 200)
			for _, c := range got.body["data"].([]any) {
				seen = append(seen, c.(map[string]any)["client_id"].(string))
			}
			if path = ""; got.body["has_more"] == true {
				path = "/v1/oauth_applications?limit=2&starting_after=" + got.text("next_cursor")
			}
			if strings.Contains(got.raw, "secret\"") || strings.Contains(got.raw, "hash") {
				t.Errorf("a secret in the list: %s", got.raw)
			}
		}
		if d := cmp.Diff(want, seen); d != "" {
			t.Error(d)
		}
	})
}

// An application must at no time be registered for an algorithm that nobody can sign with.
func TestApplicationGetsItsSigningKey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		made := w.do(t, "POST", "/v1/oauth_applications",
			`{"redirect_uris":["https://app.example.com/cb"],"id_token_signed_response_alg":"EdDSA"}`).want(t, 201)
		if _, err := w.Ring.Signer("EdDSA"); err != nil {
			t.Error(err)
		}
		if _, err := w.Ring.Signer("PS256"); err == nil {
			t.Fatal("there was a key for PS256 before")
		}
		path := "/v1/oauth_applications/" + made.text("client_id")
		w.do(t, "PATCH", path, `{"id_token_signed_response_alg":"PS256"}`).want(t, 200)
		if _, err := w.Ring.Signer("PS256"); err != nil {
			t.Error(err)
		}
		w.do(t, "PATCH", path, `{"id_token_signed_response_alg":"HS256"}`).wantFault(t, 422, "body", "id_token_signed_response_alg")
	})
}

func TestApplicationGetsASecretWhenItNeedsOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		made := w.do(t, "POST", "/v1/oauth_applications",
			`{"redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none"}`).want(t, 201)
		clientID := made.text("client_id")
		if _, ok := made.body["client_secret"]; ok {
			t.Errorf("a public client has a secret: %s", made.raw)
		}
		w.do(t, "POST", "/v1/oauth_applications/"+clientID+"/rotate_secret", "").wantFault(t, 422, "body", "token_endpoint_auth_method")
		got := w.do(t, "PATCH", "/v1/oauth_applications/"+clientID, `{"token_endpoint_auth_method":"client_secret_basic"}`).want(t, 200)
		if !w.authenticates(t, clientID, got.text("client_secret")) {
			t.Errorf("no secret: %s", got.raw)
		}
		if now := w.do(t, "GET", "/v1/oauth_applications/"+clientID, ""); now.header.Get("ETag") != got.header.Get("ETag") {
			t.Error("the answer has the ETag of before")
		}
	})
}

func TestApplicationAudit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		made := w.do(t, "POST", "/v1/oauth_applications", newApp).want(t, 201)
		path := "/v1/oauth_applications/" + made.text("client_id")
		w.do(t, "PATCH", path, `{"client_name":"Other"}`).want(t, 200)
		rotated := w.do(t, "POST", path+"/rotate_secret", "").want(t, 200)
		w.do(t, "DELETE", path, "").want(t, 200)
		list, err := w.Store.UserEvents(t.Context(), "", 100) // events that are about no user
		if err != nil {
			t.Fatal(err)
		}
		var kinds []audit.Kind
		for i := len(list) - 1; i >= 0; i-- {
			e := list[i]
			if e.Kind == string(audit.KeyCreated) { // of the world's own beginning
				continue
			}
			kinds = append(kinds, audit.Kind(e.Kind))
			if e.Actor != w.service || e.ClientID != made.text("client_id") {
				t.Errorf("%s is about %q, by %q", e.Kind, e.ClientID, e.Actor)
			}
			if strings.Contains(e.Data, made.text("client_secret")) || strings.Contains(e.Data, rotated.text("client_secret")) {
				t.Errorf("%s has a secret", e.Kind)
			}
		}
		if d := cmp.Diff([]audit.Kind{audit.ClientCreated, audit.ClientUpdated, audit.ClientSecretNew, audit.ClientDeleted}, kinds); d != "" {
			t.Fatal(d)
		}
		var data map[string]any
		if err := json.Unmarshal([]byte(list[2].Data), &data); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(map[string]any{"before": map[string]any{"client_name": "App"}, "after": map[string]any{"client_name": "Other"}}, data); d != "" {
			t.Error(d)
		}
	})
}

// Lasting access is a session of its own; without its application it would stand in the user's list for a year.
func TestDeletedApplicationTakesItsLastingAccessAlong(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		browser := w.session(t, w.person(t, "lasting@example.com"))
		lasting := *browser
		lasting.ID, lasting.Kind, lasting.DeviceID = id.New(id.Session), storage.KindOffline, ""
		if err := w.Store.StartSession(t.Context(), &lasting); err != nil {
			t.Fatal(err)
		}
		a := w.takePart(t, &lasting, "openid offline_access")
		w.do(t, "DELETE", "/v1/oauth_applications/"+a.id, "").want(t, 200)
		if got := w.do(t, "GET", "/v1/sessions/"+lasting.ID, "").want(t, 200); got.text("status") != "revoked" || got.text("end_reason") != "client_deleted" {
			t.Error(got.raw)
		}
		if got := w.do(t, "GET", "/v1/sessions/"+browser.ID, "").want(t, 200); got.text("status") != "active" {
			t.Error(got.raw)
		}
		w.send(t, a.access, "GET", "/oauth/userinfo", "").want(t, 401)
	})
}

func TestApplicationsBadInput(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		clientID := w.do(t, "POST", "/v1/oauth_applications", newApp).want(t, 201).text("client_id")
		for body, want := range map[string]struct{ code, field string }{
			`{}`: {"invalid_redirect_uri", "redirect_uris"},
			`{"redirect_uris":["http://app.example.com/"]}`:                                                                                {"invalid_redirect_uri", "redirect_uris"},
			`{"redirect_uris":["https://app.example.com/*"]}`:                                                                              {"invalid_redirect_uri", "redirect_uris"},
			`{"redirect_uris":"https://app.example.com/"}`:                                                                                 {"invalid_fields", "redirect_uris"},
			`{"redirect_uris":["https://app.example.com/",7]}`:                                                                             {"invalid_fields", "redirect_uris[1]"},
			`{"redirect_uris":["https://app.example.com/"],"token_endpoint_auth_method":""}`:                                               {"", ""},
			`{"redirect_uris":["https://app.example.com/"],"token_endpoint_auth_method":"x"}`:                                              {"invalid_client_metadata", "token_endpoint_auth_method"},
			`{"redirect_uris":["https://app.example.com/"],"default_max_age":1e30}`:                                                        {"invalid_fields", ""},
			`{"redirect_uris":["https://app.example.com/"],"default_max_age":1.5}`:                                                         {"invalid_fields", "default_max_age"},
			`{"redirect_uris":["https://app.example.com/"],"client_id":"mine"}`:                                                            {"invalid_fields", "client_id"},
			`{"redirect_uris":["https://app.example.com/"],"token_endpoint_auth_method":"private_key_jwt","jwks":{"keys":[{"kty":"EC"}]}}`: {"invalid_client_metadata", "jwks"},
			`{"redirect_uris":["https://app.example.com/"],"jwks":7}`:                                                                      {"invalid_fields", "jwks"},
			`{"redirect_uris":["https://app.example.com/"],"contacts":["a\u0000b"]}`:                                                       {"", ""},
		} {
			got := w.do(t, "POST", "/v1/oauth_applications", body)
			if want.code == "" {
				got.want(t, 201)
				w.do(t, "DELETE", "/v1/oauth_applications/"+got.text("client_id"), "").want(t, 200)
			} else if got.wantFault(t, 422, "body", want.field); got.text("code") != want.code {
				t.Errorf("%s: %s", body, got.raw)
			}
		}
		before := w.do(t, "GET", "/v1/oauth_applications/"+clientID, "").want(t, 200)
		for body, field := range map[string]string{`{"redirect_uris":null}`: "redirect_uris", `{"redirect_uris":[]}`: "redirect_uris",
			`{"grant_types":["password"]}`: "grant_types", `{"skip_consent":"yes"}`: "skip_consent", `{"x":null}`: "x",
			`{"jwks":{}}`: "jwks", `{"default_max_age":-1}`: "default_max_age", `{"default_max_age":1e30}`: ""} {
			w.do(t, "PATCH", "/v1/oauth_applications/"+clientID, body).wantFault(t, 422, "body", field)
		}
		if after := w.do(t, "GET", "/v1/oauth_applications/"+clientID, ""); after.raw != before.raw || after.header.Get("ETag") != before.header.Get("ETag") {
			t.Errorf("bad input changed the application: %s", after.raw)
		}
		for _, wrong := range []string{"x", id.New(id.Client), "%00", "%ff", "a%20b", strings.Repeat("a", 5000)} {
			for _, o := range []struct{ method, path, body string }{{"GET", "", ""}, {"DELETE", "", ""}, {"PATCH", "", "{}"}, {"POST", "/rotate_secret", ""}} {
				w.do(t, o.method, "/v1/oauth_applications/"+wrong+o.path, o.body).want(t, 404)
			}
		}
	})
}
