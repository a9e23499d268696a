package op_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/op/client"
)

// OpenID Connect Core 3.1.2.6, RFC 6749 4.1.2.1, RFC 9207 2: what is wrong with a request of a known client goes back to it,
// with its state and with our name.
func TestAuthorizeErrorsGoBackToTheClient(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	long := strings.Repeat("x", 2001)
	for _, c := range []struct {
		code  string
		pairs []string
	}{
		{"invalid_request", []string{"response_type", ""}},
		{"unsupported_response_type", []string{"response_type", "token"}},
		{"unsupported_response_type", []string{"response_type", "id_token"}},
		{"unsupported_response_type", []string{"response_type", "code id_token"}},
		{"unsupported_response_type", []string{"response_type", "none"}},
		{"unsupported_response_type", []string{"response_type", "CODE"}},
		{"invalid_request", []string{"response_mode", "web_message"}},
		{"invalid_request", []string{"response_mode", "query.jwt"}},
		{"request_not_supported", []string{"request", "x.y.z"}},
		{"request_uri_not_supported", []string{"request_uri", "https://rp.example.com/r"}},
		{"request_uri_not_supported", []string{"request_uri", "urn:ietf:params:oauth:request_uri:x"}},
		{"registration_not_supported", []string{"registration", "{}"}},
		{"invalid_scope", []string{"scope", ""}},
		{"invalid_scope", []string{"scope", "unknown"}},
		{"invalid_scope", []string{"scope", "\x01"}},
		{"invalid_request", []string{"prompt", "none login"}},
		{"invalid_request", []string{"prompt", "consent none"}},
		{"invalid_request", []string{"prompt", "LOGIN"}},
		{"invalid_request", []string{"prompt", "unknown"}},
		{"invalid_request", []string{"max_age", "-1"}},
		{"invalid_request", []string{"max_age", "1.5"}},
		{"invalid_request", []string{"max_age", "0x10"}},
		{"invalid_request", []string{"max_age", "9999999999999999999999"}},
		{"invalid_request", []string{"max_age", " 1"}},
		{"invalid_request", []string{"nonce", long}},
		{"invalid_request", []string{"login_hint", long}},
		{"invalid_request", []string{"id_token_hint", "x"}},
		{"invalid_request", []string{"claims", "x"}},
		{"invalid_request", []string{"claims", "[]"}},
		{"invalid_request", []string{"claims", `{"userinfo":[]}`}},
		{"invalid_request", []string{"claims", `{"id_token":{"acr":{"values":"x"}}}`}},
		{"invalid_request", []string{"claims", `{"id_token":{"acr":{"essential":"yes"}}}`}},
		{"invalid_request", []string{"acr_values", long}},
		{"invalid_request", []string{"ui_locales", strings.Repeat("de ", 700)}},
		{"invalid_request", []string{"claims", strings.Repeat("[", 3000)}},
		{"invalid_request", []string{"claims", `{"userinfo":{"x":{"value":"` + strings.Repeat("x", 5000) + `"}}}`}},
	} {
		a := b.authorize("web", c.pairs...)
		u := a.location(t)
		q := u.Query()
		if u.Scheme+"://"+u.Host+u.Path != "https://rp.example.com/cb" || q.Get("error") != c.code || q.Has("code") {
			t.Errorf("%.80q: %v, want %s", c.pairs, u, c.code)
		}
		if q.Get("state") != "st/ä te" || q.Get("iss") != issuer || len(q["state"]) != 1 || len(q["error"]) != 1 {
			t.Errorf("%.80q: %v", c.pairs, q)
		}
		if strings.ContainsAny(q.Get("error_description"), "\"\\") || len(q.Get("error_description")) > 200 {
			t.Errorf("%.80q: description %q", c.pairs, q.Get("error_description"))
		}
		if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%.80q: headers %v", c.pairs, a.Header)
		}
	}
	q := b.authorize("web", "state", long).location(t).Query()
	if q.Get("error") != "invalid_request" {
		t.Errorf("long state: %v", q)
	}
	if q := b.authorize("web", "state", "", "response_type", "").location(t).Query(); q.Has("state") {
		t.Errorf("a state from nowhere: %v", q)
	}
}

