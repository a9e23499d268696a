package admin

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/client"
)

// fields are what a browser would send of the form on the page.
func (b *browser) fields() url.Values {
	b.t.Helper()
	doc, err := html.Parse(strings.NewReader(b.body))
	b.must(err)
	v := url.Values{}
	for n := range doc.Descendants() {
		at := map[string]string{}
		for _, a := range n.Attr {
			at[a.Key] = a.Val
		}
		_, checked := at["checked"]
		switch {
		case n.Type != html.ElementNode || at["name"] == "":
		case n.Data == "textarea" && n.FirstChild != nil:
			v.Set(at["name"], n.FirstChild.Data)
		case n.Data == "input" && (at["type"] != "checkbox" || checked):
			v.Add(at["name"], at["value"])
		case n.Data == "select":
			for o := range n.Descendants() {
				value, selected := "", false
				for _, a := range o.Attr {
					selected = selected || a.Key == "selected"
					if a.Key == "value" {
						value = a.Val
					}
				}
				if selected {
					v.Set(at["name"], value)
				}
			}
		}
	}
	return v
}

// edit sends the edit form of an application with these fields in place of what is there; "" takes a field out.
func (b *browser) edit(c *client.Client, pairs ...string) *browser {
	b.t.Helper()
	v := b.get(appURL(c.ID) + "/edit").want(http.StatusOK).fields()
	for i := 0; i < len(pairs); i += 2 {
		v.Del(pairs[i])
		if pairs[i+1] != "" {
			v[pairs[i]] = strings.Split(pairs[i+1], "|")
		}
	}
	return b.do(http.MethodPost, appURL(c.ID)+"/edit", v.Encode())
}

func (w *world) now(c *client.Client) *client.Client {
	w.t.Helper()
	c, err := w.Clients.Get(w.t.Context(), c.ID)
	w.must(err)
	return c
}

func someKeys(t *testing.T) *jose.JSONWebKeySet {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: k.Public(), KeyID: "k1", Algorithm: "ES256", Use: "sig"}}}
}

// A form that is sent back as it came changes nothing, whatever was registered.
func TestEditChangesNothingByItself(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		age := int64(0)
		for _, m := range []client.Metadata{
			{ClientName: "plain", RedirectURIs: []string{"https://a.example.com/cb"}},
			{ClientName: "full", ClientURI: "https://a.example.com/", LogoURI: "https://a.example.com/l.png", PolicyURI: "https://a.example.com/p",
				TOSURI: "https://a.example.com/t", Contacts: []string{"a@example.com", "b@example.com"}, ApplicationType: "native",
				RedirectURIs: []string{"https://a.example.com/cb", "com.example.a:/cb"}, PostLogoutRedirectURIs: []string{"https://a.example.com/"},
				TokenEndpointAuthMethod: client.AuthKey, JWKS: someKeys(t), GrantTypes: []string{client.GrantCode, client.GrantTokenExchange},
				Scope: "openid email", IDTokenAlg: "RS256", DefaultMaxAge: &age, DefaultACRValues: []string{"a", "b"},
				BackchannelLogoutURI: "https://a.example.com/b", BackchannelLogoutSessionRequired: true,
				FrontchannelLogoutURI: "https://a.example.com/f", FrontchannelLogoutSessionRequired: true,
				AllowedCORSOrigins: []string{"https://b.example.com"}, PKCENotRequired: true, SkipConsent: true, RotateRefreshTokens: true,
				NoIDTokenOnRefresh: true, SessionLifetime: 600, SessionIdleTimeout: 300},
			{ClientName: "service", GrantTypes: []string{client.GrantClientCredentials}},
		} {
			c, _, err := w.Clients.Register(t.Context(), w.Store, "", m)
			w.must(err)
			b.edit(c).leads(appURL(c.ID))
			_, changed, err := api.Differences(c.Metadata, w.now(c).Metadata)
			w.must(err)
			if diff := cmp.Diff(map[string]json.RawMessage{}, changed); len(changed) > 0 {
				t.Errorf("%s: %s", m.ClientName, diff)
			}
			if w.now(c).Version != c.Version {
				t.Errorf("%s was written", m.ClientName)
			}
		}
	})
}

