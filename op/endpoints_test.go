package op_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// RFC 9110 15.5.6: 405 says which methods there are.
func TestMethodsNotAllowed(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	for path, allow := range map[string]string{
		"/.well-known/openid-configuration":             "GET, HEAD",
		"/.well-known/oauth-authorization-server":       "GET, HEAD",
		"/.well-known/jwks.json":                        "GET, HEAD",
		"/oauth/authorize?" + k.request("web").Encode(): "GET, HEAD, POST",
		"/oauth/logout":                                 "GET, HEAD, POST",
		"/oauth/userinfo":                               "GET, HEAD, POST",
		"/oauth/token":                                  "POST",
		"/oauth/introspect":                             "POST",
		"/oauth/revoke":                                 "POST",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get"} {
			a := b.send(httptest.NewRequest(method, issuer+path, nil))
			allowed := false
			for m := range strings.SplitSeq(allow, ", ") {
				allowed = allowed || m == method
			}
			if (a.StatusCode == http.StatusMethodNotAllowed) == allowed {
				t.Errorf("%s %.40s: %d", method, path, a.StatusCode)
			}
			if !allowed && a.Header.Get("Allow") != allow {
				t.Errorf("%s %.40s: Allow %q", method, path, a.Header.Get("Allow"))
			}
		}
	}
}

// RFC 6749 5.1, RFC 6750 5.3: no cache keeps what these endpoints say, errors included.
func TestNoStore(t *testing.T) {
	k := light(t)
	got := k.signedIn(k.person("user@example.com")).signInTo("web")
	answers := map[string]answer{
		"token":                 k.refresh("web", got.RefreshToken),
		"token, refused":        k.refresh("web", "x"),
		"token, wrong method":   k.browser().get("/oauth/token"),
		"client credentials":    k.call("/oauth/token", "machine", url.Values{"grant_type": {"client_credentials"}}),
		"userinfo":              k.userinfo(got.AccessToken),
		"userinfo, refused":     k.userinfo("x"),
		"introspection":         k.call("/oauth/introspect", "web", url.Values{"token": {got.AccessToken}}),
		"introspection, nobody": k.send(formRequest("/oauth/introspect", url.Values{"token": {"x"}})),
		"introspection, empty":  k.call("/oauth/introspect", "web", nil),
		"revocation":            k.call("/oauth/revoke", "web", url.Values{"token": {"x"}}),
		"revocation, empty":     k.call("/oauth/revoke", "web", nil),
		"authorize":             k.browser().authorize("web"),
		"end_session":           k.browser().get("/oauth/logout"),
	}
	for name, a := range answers {
		if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Pragma") != "no-cache" {
			t.Errorf("%s: %d, Cache-Control %q, Pragma %q", name, a.StatusCode, a.Header.Get("Cache-Control"), a.Header.Get("Pragma"))
		}
		if a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: nosniff", name)
		}
	}
}

// The issuer is configured. Nothing that a request says changes it, nor where anything leads.
func TestIssuerIsNeverTakenFromTheRequest(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	code := b.code("web")
	evil := func(r *http.Request) *http.Request {
		r.Host = "evil.example.com"
		for name, v := range map[string]string{"X-Forwarded-Host": "evil.example.com", "X-Forwarded-Proto": "http", "X-Forwarded-For": "192.0.2.9",
			"Forwarded": "host=evil.example.com;proto=http", "X-Original-Host": "evil.example.com", "X-Original-URL": "/evil", "X-Rewrite-URL": "/evil",
			"X-HTTP-Method-Override": "PUT"} {
			r.Header.Set(name, v)
		}
		return r
	}
	got := k.send(evil(k.authenticated(formRequest("/oauth/token", k.codeForm("web", code)), "web")))
	for _, tok := range []string{got.tokens(t).AccessToken, got.tokens(t).IDToken} {
		if _, claims := parts(t, tok); claims["iss"] != issuer {
			t.Errorf("issuer %v", claims["iss"])
		}
	}
	for _, path := range []string{"/.well-known/openid-configuration", "/oauth/authorize?" + k.request("web").Encode(), "/oauth/authorize",
		"/oauth/logout", "/oauth/authorize?" + k.request("web", "prompt", "login").Encode()} {
		for _, who := range []*browser{b, k.browser()} {
			a := who.send(evil(httptest.NewRequest("GET", issuer+path, nil)))
			if strings.Contains(a.body, "evil") || strings.Contains(a.Header.Get("Location"), "evil") {
				t.Errorf("%.60s: %s %s", path, a.Header.Get("Location"), a.body)
			}
		}
	}
}

