package admin

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
	"github.com/curfew-id/curfew/ui/page"
)

func TestApplicationFromSetUpToItsEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		b.get(pathNewApp).want(http.StatusOK).has("h1", "New application").has(".stack", "Node.js")
		b.get(pathNewApp+"?stack=go").want(http.StatusOK).has("textarea", "http://127.0.0.1:8091/auth/callback")
		b.post(pathNewApp, "stack", "go", "client_name", "Example Notes", "redirect_uris", "http://notes.example.com/auth/callback", "scope", "openid").
			want(http.StatusUnprocessableEntity).has(".fault", "http only on loopback")
		b.post(pathNewApp, "stack", "go", "client_name", "Example Notes", "redirect_uris",
			"https://notes.example.com/auth/callback\nhttp://localhost:8091/auth/callback", "scope", "openid profile").
			want(http.StatusOK).has("#snippet-file-0", "rp.New")
		plain := b.all("#secret-value")[0]
		b.has("#snippet-run", "CLIENT_SECRET='"+plain+"' go run .")
		c := w.only()
		if !secret.Equal(secret.Hash(plain), c.SecretHash) || len(c.RedirectURIs) != 2 || !c.Allows(client.GrantRefresh) ||
			c.BackchannelLogoutURI != "https://notes.example.com/auth/backchannel-logout" || c.PostLogoutRedirectURIs[0] != "https://notes.example.com/" {
			t.Errorf("registered %+v", c)
		}
		at := appURL(c.ID)
		b.get(at).want(http.StatusOK).without(plain).has("#snippet-file-0", c.ID).has("#snippet-run", "'the client secret'")
		for _, stack := range []string{"node", "oidc"} {
			b.get(at+"?stack="+stack).has("#snippet-file-0", "https://notes.example.com/auth/callback")
		}

		b.post(at+"/secret").want(http.StatusOK).has("h1", "Make a new client secret?")
		b.sure(at + "/secret").want(http.StatusOK)
		fresh := b.all("#secret-value")[0]
		if fresh == plain {
			t.Error("the secret stayed")
		}
		b.get(at).without(fresh)
		theirs := w.signIn(w.person("user@example.com", "", ""))
		w.takePart(theirs.current, c.ID)
		b.get(at).has("dd", "1").has(".row-more", "user@example.com").has("h3", "Back channel").has("a", "Write a claim template")
		for i, outcome := range []string{delivery.Delivered, delivery.Failed, ""} {
			now := storage.At(w.clock.Now())
			w.must(w.Store.InsertDeliveries(t.Context(), []*storage.Delivery{{ID: id.New(id.Delivery), Kind: logout.KindBackChannel, Receiver: c.ID,
				NextAt: now, CreatedAt: now, ExpiresAt: storage.At(w.clock.Now().Add(time.Hour)), Duration: 40_000, Outcome: outcome,
				LastError: []string{"", "timeout", ""}[i]}, {ID: id.New(id.Delivery), Kind: logout.KindBackChannel, Receiver: "another",
				NextAt: now, CreatedAt: now, ExpiresAt: now, Outcome: delivery.Failed}}))
		}
		b.get(at).has("dd", "1 half within 0.04 s").has("dd", "1 timeout").has("dt", "Under way")
		b.sure(at + "/end").leads(at)
		w.live(theirs, false)
		b.sure(at + "/delete").leads(page.PathAdminApps)
		b.get(at).want(http.StatusNotFound)
	})
}

// What each stack registers.
func TestSetUpOfEachStack(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, store *storage.Store) {
		w := newWorld(t, store)
		b := w.signIn(w.person("owner@example.com", actor.RoleOwner, ""))
		for stack, want := range map[string]client.Metadata{
			"go": {TokenEndpointAuthMethod: client.AuthBasic, GrantTypes: []string{client.GrantCode, client.GrantRefresh, client.GrantClientCredentials},
				Scope: "openid sessions:listen", BackchannelLogoutURI: "http://127.0.0.1:8091/auth/backchannel-logout"},
			"node": {TokenEndpointAuthMethod: client.AuthBasic, GrantTypes: []string{client.GrantCode, client.GrantRefresh}, Scope: "openid",
				BackchannelLogoutURI: "http://127.0.0.1:3000/auth/backchannel-logout"},
			"browser": {TokenEndpointAuthMethod: client.AuthNone, GrantTypes: []string{client.GrantCode, client.GrantRefresh}, Scope: "openid"},
			"spa":     {TokenEndpointAuthMethod: client.AuthNone, GrantTypes: []string{client.GrantCode, client.GrantRefresh}, Scope: "openid"},
			"native": {TokenEndpointAuthMethod: client.AuthNone, GrantTypes: []string{client.GrantCode, client.GrantRefresh}, Scope: "openid",
				ApplicationType: "native"},
			"curl": {TokenEndpointAuthMethod: client.AuthBasic, GrantTypes: []string{client.GrantClientCredentials}, Scope: "openid"},
			"oidc": {TokenEndpointAuthMethod: client.AuthPost, GrantTypes: []string{client.GrantCode, client.GrantRefresh}, Scope: "openid"},
		} {
			example := examples[stack]
			if stack == "oidc" {
				example = "https://app.example.com/cb"
			}
			b.post(pathNewApp, "stack", stack, "client_name", stack, "redirect_uris", example, "scope", "openid",
				"token_endpoint_auth_method", want.TokenEndpointAuthMethod).want(http.StatusOK).has(".lead", "It is registered")
			if stack != "oidc" && !b.shows("#snippet-run") {
				t.Errorf("%s: nothing to run", stack)
			}
			if b.shows("#secret-value") != (want.TokenEndpointAuthMethod != client.AuthNone) {
				t.Errorf("%s: a secret is shown: %t", stack, b.shows("#secret-value"))
			}
			c := w.named(stack)
			if c.TokenEndpointAuthMethod != want.TokenEndpointAuthMethod || !slices.Equal(c.GrantTypes, want.GrantTypes) || c.Scope != want.Scope ||
				c.ApplicationType != want.ApplicationType || c.BackchannelLogoutURI != want.BackchannelLogoutURI {
				t.Errorf("%s registered %+v", stack, c.Metadata)
			}
			if posts := len(c.PostLogoutRedirectURIs); (posts == 0) != (stack == "curl" || stack == "native") {
				t.Errorf("%s: %d addresses for after sign-out", stack, posts)
			}
		}
		for _, stack := range []string{"go", "node"} {
			b.post(pathNewApp, "stack", stack, "client_name", "x", "redirect_uris", "http://127.0.0.1:8091/auth/login").want(http.StatusUnprocessableEntity)
			b.post(pathNewApp, "stack", stack, "client_name", "x", "redirect_uris", "http://127.0.0.1:8091/").
				want(http.StatusUnprocessableEntity).has(".fault", "/auth/callback")
		}
		b.post(pathNewApp, "stack", "native", "client_name", "x", "redirect_uris", "https://app.example.com/cb").want(http.StatusUnprocessableEntity)
		b.post(pathNewApp, "stack", "go", "client_name", " ", "redirect_uris", examples["go"]).want(http.StatusUnprocessableEntity)
		b.post(pathNewApp, "stack", "toaster").want(http.StatusBadRequest)
		b.post(pathNewApp, "stack", "oidc", "client_name", "x", "token_endpoint_auth_method", "private_key_jwt").want(http.StatusBadRequest)
	})
}

