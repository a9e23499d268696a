package api_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/storage"
)

// payload is what a JWT says.
func payload(t *testing.T, jwt string) map[string]any {
	t.Helper()
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		t.Fatalf("no JWT: %q", jwt)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// refreshed returns what the access and the ID token of a refresh say.
func (w *world) refreshed(t *testing.T, a *app) (access, id map[string]any) {
	t.Helper()
	got := w.post(t, a, "/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {a.refresh}}).want(t, 200)
	if n := len(got.text("access_token")); n > 4<<10 {
		t.Errorf("the access token has %d bytes", n)
	}
	return payload(t, got.text("access_token")), payload(t, got.text("id_token"))
}

func TestTemplatesAreInTheNextToken(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.person(t, "ada@example.com")
		s := w.session(t, userID)
		a, b := w.takePart(t, s, "openid"), w.takePart(t, s, "openid")
		bare, _ := w.refreshed(t, a)

		w.do(t, "PUT", "/v1/claim_templates/session", `{"claims":{"plan":"{{user.public_metadata.plan || 'free'}}","email":"{{user.primary_email}}","at":"{{session.id}}"}}`).want(t, 200)
		w.do(t, "PUT", "/v1/claim_templates/client/"+b.id, `{"claims":{"plan":"client {{client.id}}","verified":"{{user.email_verified}}"}}`).want(t, 200)
		access, id := w.refreshed(t, a)
		for _, c := range []map[string]any{access, id} {
			if c["plan"] != "free" || c["email"] != "ada@example.com" || c["at"] != s.ID || c["verified"] != nil {
				t.Errorf("%v", c)
			}
		}
		for name, v := range bare { // what curfew says itself stands as before
			if name != "jti" && cmp.Diff(v, access[name]) != "" {
				t.Errorf("%s: %v, before %v", name, access[name], v)
			}
		}
		if access, _ := w.refreshed(t, b); access["plan"] != "client "+b.id || access["verified"] != true || access["email"] != "ada@example.com" {
			t.Errorf("%v", access)
		}
		// A change of metadata, of the role and of the template is in the very next token.
		w.do(t, "PATCH", "/v1/users/"+userID+"/metadata", `{"public_metadata":{"plan":"pro"}}`).want(t, 200)
		if access, _ := w.refreshed(t, a); access["plan"] != "pro" {
			t.Errorf("%v", access)
		}
		w.do(t, "PUT", "/v1/claim_templates/session", `{"claims":{"plan":["{{user.public_metadata.plan}}"]}}`).want(t, 200)
		if access, _ := w.refreshed(t, a); cmp.Diff([]any{"pro"}, access["plan"]) != "" || access["email"] != nil {
			t.Errorf("%v", access)
		}
		w.do(t, "DELETE", "/v1/claim_templates/session", "").want(t, 200)
		w.do(t, "DELETE", "/v1/claim_templates/client/"+b.id, "").want(t, 200)
		for _, a := range []*app{a, b} {
			if access, _ := w.refreshed(t, a); access["plan"] != nil {
				t.Errorf("%v", access)
			}
		}
	})
}

func TestTemplatesAreRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.takePart(t, w.session(t, w.person(t, "ada@example.com")), "openid")
		fault := func(path, claims, at, reason string) {
			t.Helper()
			got := w.do(t, "PUT", "/v1/claim_templates"+path, `{"claims":`+claims+`}`).wantFault(t, 422, "body", at)
			if got.text("code") != "invalid_claim_template" || !strings.Contains(got.text("detail"), reason) {
				t.Error(got.raw)
			}
		}
		for _, path := range []string{"/session", "/client/" + a.id, "/named/hasura"} {
			for _, name := range []string{"sub", "sid", "exp", "act", "may_act", "aud", "iss", "scope"} {
				fault(path, `{"x":1,"`+name+`":"y"}`, "claims."+name, "cannot be set")
			}
			fault(path, `{"a":{"b":["{{user.secret}}"]}}`, "claims.a.b[0]", "there is no")
			fault(path, `{"a":"{{user.public_metadata:2048}}","b":"{{user.name}}"}`, "claims.a", "could take")
			w.do(t, "GET", "/v1/claim_templates"+path, "").want(t, 404)
			w.do(t, "DELETE", "/v1/claim_templates"+path, "").want(t, 404)
		}
		w.do(t, "PUT", "/v1/claim_templates/client/unknown", `{"claims":{}}`).want(t, 404)
		w.do(t, "PUT", "/v1/claim_templates/named/Has%20ura", `{"claims":{}}`).want(t, 422)
		w.do(t, "PUT", "/v1/claim_templates/session", `{"claims":[]}`).want(t, 422)
		// Two that fit alone and not together.
		half := func(name string) string { return `{"` + name + `":"{{user.public_metadata.` + name + `:1500}}"}` }
		w.do(t, "PUT", "/v1/claim_templates/session", `{"claims":`+half("a")+`}`).want(t, 200)
		fault("/client/"+a.id, half("b"), "claims.a", "together with that of all clients")
		w.do(t, "PUT", "/v1/claim_templates/client/"+a.id, `{"claims":`+half("a")+`}`).want(t, 200) // takes the place of the other's
		fault("/session", half("b"), "claims.b", "together with that of the client "+a.id)
		// A version that is not the present one.
		got := w.do(t, "GET", "/v1/claim_templates/session", "").want(t, 200)
		w.do(t, "PUT", "/v1/claim_templates/session", `{"claims":{}}`, "If-Match", `"7"`).want(t, 412)
		w.do(t, "PUT", "/v1/claim_templates/session", `{"claims":{}}`, "If-Match", got.header.Get("ETag")).want(t, 200)
		if list := w.do(t, "GET", "/v1/claim_templates", "").want(t, 200); len(list.body["data"].([]any)) != 2 {
			t.Error(list.raw)
		}
	})
}

