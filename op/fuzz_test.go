package op_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// FuzzAuthorize: whatever the query is, the answer is a page, or a redirect to an address of a client or to our own
// sign-in; never a failure. What is refused leaves the database as it was.
func FuzzAuthorize(f *testing.F) {
	k := light(f)
	b := k.signedIn(k.person("user@example.com"))
	good := k.request("web")
	for _, q := range []string{good.Encode(), with(good, "prompt", "none").Encode(), with(good, "prompt", "login").Encode(), "", "&&==", "client_id",
		with(good, "claims", `{"id_token":{"acr":{"essential":true,"values":["x"]}},"userinfo":{"name":null}}`).Encode(),
		with(good, "claims", `{"id_token":null,"userinfo":{"sub":null}}`).Encode(), with(good, "claims", "null").Encode(),
		with(good, "max_age", "0").Encode(), with(good, "max_age", "1e9").Encode(), with(good, "response_mode", "form_post").Encode(),
		with(good, "id_token_hint", "a.b.c").Encode(), with(good, "ui_locales", "de en xx").Encode(), with(good, "redirect_uri", "//x").Encode(),
		with(good, "scope", "openid offline_access").Encode(), good.Encode() + "&state=2", good.Encode() + ";", "%", "client_id=%00", "client_id=spa&redirect_uri=javascript:x"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		k := k.in(t)
		b := &browser{k, b.cookies}
		// What the accepted ones before it left would make every look at the tables slower.
		_, err := k.store.DeleteAuthRequests(t.Context(), start.Add(365*24*time.Hour), 500)
		k.must(err)
		before := k.stored()
		r := httptest.NewRequest("GET", issuer+"/oauth/authorize", nil)
		r.URL.RawQuery = query
		a := b.send(r)
		location := a.Header.Get("Location")
		switch {
		case a.StatusCode == http.StatusSeeOther:
			u, err := url.Parse(location)
			if err != nil {
				t.Fatalf("%q: %v", location, err)
			}
			at := u.Scheme + "://" + u.Host + u.Path
			if at != "https://rp.example.com/cb" && at != "https://spa.example.com/cb" && !strings.HasPrefix(location, "/signin/req_") {
				t.Fatalf("redirected to %q", location)
			}
			if u.Query().Get("error") == "" || strings.HasSuffix(u.Query().Get("error"), "_required") || u.Query().Get("error") == "unmet_authentication_requirements" {
				return
			}
		case a.StatusCode == http.StatusOK && strings.HasPrefix(a.body, "form\nhttps://") && !strings.Contains(a.body, "error="):
			return
		case a.StatusCode >= 500 || location != "":
			t.Fatalf("%d %s %s", a.StatusCode, location, a.body)
		}
		if after := k.stored(); after != before {
			t.Fatalf("refused with %d %s, and before:\n%s\nafter:\n%s", a.StatusCode, location, before, after)
		}
	})
}

// FuzzToken: whatever the form is, the answer is a token response or an error of RFC 6749 5.2, and the latter leaves the
// database as it was.
func FuzzToken(f *testing.F) {
	k := light(f)
	b := k.signedIn(k.person("user@example.com"))
	got := b.signInTo("spa")
	code := k.codeForm("spa", b.code("spa"), "client_id", "spa")
	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.RefreshToken}, "client_id": {"spa"}}
	for _, v := range []string{with(code, "code_verifier", "").Encode(), with(code, "code", "x").Encode(), refresh.Encode(), with(refresh, "scope", "x").Encode(),
		with(refresh, "client_id", "web").Encode(), with(refresh, "client_id", "web", "client_secret", "x").Encode(), "", "grant_type", "grant_type=&", "a=%zz", "a=1&a=2",
		"grant_type=client_credentials&client_id=machine&client_secret=x", "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token=x&subject_token_type=y&client_id=spa",
		"grant_type=authorization_code&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=a.b.c"} {
		f.Add(v, "")
		f.Add(v, "Basic d2ViOng=")
		f.Add(v, "Bearer x")
	}
	f.Fuzz(func(t *testing.T, body, authorization string) {
		k := k.in(t)
		before := k.stored()
		r := httptest.NewRequest("POST", issuer+"/oauth/token", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		a := k.send(r)
		if a.StatusCode == http.StatusOK {
			a.tokens(t)
			return
		}
		if a.StatusCode != http.StatusBadRequest && a.StatusCode != http.StatusUnauthorized && a.StatusCode != http.StatusRequestEntityTooLarge {
			t.Fatalf("%d %s", a.StatusCode, a.body)
		}
		if code, _ := a.json(t)["error"].(string); code == "" || code == "server_error" {
			t.Fatalf("%d %s", a.StatusCode, a.body)
		}
		// A used refresh token in the seeds rotates; an error never does.
		if after := k.stored(); after != before {
			t.Fatalf("refused with %d %s, and before:\n%s\nafter:\n%s", a.StatusCode, a.body, before, after)
		}
	})
}
