package op_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/client"
)

// RFC 6749 3.2: one value for each parameter, POST only; RFC 6749 2.3.1: no credentials in the URL. What is refused leaves
// the code as it was.
func TestTokenRequestIsReadStrictly(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	code := b.code("web")
	good := k.codeForm("web", code)
	body := good.Encode()
	for name, c := range map[string]struct {
		method, query, contentType, body string
		status                           int
	}{
		"GET":                     {"GET", "?" + body, "", "", 405},
		"PUT":                     {"PUT", "", "application/x-www-form-urlencoded", body, 405},
		"HEAD":                    {"HEAD", "", "", "", 405},
		"OPTIONS":                 {"OPTIONS", "", "", "", 405},
		"code twice":              {"POST", "", "application/x-www-form-urlencoded", body + "&code=" + code, 400},
		"grant_type twice":        {"POST", "", "application/x-www-form-urlencoded", body + "&grant_type=refresh_token", 400},
		"unknown twice":           {"POST", "", "application/x-www-form-urlencoded", body + "&x=1&x=2", 400},
		"verifier twice":          {"POST", "", "application/x-www-form-urlencoded", body + "&code_verifier=" + verifier, 400},
		"code in the query":       {"POST", "?code=" + code, "application/x-www-form-urlencoded", with(good, "code", "").Encode(), 400},
		"secret in the query":     {"POST", "?client_secret=x", "application/x-www-form-urlencoded", body, 400},
		"verifier in the query":   {"POST", "?code_verifier=" + verifier, "application/x-www-form-urlencoded", body, 400},
		"all in the query":        {"POST", "?" + body, "application/x-www-form-urlencoded", "", 400},
		"grant type in the query": {"POST", "?grant_type=authorization_code", "application/x-www-form-urlencoded", with(good, "grant_type", "").Encode(), 400},
		"JSON":                    {"POST", "", "application/json", `{"grant_type":"authorization_code"}`, 400},
		"no content type":         {"POST", "", "", body, 400},
		"multipart":               {"POST", "", "multipart/form-data; boundary=x", body, 400},
		"empty":                   {"POST", "", "application/x-www-form-urlencoded", "", 400},
		"broken encoding":         {"POST", "", "application/x-www-form-urlencoded", body + "&x=%zz", 400},
		"not UTF-8":               {"POST", "", "application/x-www-form-urlencoded", body + "&x=%ff", 400},
		"NUL":                     {"POST", "", "application/x-www-form-urlencoded", body + "&x=%00", 400},
		"semicolon":               {"POST", "", "application/x-www-form-urlencoded", body + ";x=1", 400},
		"too large":               {"POST", "", "application/x-www-form-urlencoded", body + "&x=" + strings.Repeat("a", 1<<17), 413},
		"too many":                {"POST", "", "application/x-www-form-urlencoded", body + strings.Repeat("&a=1", 100), 400},
	} {
		r := httptest.NewRequest(c.method, issuer+"/oauth/token"+c.query, strings.NewReader(c.body))
		if c.contentType != "" {
			r.Header.Set("Content-Type", c.contentType)
		}
		a := k.send(k.authenticated(r, "web"))
		if a.StatusCode != c.status {
			t.Errorf("%s: status %d: %s", name, a.StatusCode, a.body)
			continue
		}
		a.wantError(t, c.status, "invalid_request")
		if c.status == 405 && a.Header.Get("Allow") != "POST" {
			t.Errorf("%s: Allow %q", name, a.Header.Get("Allow"))
		}
	}
	k.redeem("web", code).tokens(t)
}