// Of two that do not fit together and are saved at the same time, one is refused.
func TestTemplatesSavedAtOnceFitTogether(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.takePart(t, w.session(t, w.person(t, "ada@example.com")), "openid")
		var done sync.WaitGroup
		statuses := make([]int, 2)
		for i, path := range []string{"/session", "/client/" + a.id} {
			done.Go(func() {
				statuses[i] = w.do(t, "PUT", "/v1/claim_templates"+path, fmt.Sprintf(`{"claims":{"c%d":"{{user.public_metadata.x:1500}}"}}`, i)).status
			})
		}
		done.Wait()
		if statuses[0]+statuses[1] != 200+422 {
			t.Errorf("%v", statuses)
		}
		w.refreshed(t, a)
	})
}

func TestDryRun(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for i := range 9 {
			w.person(t, fmt.Sprintf("user%d@example.com", i))
		}
		largest := w.person(t, "large@example.com")
		w.do(t, "PATCH", "/v1/users/"+largest+"/metadata", `{"public_metadata":{"note":"`+strings.Repeat("x", 200)+`","huge":"`+strings.Repeat("y", 400)+`"}}`).want(t, 200)
		got := w.do(t, "POST", "/v1/claim_templates/dry_run", `{"claims":{"n":"{{user.public_metadata.note || 0}}","h":"{{user.public_metadata.huge || 0}}"}}`).want(t, 200)
		want := map[string]any{"object": "claim_template_sizes", "users": 10.0, "p50": 11.0, "p99": 11.0, "max": 212.0, "max_bytes": 521.0,
			"too_large": 1.0, "largest_user_id": largest, "largest": map[string]any{"n": strings.Repeat("x", 200), "h": 0.0}}
		if d := cmp.Diff(want, got.body); d != "" {
			t.Error(d)
		}
		w.do(t, "POST", "/v1/claim_templates/dry_run", `{"claims":{"act":{}}}`).wantFault(t, 422, "body", "claims.act")
		w.do(t, "GET", "/v1/claim_templates", "").want(t, 200)
	})
}

func TestNamedTokens(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.session(t, w.person(t, "ada@example.com"))
		a := w.takePart(t, s, "openid")
		w.do(t, "PUT", "/v1/claim_templates/named/hasura", `{"claims":{"https://hasura.io/jwt/claims":{"x-hasura-user-id":"{{user.id}}",
			"x-hasura-client":"{{client.id || 'none'}}"}}}`).want(t, 200)
		path := "/v1/sessions/" + s.ID + "/tokens/hasura"
		made := w.do(t, "POST", path, "").want(t, 200)
		own := w.send(t, a.access, "POST", "/v1/me/tokens/hasura", "").want(t, 200)
		for got, by := range map[*answer]string{&made: "none", &own: a.id} {
			claims := payload(t, got.text("jwt"))
			hasura := map[string]any{"x-hasura-user-id": s.UserID, "x-hasura-client": by}
			if claims["sub"] != s.UserID || claims["sid"] != s.ID || claims["aud"] != "hasura" || claims["iss"] != issuer ||
				claims["exp"].(float64)-claims["iat"].(float64) != 60 || claims["iat"] != float64(w.clock.Now().Unix()) ||
				cmp.Diff(hasura, claims["https://hasura.io/jwt/claims"]) != "" {
				t.Errorf("%v", claims)
			}
			if got.body["expires_in"] != 60.0 {
				t.Error(got.raw)
			}
		}
		// It is good for nothing at curfew itself.
		named := own.text("jwt")
		w.send(t, named, "GET", "/oauth/userinfo", "").want(t, 401)
		w.send(t, named, "POST", "/v1/me/tokens/hasura", "").want(t, 401)
		w.send(t, named, "GET", "/v1/users", "").want(t, 401)
		for _, typ := range []key.Typ{key.TypAccess, key.TypID, key.TypLogout} {
			if _, err := w.Ring.Verify(t.Context(), named, typ); !errors.Is(err, key.ErrInvalid) {
				t.Errorf("passes as %s", typ)
			}
		}
		for _, gone := range []string{"/v1/sessions/" + s.ID + "/tokens/unknown", "/v1/sessions/ses_x/tokens/hasura"} {
			w.do(t, "POST", gone, "").want(t, 404)
		}
		w.send(t, a.access, "POST", "/v1/me/tokens/unknown", "").want(t, 404)
		w.do(t, "POST", "/v1/sessions/"+s.ID+"/revoke", "").want(t, 200)
		w.do(t, "POST", path, "").want(t, 404)
		w.send(t, a.access, "POST", "/v1/me/tokens/hasura", "").want(t, 401)
	})
}

