package api_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/apikey"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/storage"
)

func TestAPIKeyFromCreationToRevocation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ends := start.Add(time.Hour).UnixMilli()
		made := w.do(t, "POST", "/v1/api_keys", `{"name":"nightly","scopes":["users:read","users:read"],"expires_at":`+
			strconv.FormatInt(ends, 10)+`}`).want(t, http.StatusCreated)
		secret, keyID := made.text("secret"), made.text("id")
		if !strings.HasPrefix(secret, "csk_") || len(secret) != 47 {
			t.Fatalf("secret %q", secret)
		}
		want := map[string]any{"object": "api_key", "id": keyID, "name": "nightly", "hint": secret[43:], "scopes": []any{"users:read"},
			"created_by": w.service, "created_at": float64(start.UnixMilli()), "expires_at": float64(ends), "last_used_at": nil,
			"revoked_at": nil, "revoked_by": nil}
		shown := w.do(t, "GET", "/v1/api_keys/"+keyID, "").want(t, 200)
		if d := cmp.Diff(want, shown.body); d != "" {
			t.Error(d)
		}
		w.person(t, "one@example.com")
		if got := w.send(t, secret, "GET", "/v1/users", "").want(t, 200); !strings.Contains(got.raw, "one@example.com") {
			t.Errorf("list: %s", got.raw)
		}
		got := w.send(t, secret, "GET", "/v1/sessions", "").want(t, 403)
		if h := got.header.Get("WWW-Authenticate"); h != `Bearer realm="curfew", error="insufficient_scope", scope="sessions:read"` {
			t.Errorf("challenge %q", h)
		}
		if err := w.Keys.Note(t.Context()); err != nil {
			t.Fatal(err)
		}
		want["last_used_at"] = float64(start.UnixMilli())
		if d := cmp.Diff(want, w.do(t, "GET", "/v1/api_keys/"+keyID, "").want(t, 200).body); d != "" {
			t.Error(d)
		}

		// At the other endpoints a key is nothing.
		for path, status := range map[string]int{"/oauth/userinfo": 401, "/v1/me/metadata": 401} {
			w.send(t, secret, "GET", path, "").want(t, status)
		}
		// One that is cut, longer or another is none.
		for _, bad := range []string{secret[:46], secret + "A", "csk_" + strings.Repeat("A", 43), "csk_"} {
			w.send(t, bad, "GET", "/v1/users", "").want(t, 401)
		}

		row, err := w.Store.APIKey(t.Context(), keyID)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(row.SecretHash), secret) || len(row.SecretHash) != 32 {
			t.Errorf("stored as %x", row.SecretHash)
		}
		revoked := w.do(t, "POST", "/v1/api_keys/"+keyID+"/revoke", "").want(t, 200)
		if revoked.text("revoked_by") != w.service || revoked.text("secret") != "" {
			t.Errorf("revoked: %s", revoked.raw)
		}
		w.send(t, secret, "GET", "/v1/users", "").want(t, 401)
		w.clock.Advance(time.Second)
		if d := cmp.Diff(revoked.body, w.do(t, "POST", "/v1/api_keys/"+keyID+"/revoke", "").want(t, 200).body); d != "" {
			t.Error(d)
		}
		for kind, n := range map[audit.Kind]int{audit.APIKeyCreated: 1, audit.APIKeyRevoked: 1} {
			list := w.do(t, "GET", "/v1/audit_events?kind="+string(kind), "").want(t, 200)
			if got := len(list.body["data"].([]any)); got != n {
				t.Errorf("%d events %s, want %d", got, kind, n)
			}
		}
	})
}

func TestAPIKeyExpires(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, secret, err := w.Keys.Create(t.Context(), w.Store, apikey.NewKey{Name: "short", Scopes: []string{api.ScopeUsersRead},
			ExpiresAt: start.Add(time.Minute), By: "cli", Kind: storage.MadeByCLI})
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(time.Minute - time.Microsecond)
		w.send(t, secret, "GET", "/v1/users", "").want(t, 200)
		w.clock.Advance(time.Microsecond)
		w.send(t, secret, "GET", "/v1/users", "").want(t, 401)
	})
}

// Nobody has by a key what they have not themselves, nor keeps by one what was taken from them.
func TestAPIKeyIsBoundByItsMaker(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		maker := w.newService(t, "api_keys:write users:read sessions:read")
		token := w.tokenOf(t, maker, "api_keys:write users:read")
		w.send(t, token, "POST", "/v1/api_keys", `{"name":"more","scopes":["users:read","users:write"]}`).wantFault(t, 403, "body", "scopes")
		// Not by the token either: it was issued with less than the client has.
		w.send(t, token, "POST", "/v1/api_keys", `{"name":"more","scopes":["sessions:read"]}`).wantFault(t, 403, "body", "scopes")
		w.send(t, token, "POST", "/v1/api_keys", `{"name":"odd","scopes":["openid"]}`).wantFault(t, 422, "body", "scopes[0]")
		w.send(t, token, "POST", "/v1/api_keys", `{"name":"late","scopes":["users:read"],"expires_at":1}`).wantFault(t, 422, "body", "expires_at")
		secret := w.send(t, token, "POST", "/v1/api_keys", `{"name":"same","scopes":["users:read","api_keys:write"]}`).want(t, 201).text("secret")
		w.send(t, secret, "GET", "/v1/users", "").want(t, 200)
		if got := w.send(t, secret, "POST", "/v1/api_keys", `{"name":"child","scopes":["users:read"]}`).want(t, 403); got.text("code") != "beyond_rights" {
			t.Errorf("a key made another: %s", got.raw)
		}
		c, err := w.Clients.Get(t.Context(), maker)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Clients.Update(t.Context(), w.Store, c, client.Metadata{Scope: "sessions:read", GrantTypes: c.GrantTypes}); err != nil {
			t.Fatal(err)
		}
		w.send(t, secret, "GET", "/v1/users", "").want(t, 403)
		if err := w.Store.DeleteClient(t.Context(), maker); err != nil {
			t.Fatal(err)
		}
		w.send(t, secret, "GET", "/v1/users", "").want(t, 403)
	})
}

// Who can make clients could give them everything.
func TestApplicationsAreBoundByTheirMaker(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.tokenOf(t, w.service, api.ScopeApplicationsWrite)
		w.send(t, token, "POST", "/v1/oauth_applications", `{"grant_types":["client_credentials"],"scope":"users:write"}`).wantFault(t, 403, "body", "scope")
		plain := w.send(t, token, "POST", "/v1/oauth_applications", `{"grant_types":["client_credentials"],"scope":"orders:read"}`).want(t, 201).text("id")
		w.send(t, token, "PATCH", "/v1/oauth_applications/"+plain, `{"scope":"roles:write"}`).wantFault(t, 403, "body", "scope")
		w.send(t, token, "PATCH", "/v1/oauth_applications/"+w.service, `{"client_name":"mine"}`).wantFault(t, 403, "body", "scope")
		w.send(t, token, "POST", "/v1/oauth_applications/"+w.service+"/rotate_secret", "").wantFault(t, 403, "body", "scope")
		w.send(t, token, "PATCH", "/v1/oauth_applications/"+plain, `{"client_name":"mine"}`).want(t, 200)
	})
}