// Where it is not known whose request it is, or a reader might take it for another one, it goes nowhere.
func TestAuthorizeShowsAPageWhereItMustNotRedirect(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	good := k.request("web")
	for name, query := range map[string]string{
		"nothing":            "",
		"no client":          with(good, "client_id", "").Encode(),
		"unknown client":     with(good, "client_id", "nobody").Encode(),
		"long client":        with(good, "client_id", strings.Repeat("x", 5000)).Encode(),
		"client with NUL":    good.Encode() + "%00",
		"quotes":             with(good, "client_id", "web' OR '1'='1").Encode(),
		"no redirect":        with(good, "redirect_uri", "").Encode(),
		"two clients":        good.Encode() + "&client_id=web",
		"two redirects":      good.Encode() + "&redirect_uri=" + url.QueryEscape(k.redirectOf("web")),
		"two states":         good.Encode() + "&state=x",
		"two challenges":     good.Encode() + "&code_challenge=x",
		"two response types": good.Encode() + "&response_type=code",
		"two nonces":         good.Encode() + "&nonce=x",
		"two prompts":        good.Encode() + "&prompt=none&prompt=login",
		"two unknown":        good.Encode() + "&a=1&a=2",
		"broken encoding":    good.Encode() + "&x=%zz",
		"not UTF-8":          good.Encode() + "&x=%ff%fe",
		"semicolon":          good.Encode() + ";x=1",
		"too many":           good.Encode() + strings.Repeat("&x=1", 70),
		"credentials":        "client_id=machine&client_secret=x&redirect_uri=https://rp.example.com/cb&response_type=code",
	} {
		a := b.get("/oauth/authorize?" + query)
		if a.StatusCode != http.StatusBadRequest || a.Header.Get("Location") != "" || !strings.HasPrefix(a.body, "error\n") {
			t.Errorf("%s: %d %s %s", name, a.StatusCode, a.Header.Get("Location"), a.body)
		}
		if a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control %q", name, a.Header.Get("Cache-Control"))
		}
	}
	r := formRequest("/oauth/authorize", with(good, "x", strings.Repeat("x", 1<<17)))
	if a := b.send(r); a.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", a.StatusCode)
	}
	r = httptest.NewRequest("POST", issuer+"/oauth/authorize", strings.NewReader("{}"))
	r.Header.Set("Content-Type", "application/json")
	if a := b.send(r); a.StatusCode != http.StatusBadRequest {
		t.Errorf("JSON: %d", a.StatusCode)
	}
}

func TestAuthorizeRefusesClientsWithoutTheCodeGrant(t *testing.T) {
	k := light(t)
	k.register("refreshing", client.Metadata{SkipConsent: true, GrantTypes: []string{client.GrantClientCredentials}, Scope: "openid",
		RedirectURIs: []string{"https://rp.example.com/cb"}})
	q := k.signedIn(k.person("user@example.com")).authorize("refreshing").location(t).Query()
	if q.Get("error") != "unauthorized_client" || q.Get("iss") != issuer {
		t.Errorf("%v", q)
	}
}

// OAuth 2.0 Multiple Response Types 2.1, Form Post Response Mode, for answers and errors alike.
func TestResponseModes(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	for _, bad := range []bool{false, true} {
		kind, change := "code", []string{"nonce", "n"}
		if bad {
			kind, change = "error", []string{"scope", "unknown"}
		}
		check := func(mode string, v url.Values) {
			t.Helper()
			if v.Get(kind) == "" || v.Get("state") != "st/ä te" || v.Get("iss") != issuer {
				t.Errorf("%s: %v", mode, v)
			}
		}
		for _, mode := range []string{"", "query"} {
			u := b.authorize("web", append(change, "response_mode", mode)...).location(t)
			check(mode, u.Query())
			if u.Fragment != "" {
				t.Errorf("fragment %q", u.Fragment)
			}
		}
		u := b.authorize("web", append(change, "response_mode", "fragment")...).location(t)
		v, err := url.ParseQuery(u.EscapedFragment())
		k.must(err)
		check("fragment", v)
		if u.RawQuery != "" {
			t.Errorf("query %q", u.RawQuery)
		}
		a := b.authorize("web", append(change, "response_mode", "form_post")...)
		lines := strings.Split(a.body, "\n")
		if a.StatusCode != http.StatusOK || lines[0] != "form" || lines[1] != "https://rp.example.com/cb" || a.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("form_post: %d %s", a.StatusCode, a.body)
		}
		v, err = url.ParseQuery(lines[2])
		k.must(err)
		check("form_post", v)
	}
}

// OpenID Connect Core 3.1.2.1: GET and POST alike.
func TestAuthorizeTakesPOST(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	u := b.post("/oauth/authorize", k.request("web")).location(t)
	k.redeem("web", u.Query().Get("code")).tokens(t)
	a := b.send(formRequest("/oauth/authorize?"+k.request("web").Encode(), url.Values{})) // parameters in the other place
	if a.StatusCode != http.StatusBadRequest {
		t.Errorf("%d %s", a.StatusCode, a.Header.Get("Location"))
	}
}

// Plain OAuth 2.0 works too: without the scope openid there is no ID token and no userinfo.
func TestWithoutOpenIDThereIsNoIDToken(t *testing.T) {
	k := light(t)
	got := k.signedIn(k.person("user@example.com")).signInTo("web", "scope", "tokens:own email unknown", "nonce", "")
	if got.IDToken != "" || got.Scope != "tokens:own email" {
		t.Errorf("%+v", got)
	}
	if a := k.userinfo(got.AccessToken); a.StatusCode != http.StatusForbidden || !strings.Contains(a.Header.Get("WWW-Authenticate"), "insufficient_scope") {
		t.Errorf("userinfo: %d", a.StatusCode)
	}
	if next := k.refresh("web", got.RefreshToken).tokens(t); next.IDToken != "" {
		t.Error("an ID token on refresh")
	}
}

// A refused request leaves no code and no flow behind.
func TestRefusedRequestsStoreNothing(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	before := k.stored()
	b.authorize("web", "scope", "unknown")
	b.authorize("web", "code_challenge_method", "plain")
	b.authorize("web", "redirect_uri", "https://evil.example.com")
	b.authorize("web", "prompt", "none login")
	b.get("/oauth/authorize")
	if after := k.stored(); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}
