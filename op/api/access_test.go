package api_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/client"
)

func basic(user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
}

type described struct {
	method, path, scope string
}

// operations reads from the API's own description what there is.
func operations(t *testing.T, w *world) (list []described) {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]struct {
			Security []map[string][]string `json:"security"`
		} `json:"paths"`
	}
	if err := json.Unmarshal([]byte(w.send(t, "", "GET", "/v1/openapi.json", "").want(t, 200).raw), &doc); err != nil {
		t.Fatal(err)
	}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if len(op.Security) == 1 && op.Security[0]["access_token"] != nil {
				continue // for people, see TestOwnOperationsAreGuarded
			}
			if len(op.Security) != 1 || len(op.Security[0]["oauth2"]) != 1 {
				t.Fatalf("%s %s declares %v", method, path, op.Security)
			}
			list = append(list, described{strings.ToUpper(method), path, op.Security[0]["oauth2"][0]})
		}
	}
	if len(list) < 16 {
		t.Fatalf("the description has only %d operations", len(list))
	}
	return list
}

var parameter = regexp.MustCompile(`\{[a-z_]+\}`)

// Every operation that the description names refuses everybody but a client with the scope it declares.
func TestEveryOperationIsGuarded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		all := strings.Join(api.Scopes, " ")
		s := w.session(t, w.person(t, "guard@example.com"))
		a := w.takePart(t, s, "openid "+all)
		// A client whose token has the scope and whose registration has it no more.
		stripped := w.newService(t, "other:read")
		// A client that was deleted after its token was issued.
		gone := w.newService(t, all)
		if err := w.Store.DeleteClient(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
		expired := w.tokenOf(t, w.service, all)
		w.clock.Advance(time.Minute)
		a.access = string(must(w.Tokens.Access(nil, must(w.Store.Grant(t.Context(), s.UserID, a.grant.FamilyID, w.clock.Now())), nil)))
		good := w.tokenOf(t, w.service, all)
		hook := w.hook(t, `{"url":"https://app.example.com/hooks"}`).text("id")

		for _, o := range operations(t, w) {
			target, known := map[string]string{"sessions": s.ID, "users": s.UserID, "oauth_applications": a.id,
				"webhooks": hook}[strings.Split(o.path, "/")[2]]
			if !known { // the guard stands before the resource
				target = "unknown"
			}
			path := parameter.ReplaceAllString(strings.Replace(o.path, "{id}", target, 1), "unknown")
			others := slices.DeleteFunc(slices.Clone(api.Scopes), func(x string) bool { return x == o.scope })
			cases := map[string]struct {
				token     string
				status    int
				challenge string
			}{
				"no token":               {"", 401, `Bearer realm="curfew"`},
				"garbage":                {"garbage", 401, `Bearer realm="curfew", error="invalid_token"`},
				"broken signature":       {good[:len(good)-6] + "AAAAAA", 401, `Bearer realm="curfew", error="invalid_token"`},
				"expired":                {expired, 401, `Bearer realm="curfew", error="invalid_token"`},
				"an ID token":            {a.idToken, 401, `Bearer realm="curfew", error="invalid_token"`},
				"a refresh token":        {a.refresh, 401, `Bearer realm="curfew", error="invalid_token"`},
				"a deleted client's":     {w.tokenOf(t, gone, all), 401, `Bearer realm="curfew", error="invalid_token"`},
				"a user's, with scope":   {a.access, 403, `Bearer realm="curfew", error="insufficient_scope", scope="` + o.scope + `"`},
				"all scopes but one":     {w.tokenOf(t, w.service, strings.Join(others, " ")), 403, `Bearer realm="curfew", error="insufficient_scope", scope="` + o.scope + `"`},
				"a scope taken away":     {w.tokenOf(t, stripped, all), 403, `Bearer realm="curfew", error="insufficient_scope", scope="` + o.scope + `"`},
				"a scope as a substring": {w.tokenOf(t, w.service, o.scope+"x x"+o.scope), 403, `Bearer realm="curfew", error="insufficient_scope", scope="` + o.scope + `"`},
			}
			for _, name := range slices.Sorted(maps.Keys(cases)) {
				c := cases[name]
				got := w.send(t, c.token, o.method, path, "")
				if got.status != c.status || got.header.Get("WWW-Authenticate") != c.challenge {
					t.Errorf("%s %s with %s: %d %q, want %d %q", o.method, o.path, name, got.status,
						got.header.Get("WWW-Authenticate"), c.status, c.challenge)
				}
				if got.header.Get("Content-Type") != "application/problem+json" || got.header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s %s with %s: headers %v", o.method, o.path, name, got.header)
				}
				if got.text("request_id") == "" || got.text("request_id") != got.header.Get("X-Request-Id") {
					t.Errorf("%s %s with %s: request id %q in the body, %q in the header", o.method, o.path, name,
						got.text("request_id"), got.header.Get("X-Request-Id"))
				}
			}
			// The one scope alone lets the request past the guard, whatever becomes of it behind.
			if got := w.send(t, w.tokenOf(t, w.service, o.scope), o.method, path+"?unknown=1", ""); got.status == 401 || got.status == 403 || got.status >= 500 {
				t.Errorf("%s %s with its scope: %d %s", o.method, o.path, got.status, got.raw)
			}
		}
		// Nothing of all that has changed anything.
		for _, path := range []string{"/v1/users/" + s.UserID, "/v1/oauth_applications/" + a.id, "/v1/webhooks/" + hook} {
			if got := w.do(t, "GET", path, "").want(t, 200); got.header.Get("ETag") != `"1"` {
				t.Errorf("%s was changed: %s", path, got.raw)
			}
		}
		if got := w.do(t, "GET", "/v1/sessions/"+s.ID, "").want(t, 200).text("status"); got != "active" {
			t.Errorf("the session is %s", got)
		}
	})
}

func TestPublicClientHasNoWayIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c, _, err := w.Clients.Register(t.Context(), w.Store, "", client.Metadata{TokenEndpointAuthMethod: client.AuthNone,
			RedirectURIs: []string{"https://app.example.com/"}, Scope: strings.Join(api.Scopes, " ")})
		if err != nil {
			t.Fatal(err)
		}
		w.send(t, w.tokenOf(t, c.ID, api.ScopeUsersRead), "GET", "/v1/users", "").want(t, http.StatusForbidden)
	})
}

func TestTwoAuthorizationHeaders(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := newRequest("GET", "/v1/users", w.tokenOf(t, w.service, api.ScopeUsersRead))
		r.Header.Add("Authorization", "Bearer other")
		if got := w.serve(r); got.Code != 400 {
			t.Errorf("status %d", got.Code)
		}
		w.send(t, "", "GET", "/v1/users", "", "Authorization", "Basic "+basic("a", "b")).want(t, 401)
		w.send(t, "", "GET", "/v1/users?access_token="+w.tokenOf(t, w.service, api.ScopeUsersRead), "").want(t, 401)
	})
}

func TestUnknownPathsAndMethods(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, path := range []string{"/v1/", "/v1/nothing", "/v1/users/a/b/c", "/v1/openapi.yaml", "/v1/docs", "/v1/schemas/User.json"} {
			if got := w.do(t, "GET", path, "").want(t, 404); got.text("code") != "not_found" || got.text("request_id") == "" {
				t.Errorf("%s: %s", path, got.raw)
			}
		}
		// The methods are those of the resource itself, not of one whose id its name could be.
		for path, allow := range map[string]string{"/v1/users": "GET, HEAD, POST", "/v1/users/export": "GET, HEAD", "/v1/sessions/end_all": "POST",
			"/v1/users/usr_x": "DELETE, GET, HEAD, PATCH", "/v1/openapi.json": "GET, HEAD"} {
			for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
				if strings.Contains(allow, method) {
					continue
				}
				got := w.do(t, method, path, "{}").want(t, 405)
				if got.text("code") != "method_not_allowed" || got.header.Get("Allow") != allow {
					t.Errorf("%s %s: %s, Allow %q", method, path, got.raw, got.header.Get("Allow"))
				}
			}
		}
	})
}

// A path that is not written as it is leads nowhere, and above all not to another.
func TestPathsAreNotPutRight(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.person(t, "one@example.com")
		for _, path := range []string{"/v1//users", "//v1/users", "//v1", "/v1/users//" + userID, "/v1/./users", "/v1/users/../users", "/v1/users/" + userID + "/..", "/x/../v1/users", "/v1/users//"} {
			for _, method := range []string{"GET", "POST", "DELETE"} {
				got := w.do(t, method, path, "").want(t, 404)
				if got.text("code") != "not_found" || got.text("request_id") == "" || got.header.Get("Location") != "" {
					t.Errorf("%s %s: %s", method, path, got.raw)
				}
			}
		}
	})
}