func TestEditOfEverything(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		c, first, err := w.Clients.Register(t.Context(), w.Store, "", client.Metadata{ClientName: "Notes", RedirectURIs: []string{"https://a.example.com/cb"}})
		w.must(err)

		// A secret goes with its method, and another one comes with the next.
		b.edit(c, "token_endpoint_auth_method", "none").leads(appURL(c.ID))
		if now := w.now(c); now.SecretHash != nil || !now.Public() {
			t.Errorf("a public client with a secret: %+v", now)
		}
		b.edit(c, "token_endpoint_auth_method", "client_secret_post").want(http.StatusOK)
		plain := b.all("#secret-value")[0]
		if now := w.now(c); plain == first || !secret.Equal(secret.Hash(plain), now.SecretHash) {
			t.Error("not the secret that was shown")
		}
		b.get(appURL(c.ID)).without(plain)
		b.edit(c, "token_endpoint_auth_method", "private_key_jwt").want(http.StatusUnprocessableEntity).has("#f-jwks-fault", "required")
		keys, err := json.Marshal(someKeys(t))
		w.must(err)
		b.edit(c, "token_endpoint_auth_method", "private_key_jwt", "jwks", "[").want(http.StatusUnprocessableEntity).has("#f-jwks-fault", "not a JSON Web Key Set")
		b.edit(c, "token_endpoint_auth_method", "private_key_jwt", "jwks", string(keys)).leads(appURL(c.ID)).has("#snippet-file-0", "private_key_jwt")
		b.edit(c, "token_endpoint_auth_method", "client_secret_basic").want(http.StatusOK)
		if w.now(c).JWKS != nil {
			t.Error("the keys stayed")
		}

		b.edit(c, "grant_types", "authorization_code|client_credentials", "id_token_signed_response_alg", "RS256", "rotate_refresh_tokens", "yes",
			"no_id_token_on_refresh", "yes", "session_lifetime", "3600", "session_idle_timeout", "600", "default_max_age", "0",
			"default_acr_values", "urn:a urn:b", "allowed_cors_origins", "https://b.example.com", "contacts", "ops@example.com",
			"frontchannel_logout_uri", "https://a.example.com/f", "frontchannel_logout_session_required", "yes", "pkce_not_required", "yes").leads(appURL(c.ID))
		now := w.now(c)
		if now.IDTokenAlg != "RS256" || now.SessionLifetime != 3600 || now.SessionIdleTimeout != 600 || now.DefaultMaxAge == nil || len(now.DefaultACRValues) != 2 ||
			!now.RotateRefreshTokens || !now.NoIDTokenOnRefresh || now.Allows(client.GrantRefresh) || !now.PKCENotRequired || !now.FrontchannelLogoutSessionRequired {
			t.Errorf("changed to %+v", now.Metadata)
		}

		for field, value := range map[string]string{"session_lifetime": "59", "session_idle_timeout": "soon", "default_max_age": "-1",
			"grant_types": "", "id_token_signed_response_alg": "HS256", "allowed_cors_origins": "https://b.example.com/x", "logo_uri": "javascript:alert(1)",
			"backchannel_logout_uri": "javascript:alert(1)", "token_endpoint_auth_method": "client_secret_jwt"} {
			b.edit(c, field, value).want(http.StatusUnprocessableEntity).has(".fault", "Not accepted")
			if b.shows("#secret-value") {
				t.Errorf("%s: a secret", field)
			}
		}
		for _, uri := range []string{"javascript:alert(1)", "data:text/html,x", "https://*.example.com/cb", "https://a.example.com/*", "https://a@b.example.com/",
			"https://a.example.com/#x", "http://a.example.com/", "//a.example.com/", "https://a.example.com\\@b.example.com/"} {
			for _, field := range []string{"redirect_uris", "post_logout_redirect_uris"} {
				b.edit(c, field, uri).want(http.StatusUnprocessableEntity).has("#f-"+field+"-fault", "Not accepted")
			}
			b.post(pathNewApp, "stack", "go", "client_name", "x", "redirect_uris", uri).want(http.StatusUnprocessableEntity)
		}

		// Who was slower is told.
		v := b.get(appURL(c.ID) + "/edit").fields()
		b.edit(c, "client_name", "Faster").leads(appURL(c.ID))
		b.do(http.MethodPost, appURL(c.ID)+"/edit", v.Encode()).want(http.StatusUnprocessableEntity).has(".alert", "Somebody changed it")
		if w.now(c).ClientName != "Faster" {
			t.Error("the slower one was taken")
		}
	})
}

// An administrator cannot give an application what only owners have, nor take such an application over.
func TestEditNotBeyondTheRole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const beyond = "roles:write"
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		b.post(pathNewApp, "stack", "curl", "client_name", "Job", "scope", beyond).want(http.StatusUnprocessableEntity).has("#f-scope-fault", beyond)
		c, _, err := w.Clients.Register(t.Context(), w.Store, "", client.Metadata{ClientName: "Job", Scope: beyond, GrantTypes: []string{client.GrantClientCredentials}})
		w.must(err)
		b.edit(c, "client_name", "Mine").want(http.StatusUnprocessableEntity).has("#f-scope-fault", beyond)
		b.edit(c, "scope", "users:read").want(http.StatusUnprocessableEntity)
		b.sure(appURL(c.ID) + "/secret").want(http.StatusNotFound)
		if w.now(c).Version != c.Version {
			t.Error("it was changed")
		}
		owner := w.signIn(w.person("owner@example.com", actor.RoleOwner, ""))
		owner.edit(c, "client_name", "Ours").leads(appURL(c.ID))
		owner.sure(appURL(c.ID)+"/secret").want(http.StatusOK).has("h2", "Client secret")
	})
}

// What another site makes a browser send changes nothing.
func TestApplicationsAcrossSites(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.app("cli_app", "Example Notes")
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		body := url.Values{"confirm": {"yes"}, "stack": {"curl"}, "client_name": {"x"}, "version": {"1"}, "grant_types": {"authorization_code"},
			"redirect_uris": {"https://attacker.example.com/"}}.Encode()
		for _, path := range []string{pathNewApp, appURL("cli_app") + "/edit", appURL("cli_app") + "/secret", appURL("cli_app") + "/end", appURL("cli_app") + "/delete"} {
			r, err := http.NewRequest(http.MethodPost, issuer+path, strings.NewReader(body))
			w.must(err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			b.send(r).want(http.StatusForbidden)
		}
		if c := w.only(); c.Version != 1 || len(c.RedirectURIs) != 1 {
			t.Errorf("changed to %+v", c)
		}
	})
}
