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

// endpoints are those that authenticate clients, with a request that is good otherwise.
func authenticatedEndpoints() map[string]url.Values {
	return map[string]url.Values{
		"/oauth/token?":     {"grant_type": {"authorization_code"}, "code": {"x"}, "redirect_uri": {"https://rp.example.com/cb"}, "code_verifier": {verifier}},
		"/oauth/token":      {"grant_type": {"refresh_token"}, "refresh_token": {"x"}},
		"/oauth/introspect": {"token": {"x"}},
		"/oauth/revoke":     {"token": {"x"}},
	}
}

// RFC 6749 5.2: 401 with WWW-Authenticate, and no word about what was wrong.
func TestUnauthenticatedClientsAreRefused(t *testing.T) {
	k := light(t)
	secret := k.secrets["web"]
	basic := func(id, secret string) func(*http.Request, url.Values) {
		return func(r *http.Request, _ url.Values) { r.SetBasicAuth(id, secret) }
	}
	header := func(values ...string) func(*http.Request, url.Values) {
		return func(r *http.Request, _ url.Values) { r.Header["Authorization"] = values }
	}
	post := func(pairs ...string) func(*http.Request, url.Values) {
		return func(_ *http.Request, v url.Values) {
			for i := 0; i < len(pairs); i += 2 {
				v.Set(pairs[i], pairs[i+1])
			}
		}
	}
	assertionType := client.AssertionType
	for name, c := range map[string]struct {
		prepare func(*http.Request, url.Values)
		code    string
	}{
		"nothing":                     {post(), "invalid_client"},
		"no secret":                   {post("client_id", "web"), "invalid_client"},
		"wrong secret":                {basic("web", "wrong"), "invalid_client"},
		"empty secret":                {basic("web", ""), "invalid_client"},
		"wrong secret in the form":    {post("client_id", "web", "client_secret", "wrong"), "invalid_client"},
		"secret without id":           {post("client_secret", secret), "invalid_client"},
		"unknown client":              {basic("nobody", secret), "invalid_client"},
		"unknown public client":       {post("client_id", "nobody"), "invalid_client"},
		"another client's secret":     {basic("other", secret), "invalid_client"},
		"empty id":                    {basic("", secret), "invalid_client"},
		"broken form-encoding":        {basic("web", "%zz"), "invalid_client"},
		"not base64":                  {header("Basic ***"), "invalid_client"},
		"no colon":                    {header("Basic d2Vi"), "invalid_client"},
		"bearer":                      {header("Bearer x"), "invalid_client"},
		"public client with a secret": {post("client_id", "spa", "client_secret", "x"), "invalid_client"},
		"public client with basic":    {basic("spa", ""), "invalid_client"},
		"garbage assertion":           {post("client_assertion_type", assertionType, "client_assertion", "x"), "invalid_client"},
		"long id":                     {basic(strings.Repeat("a", 5000), secret), "invalid_client"},
		"id with NUL":                 {basic("web%00", secret), "invalid_client"},
		"id with quote":               {basic("web%27--", secret), "invalid_client"},
		// RFC 6749 2.3: not more than one way in a request.
		"basic and form": {func(r *http.Request, v url.Values) {
			basic("web", secret)(r, v)
			post("client_id", "web", "client_secret", secret)(r, v)
		}, "invalid_request"},
		"basic and form secret": {func(r *http.Request, v url.Values) { basic("web", secret)(r, v); v.Set("client_secret", secret) }, "invalid_request"},
		"form and assertion":    {post("client_id", "web", "client_secret", secret, "client_assertion_type", assertionType, "client_assertion", "x.y.z"), "invalid_request"},
		"basic and assertion": {func(r *http.Request, v url.Values) {
			basic("web", secret)(r, v)
			post("client_assertion_type", assertionType, "client_assertion", "x.y.z")(r, v)
		}, "invalid_request"},
		"bearer and form": {func(r *http.Request, v url.Values) {
			header("Bearer x")(r, v)
			post("client_id", "web", "client_secret", secret)(r, v)
		}, "invalid_request"},
		"two headers": {func(r *http.Request, v url.Values) {
			basic("web", secret)(r, v)
			r.Header.Add("Authorization", "Basic x")
		}, "invalid_request"},
		"another client_id":      {func(r *http.Request, v url.Values) { basic("web", secret)(r, v); v.Set("client_id", "other") }, "invalid_request"},
		"unknown assertion type": {post("client_assertion_type", "saml", "client_assertion", "x.y.z"), "invalid_request"},
		"assertion without type": {post("client_assertion", "x.y.z"), "invalid_request"},
	} {
		for path, form := range authenticatedEndpoints() {
			v := with(form)
			r := httptest.NewRequest("POST", issuer+strings.TrimSuffix(path, "?"), nil)
			c.prepare(r, v)
			sent := formRequest(strings.TrimSuffix(path, "?"), v)
			sent.Header["Authorization"] = r.Header["Authorization"]
			if r.Header["Authorization"] == nil {
				delete(sent.Header, "Authorization")
			}
			a := k.send(sent)
			status := http.StatusBadRequest
			if c.code == "invalid_client" {
				status = http.StatusUnauthorized
			}
			if a.StatusCode != status || a.json(t)["error"] != c.code {
				t.Errorf("%s at %s: %d %s", name, path, a.StatusCode, a.body)
				continue
			}
			a.wantError(t, status, c.code)
			if challenged := strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Basic "); challenged != (status == 401) {
				t.Errorf("%s at %s: WWW-Authenticate %q", name, path, a.Header.Get("WWW-Authenticate"))
			}
		}
	}
}