// RFC 6749 5.2: what is not offered is unsupported_grant_type, whatever stands beside it.
func TestUnknownGrantTypesAreRefused(t *testing.T) {
	k := light(t)
	got := k.signedIn(k.person("user@example.com")).signInTo("web")
	garbage := []url.Values{{}, {"assertion": {"x"}}, {"assertion": {got.IDToken}}, {"device_code": {"x"}},
		{"subject_token": {got.AccessToken}, "subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"}},
		{"subject_token": {"x"}, "subject_token_type": {"garbage"}, "actor_token": {"y"}, "actor_token_type": {"garbage"},
			"requested_token_type": {"garbage"}, "scope": {"a  b"}, "resource": {"::"}, "audience": {"x"}},
		{"username": {"user@example.com"}, "password": {"x"}}}
	for _, grant := range []string{"urn:ietf:params:oauth:grant-type:token-exchange ", "urn:ietf:params:oauth:grant-type:device_code",
		"urn:ietf:params:oauth:grant-type:jwt-bearer", "password", "implicit", "Refresh_Token", "refresh_token ", "\"<script>\\"} {
		for _, v := range garbage {
			for _, clientID := range []string{"web", "spa", "machine"} {
				a := k.call("/oauth/token", clientID, with(v, "grant_type", grant))
				a.wantError(t, 400, "unsupported_grant_type")
				if strings.Contains(a.body, grant) {
					t.Errorf("echoed: %s", a.body)
				}
			}
		}
	}
	for _, v := range garbage { // offered, but to none of these
		for _, clientID := range []string{"web", "spa", "machine"} {
			k.call("/oauth/token", clientID, with(v, "grant_type", client.GrantTokenExchange)).wantError(t, 400, "unauthorized_client")
		}
	}
	k.call("/oauth/token", "web", url.Values{}).wantError(t, 400, "invalid_request")
	k.call("/oauth/token", "machine", k.codeForm("web", "x")).wantError(t, 400, "unauthorized_client")
	k.call("/oauth/token", "web", url.Values{"grant_type": {"client_credentials"}}).wantError(t, 400, "unauthorized_client")
	k.refresh("brief", got.RefreshToken).wantError(t, 400, "unauthorized_client")
	k.call("/oauth/token", "spa", url.Values{"grant_type": {"client_credentials"}}).wantError(t, 400, "unauthorized_client")
}

func TestClientCredentials(t *testing.T) {
	k := light(t)
	form := url.Values{"grant_type": {"client_credentials"}}
	got := k.call("/oauth/token", "machine", form).tokens(t)
	if got.Scope != "jobs:read jobs:write" || got.RefreshToken != "" || got.IDToken != "" || got.ExpiresIn != 60 {
		t.Errorf("%+v", got)
	}
	claims := k.verified(got.AccessToken)
	if claims["sub"] != "machine" || claims["client_id"] != "machine" || claims["sid"] != nil { // RFC 9068 2.2
		t.Errorf("claims %v", claims)
	}
	if got := k.call("/oauth/token", "machine", with(form, "scope", "jobs:read")).tokens(t); got.Scope != "jobs:read" {
		t.Errorf("scope %q", got.Scope)
	}
	for _, scope := range []string{"jobs:delete", "jobs:read openid", "jobs:*", "JOBS:READ"} {
		k.call("/oauth/token", "machine", with(form, "scope", scope)).wantError(t, 400, "invalid_scope")
	}
	if a := k.userinfo(got.AccessToken); a.StatusCode != http.StatusUnauthorized { // it is nobody's
		t.Errorf("userinfo: %d", a.StatusCode)
	}
	if !k.active("machine", got.AccessToken) || !k.active("gateway", got.AccessToken) || k.active("web", got.AccessToken) {
		t.Error("introspection")
	}
	k.must(k.store.DeleteClient(t.Context(), "machine"))
	if k.active("gateway", got.AccessToken) {
		t.Error("a deleted client's token is active")
	}
}

func TestRefreshNarrowsScope(t *testing.T) {
	k := light(t)
	got := k.signedIn(k.person("user@example.com")).signInTo("web")
	if next := k.refresh("web", got.RefreshToken, "scope", "email").tokens(t); next.Scope != "email" || next.IDToken != "" {
		t.Errorf("scope %q, ID token %q", next.Scope, next.IDToken)
	}
	for _, scope := range []string{"openid profile", "tokens:own", "openid\x01"} {
		k.refresh("web", got.RefreshToken, "scope", scope).wantError(t, 400, "invalid_scope")
	}
	if next := k.refresh("web", got.RefreshToken).tokens(t); next.Scope != "openid email" { // RFC 6749 6: the grant is as it was
		t.Errorf("scope %q", next.Scope)
	}
	// A refused scope must not rotate: later than the grace the token is good as before.
	public := k.signedIn(k.person("public@example.com")).signInTo("spa")
	k.refresh("spa", public.RefreshToken, "scope", "openid profile").wantError(t, 400, "invalid_scope")
	k.clock.Advance(20 * time.Second)
	if next := k.refresh("spa", public.RefreshToken, "scope", "openid").tokens(t); next.Scope != "openid" || next.RefreshToken == public.RefreshToken {
		t.Errorf("%+v", next)
	}
	k.register("quiet", client.Metadata{SkipConsent: true, RedirectURIs: []string{"https://rp.example.com/cb"}, NoIDTokenOnRefresh: true})
	got = k.signedIn(k.person("other@example.com")).signInTo("quiet")
	if next := k.refresh("quiet", got.RefreshToken).tokens(t); got.IDToken == "" || next.IDToken != "" {
		t.Error("ID token on refresh")
	}
}