// With the database gone every endpoint says so in its own form, and nothing of why.
func TestInternalErrorsAreNotTold(t *testing.T) {
	store, err := storage.Open(t.Context(), storagetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	k := newKit(t, store)
	b := k.signedIn(k.person("user@example.com"))
	got, code := b.signInTo("web"), b.code("web")
	public := b.signInTo("spa")
	codeForm, request := k.codeForm("web", code), k.request("web").Encode()
	k.must(store.Close())
	for name, a := range map[string]answer{
		"code":                k.call("/oauth/token", "web", codeForm),
		"refresh":             k.refresh("web", got.RefreshToken),
		"rotation":            k.refresh("spa", public.RefreshToken),
		"client credentials":  k.call("/oauth/token", "machine", url.Values{"grant_type": {"client_credentials"}}),
		"introspection":       k.call("/oauth/introspect", "web", url.Values{"token": {got.AccessToken}}),
		"revocation":          k.call("/oauth/revoke", "web", url.Values{"token": {got.RefreshToken}}),
		"userinfo":            k.userinfo(got.AccessToken),
		"authorize":           b.get("/oauth/authorize?" + request),
		"authorize, unknown":  b.get("/oauth/authorize?client_id=unknown"),
		"end_session":         b.get("/oauth/logout?client_id=web"),
		"end_session by hint": b.get("/oauth/logout?id_token_hint=" + got.IDToken),
	} {
		if a.StatusCode != http.StatusInternalServerError {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
		said := strings.ToLower(a.body)
		for _, word := range []string{"sql", "closed", "database", "select", "update", ".go", "/op/", "sessions", "goroutine", "error\":\"error"} {
			if strings.Contains(said, word) {
				t.Errorf("%s: %q in %s", name, word, a.body)
			}
		}
		if a.Header.Get("Content-Type") == "application/json" {
			a.wantError(t, 500, "server_error")
		}
	}
	// What needs no database goes on.
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/jwks.json"} {
		if a := b.get(path); a.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
}

// RFC 6750 2, 3.1: one token, in the header or in a form, never in the URL.
func TestUserinfoRequests(t *testing.T) {
	k := light(t)
	tok := k.signedIn(k.person("user@example.com")).signInTo("web").AccessToken
	get := func(path string, header ...string) answer {
		r := httptest.NewRequest("GET", issuer+path, nil)
		for _, h := range header {
			r.Header.Add("Authorization", h)
		}
		return k.send(r)
	}
	post := func(contentType, body string, header ...string) answer {
		r := httptest.NewRequest("POST", issuer+"/oauth/userinfo", strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		for _, h := range header {
			r.Header.Add("Authorization", h)
		}
		return k.send(r)
	}
	form, body := "application/x-www-form-urlencoded", url.Values{"access_token": {tok}}.Encode()
	for name, c := range map[string]struct {
		answer
		status int
		code   string
	}{
		"header":             {get("/oauth/userinfo", "Bearer "+tok), 200, ""},
		"lower case":         {get("/oauth/userinfo", "bearer "+tok), 200, ""},
		"form":               {post(form, body), 200, ""},
		"POST with header":   {post(form, "", "Bearer "+tok), 200, ""},
		"nothing":            {get("/oauth/userinfo"), 401, ""},
		"empty":              {get("/oauth/userinfo", "Bearer "), 401, ""},
		"basic":              {get("/oauth/userinfo", "Basic d2ViOng="), 401, ""},
		"empty form":         {post(form, ""), 401, ""},
		"garbage":            {get("/oauth/userinfo", "Bearer x y"), 401, "invalid_token"},
		"query":              {get("/oauth/userinfo?access_token=" + tok), 400, "invalid_request"},
		"header and query":   {get("/oauth/userinfo?access_token="+tok, "Bearer "+tok), 400, "invalid_request"},
		"two headers":        {get("/oauth/userinfo", "Bearer "+tok, "Bearer "+tok), 400, "invalid_request"},
		"header and form":    {post(form, body, "Bearer "+tok), 400, "invalid_request"},
		"two in the form":    {post(form, body+"&"+body), 400, "invalid_request"},
		"JSON":               {post("application/json", `{"access_token":"`+tok+`"}`), 400, "invalid_request"},
		"empty in the query": {get("/oauth/userinfo?access_token=", "Bearer "+tok), 400, "invalid_request"},
		"too large":          {post(form, strings.Repeat("x", 1<<17)), 400, "invalid_request"},
	} {
		if c.StatusCode != c.status {
			t.Errorf("%s: %d, want %d: %s", name, c.StatusCode, c.status, c.body)
		}
		challenge := c.Header.Get("WWW-Authenticate")
		if c.status != 200 && (!strings.HasPrefix(challenge, "Bearer ") || strings.Contains(challenge, "error=") != (c.code != "") || !strings.Contains(challenge, c.code)) {
			t.Errorf("%s: WWW-Authenticate %q", name, challenge)
		}
	}
}

// Cookies of any number, size and spelling are a browser that is not signed in, or a refused request: never a failure.
func TestBadCookies(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	good := b.cookies["__Host-curfew_session"]
	before := k.stored()
	for name, header := range map[string]string{
		"twice":        "__Host-curfew_session=" + good + "; __Host-curfew_session=" + good,
		"garbage":      "__Host-curfew_session=x",
		"empty":        "__Host-curfew_session=",
		"long":         "__Host-curfew_session=" + strings.Repeat("A", 8000),
		"zeros":        "__Host-curfew_session=" + strings.Repeat("A", 86),
		"longer":       "__Host-curfew_session=" + good + "AAAA",
		"without host": "curfew_session=" + good,
		"quoted twice": `__Host-curfew_session=""` + good + `""`,
		"broken":       "=;=;;;__Host-curfew_session",
		"many":         strings.Repeat("a=b; ", 2000),
		"device":       "__Host-curfew_device=x; __Host-curfew_device=y",
	} {
		for _, path := range []string{"/oauth/authorize?" + k.request("web", "prompt", "none", "scope", "unknown").Encode(), "/oauth/logout?client_id=web"} {
			r := httptest.NewRequest("GET", issuer+path, nil)
			r.Header.Set("Cookie", header)
			if a := k.send(r); a.StatusCode >= 500 || strings.HasPrefix(a.body, "confirm") {
				t.Errorf("%s at %.20s: %d %s", name, path, a.StatusCode, a.body)
			}
		}
		r := httptest.NewRequest("GET", issuer+"/", nil)
		r.Header.Set("Cookie", header)
		if _, err := k.sessions.Current(r); err == nil {
			t.Errorf("%s is a session", name)
		}
	}
	if after := k.stored(); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}