// What is for people opens to a person's token with the scope and to no other, and never says what is private.
func TestOwnOperationsAreGuarded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.person(t, "ada@example.com")
		w.do(t, "PATCH", "/v1/users/"+userID+"/metadata", `{"public_metadata":{"a":1},"private_metadata":{"secret":"b"},"unsafe_metadata":{"c":{"d":1,"e":2}}}`).want(t, 200)
		s := w.session(t, userID)
		plain, full := w.takePart(t, s, "openid"), w.takePart(t, s, "openid profile unsafe_metadata:write")
		service := w.tokenOf(t, w.service, "openid profile unsafe_metadata:write users:write")
		for _, c := range []struct{ method, path, body string }{{"GET", "/v1/me/metadata", ""}, {"PATCH", "/v1/me/metadata", `{"unsafe_metadata":{"x":1}}`},
			{"POST", "/v1/me/tokens/x", ""}} {
			w.send(t, "", c.method, c.path, c.body).want(t, 401)
			w.send(t, full.idToken, c.method, c.path, c.body).want(t, 401)
			w.send(t, full.refresh, c.method, c.path, c.body).want(t, 401)
			w.send(t, service, c.method, c.path, c.body).want(t, 403)
			if !strings.Contains(c.path, "tokens") {
				w.send(t, plain.access, c.method, c.path, c.body).want(t, 403)
			}
		}
		got := w.send(t, full.access, "GET", "/v1/me/metadata", "").want(t, 200)
		if d := cmp.Diff(map[string]any{"object": "metadata", "public_metadata": map[string]any{"a": 1.0},
			"unsafe_metadata": map[string]any{"c": map[string]any{"d": 1.0, "e": 2.0}}}, got.body); d != "" {
			t.Error(d)
		}
		got = w.send(t, full.access, "PATCH", "/v1/me/metadata", `{"unsafe_metadata":{"c":{"d":null},"f":3}}`).want(t, 200)
		if d := cmp.Diff(map[string]any{"c": map[string]any{"e": 2.0}, "f": 3.0}, got.body["unsafe_metadata"]); d != "" {
			t.Error(d)
		}
		for _, body := range []string{`{"public_metadata":{"a":2}}`, `{"private_metadata":{}}`, `{"unsafe_metadata":{},"role":"owner"}`} {
			w.send(t, full.access, "PATCH", "/v1/me/metadata", body).want(t, 422)
		}
		w.send(t, full.access, "PATCH", "/v1/me/metadata", `{"unsafe_metadata":{"x":"`+strings.Repeat("y", 9000)+`"}}`).wantFault(t, 422, "body", "unsafe_metadata")
		if got := w.do(t, "GET", "/v1/users/"+userID, "").want(t, 200); cmp.Diff(map[string]any{"a": 1.0}, got.body["public_metadata"]) != "" ||
			got.text("role") != "" || strings.Contains(got.raw, "yyyy") {
			t.Error(got.raw)
		}
		list, _ := w.events(t, userID)
		if e := list[0]; e.Actor != userID || e.Kind != "user.updated" {
			t.Errorf("%+v", e)
		}
		// Impersonated, one sees and changes nothing.
		row := &storage.Session{UserID: userID, ID: "ses_00000000000000000000000000", Kind: storage.KindImpersonation, AuthenticatedAt: storage.At(w.clock.Now()),
			CreatedAt: storage.At(w.clock.Now()), LastActiveAt: storage.At(w.clock.Now()), IdleTTL: time.Hour.Microseconds(), ExpiresAt: storage.At(w.clock.Now().Add(time.Hour))}
		if err := w.Store.StartSession(t.Context(), row); err != nil {
			t.Fatal(err)
		}
		other := w.takePart(t, row, "openid profile unsafe_metadata:write")
		w.send(t, other.access, "GET", "/v1/me/metadata", "").want(t, 200)
		w.send(t, other.access, "PATCH", "/v1/me/metadata", `{"unsafe_metadata":{"z":1}}`).want(t, 403)
	})
}

func TestOwnOperationsAnswerRegisteredOriginsOnly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, _, err := w.Clients.Register(t.Context(), w.Store, "", client.Metadata{TokenEndpointAuthMethod: client.AuthNone, RedirectURIs: []string{"https://app.example.com/"}})
		if err != nil {
			t.Fatal(err)
		}
		for origin, status := range map[string]int{"https://app.example.com": 204, "https://evil.example.com": 403} {
			w.send(t, "", "OPTIONS", "/v1/me/metadata", "", "Origin", origin, "Access-Control-Request-Method", "GET").want(t, status)
		}
		got := w.send(t, "", "OPTIONS", "/v1/users", "", "Origin", "https://app.example.com", "Access-Control-Request-Method", "GET")
		if got.status < 400 || got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%d %v", got.status, got.header)
		}
	})
}