// RFC 7662 2.1: who asks authenticates; a public client cannot.
func TestIntrospectionRefusesPublicClients(t *testing.T) {
	k := light(t)
	got := k.signedIn(k.person("user@example.com")).signInTo("spa")
	k.call("/oauth/introspect", "spa", url.Values{"token": {got.AccessToken}}).wantError(t, 401, "invalid_client")
}

// RFC 6749 2.3.1: id and secret are form-encoded before they are base64-encoded; basic and post carry the same secret.
func TestClientSecretBasicAndPost(t *testing.T) {
	k := light(t)
	u := k.person("user@example.com")
	k.register("we:b=%/&?", client.Metadata{SkipConsent: true, RedirectURIs: []string{"https://rp.example.com/cb"}})
	k.register("we:b+%/", client.Metadata{SkipConsent: true, RedirectURIs: []string{"https://rp.example.com/cb"}})
	got := k.signedIn(u).signInTo("we:b+%/")
	k.refresh("we:b+%/", got.RefreshToken).tokens(t)

	got = k.signedIn(u).signInTo("web")
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.RefreshToken}, "client_id": {"web"}, "client_secret": {k.secrets["web"]}}
	k.send(formRequest("/oauth/token", form)).tokens(t)
	// The scheme is case-insensitive (RFC 9110 11.1).
	r := k.authenticated(formRequest("/oauth/token", with(form, "client_secret", "")), "web")
	r.Header.Set("Authorization", "bAsIc "+strings.TrimPrefix(r.Header.Get("Authorization"), "Basic "))
	k.send(r).tokens(t)
}

// The cache of clients must not outlive a change: the refresh itself says that the client has changed.
func TestRotatedSecretIsRefusedAtTheNextRefresh(t *testing.T) {
	for _, clientID := range []string{"web", "rotating"} {
		t.Run(clientID, func(t *testing.T) {
			each(t, func(t *testing.T, k *kit) {
				got := k.signedIn(k.person("user@example.com")).signInTo(clientID)
				got = k.refresh(clientID, got.RefreshToken).tokens(t)
				c, err := client.NewRegistry(k.store, k.clock).Get(t.Context(), clientID) // as another replica does it
				k.must(err)
				_, fresh, err := k.clients.RotateSecret(t.Context(), k.store, c)
				k.must(err)
				k.refresh(clientID, got.RefreshToken).wantError(t, 401, "invalid_client")
				k.refresh(clientID, got.RefreshToken).wantError(t, 401, "invalid_client")
				k.secrets[clientID] = fresh
				// Nor did the refused ones use up the refresh token: later than the grace it is good.
				k.clock.Advance(20 * time.Second)
				k.refresh(clientID, got.RefreshToken).tokens(t)
			})
		})
	}
}

func TestDeletedClientIsRefused(t *testing.T) {
	for _, clientID := range []string{"web", "spa"} {
		t.Run(clientID, func(t *testing.T) {
			each(t, func(t *testing.T, k *kit) {
				b := k.signedIn(k.person("user@example.com"))
				got := b.signInTo(clientID)
				code := b.code(clientID)
				k.refresh(clientID, got.RefreshToken).tokens(t)
				form := k.codeForm(clientID, code)
				k.must(k.store.DeleteClient(t.Context(), clientID))
				k.refresh(clientID, got.RefreshToken).wantError(t, 401, "invalid_client")
				k.call("/oauth/token", clientID, form).wantError(t, 401, "invalid_client")
				if a := k.userinfo(got.AccessToken); a.StatusCode != http.StatusUnauthorized {
					t.Errorf("userinfo: %d", a.StatusCode)
				}
			})
		})
	}
}

// A grant type that was taken away is refused at the next refresh, although the client was cached with it.
func TestGrantTypeTakenAwayIsRefusedAtTheNextRefresh(t *testing.T) {
	k := light(t)
	got := k.signedIn(k.person("user@example.com")).signInTo("web")
	k.refresh("web", got.RefreshToken).tokens(t)
	c, err := client.NewRegistry(k.store, k.clock).Get(t.Context(), "web")
	k.must(err)
	m := c.Metadata
	m.GrantTypes = []string{client.GrantCode}
	_, err = k.clients.Update(t.Context(), k.store, c, m)
	k.must(err)
	k.refresh("web", got.RefreshToken).wantError(t, 400, "unauthorized_client")
}