// only returns the one application there is.
func (w *world) only() *client.Client {
	w.t.Helper()
	rows, err := w.Store.Clients(w.t.Context(), "", 2)
	w.must(err)
	if len(rows) != 1 {
		w.t.Fatalf("%d applications", len(rows))
	}
	c, err := w.Clients.Get(w.t.Context(), rows[0].ID)
	w.must(err)
	return c
}

// named returns the application of a name.
func (w *world) named(name string) *client.Client {
	w.t.Helper()
	rows, err := w.Store.Clients(w.t.Context(), "", 100)
	w.must(err)
	for _, row := range rows {
		if c, err := w.Clients.Get(w.t.Context(), row.ID); err == nil && c.ClientName == name {
			return c
		}
	}
	w.t.Fatalf("no application is called %s", name)
	return nil
}

// shows tells whether the page has such an element.
func (b *browser) shows(selector string) bool { b.t.Helper(); return len(b.all(selector)) > 0 }

func TestTheOtherPages(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("owner@example.com", actor.RoleOwner, ""))
		b.get(page.PathAdminKeys).want(http.StatusOK).has("td", "ES256").has(".tag", "Signs")
		b.sure(page.PathAdminKeys+"/rotate").leads(page.PathAdminKeys).has(".tag", "Next")

		b.get(page.PathAdminPolicies).want(http.StatusOK).has("textarea", "reason_required")
		b.post(page.PathAdminPolicies, "version", "1", "document", "[").want(http.StatusUnprocessableEntity).has(".fault", "not a JSON object")
		b.post(page.PathAdminPolicies, "version", "1", "document", `{"rules":[{"actor_roles":["king"]}]}`).
			want(http.StatusUnprocessableEntity).has(".fault", "is not a role")
		b.post(page.PathAdminPolicies, "version", "1", "document", `{"notify_user":true}`).leads(page.PathAdminPolicies).has("textarea", `"notify_user": true`)

		b.post(pathTemplate, "kind", "session", "claims", `{"plan":"gold"}`, "version", "0", "act", "dry_run").want(http.StatusOK).has("h2", "Dry run")
		b.post(pathTemplate, "kind", "session", "claims", `{"sub":"x"}`, "version", "0", "act", "save").want(http.StatusUnprocessableEntity)
		b.post(pathTemplate, "kind", "session", "claims", `{"plan":"gold"}`, "version", "0", "act", "save").leads(page.PathAdminTemplates).has("td", "All applications")
		gone := templateURL(pathTemplateNo, "session", "")
		b.post(gone).want(http.StatusOK).has("h1", "Delete this template?")
		b.sure(gone).leads(page.PathAdminTemplates).has(".empty-title", "No claim templates")

		b.get(page.PathAdminAudit+"?kind=policy.changed").want(http.StatusOK).has("code", "policy.changed").has(".row-more", "owner@example.com")
		b.post(pathVerify).want(http.StatusSeeOther)
	})
}

func TestFiguresAreCountedOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.person("admin@example.com", actor.RoleAdmin, "")
		w.signIn(row)
		hour := hourOf(w.clock.Now())
		w.clock.Advance(3 * 3600e9)
		w.must(w.Count(t.Context()))
		b := w.signIn(row)
		b.get(page.PathAdmin).has(".total", "Sign-ins2").has(".total", "Users1")
		figures, err := w.Store.Figures(t.Context(), hour)
		w.must(err)
		got := map[string]int64{}
		for _, f := range figures {
			if f.Hour == hour {
				got[f.Name] = f.N
			}
		}
		if got[figSignIns] != 1 || got[figCounted] != 1 {
			t.Errorf("the first hour came to %v", got)
		}
		for _, span := range page.Spans() {
			b.get(page.PathAdmin+"?span="+span).want(http.StatusOK).has("h2", "Sign-ins")
		}
	})
}
