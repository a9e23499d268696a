package admin

import (
	"net/http"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/ui/page"
)

func TestApplicationFromSetUpToItsEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		b.get(pathNewApp).want(http.StatusOK).has("h1", "New application")
		b.post(pathNewApp, "kind", "web", "client_name", "Example Notes", "redirect_uris", "http://notes.example.com/cb", "scope", "openid").
			want(http.StatusUnprocessableEntity).has(".fault", "http only on loopback")
		b.post(pathNewApp, "kind", "web", "client_name", "Example Notes", "redirect_uris", "https://notes.example.com/cb\nhttp://localhost:8090/cb",
			"backchannel_logout_uri", "https://notes.example.com/logout", "scope", "openid profile").want(http.StatusOK).has("#snippet-code", "rp.New")
		plain := b.all("#secret-value")[0]
		rows, err := w.Store.Clients(t.Context(), "", 10)
		w.must(err)
		c, err := w.Clients.Get(t.Context(), rows[0].ID)
		w.must(err)
		if !secret.Equal(secret.Hash(plain), c.SecretHash) || len(c.RedirectURIs) != 2 || !c.Allows(client.GrantRefresh) {
			t.Errorf("registered %+v", c)
		}
		at := appURL(c.ID)
		b.get(at).want(http.StatusOK).without(plain).has("#snippet-code", c.ID)
		for _, stack := range []string{"node", "oidc"} {
			b.get(at+"?stack="+stack).has("#snippet-code", "https://notes.example.com/cb")
		}

		b.get(at+"/edit").has("textarea", "http://localhost:8090/cb")
		b.post(at+"/edit", "version", "1", "client_name", "Notes", "redirect_uris", "https://notes.example.com/cb", "scope", "openid").leads(at).has("h1", "Notes")
		b.post(at+"/edit", "version", "1", "client_name", "Late", "redirect_uris", "https://notes.example.com/cb").
			want(http.StatusUnprocessableEntity).has(".alert", "Somebody changed it")

		b.post(at+"/secret").want(http.StatusOK).has("h1", "Make a new client secret?")
		b.sure(at + "/secret").want(http.StatusOK)
		if fresh := b.all("#secret-value")[0]; fresh == plain {
			t.Error("the secret stayed")
		}
		theirs := w.signIn(w.person("user@example.com", "", ""))
		w.takePart(theirs.current, c.ID)
		b.sure(at + "/end").leads(at)
		w.live(theirs, false)
		b.sure(at + "/delete").leads(page.PathAdminApps)
		b.get(at).want(http.StatusNotFound)

		for _, kind := range []string{"browser", "service"} {
			b.post(pathNewApp, "kind", kind, "client_name", kind, "redirect_uris", "https://notes.example.com/", "scope", "openid").want(http.StatusOK)
			if got := len(b.all("#secret-value")); (got == 1) != (kind == "service") {
				t.Errorf("%s has %d secrets", kind, got)
			}
			if strings.Contains(b.body, "$") && strings.Contains(b.body, "$PLAIN") {
				t.Errorf("%s: a placeholder stayed", kind)
			}
		}
		b.post(pathNewApp, "kind", "toaster").want(http.StatusBadRequest)
	})
}

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

		b.post(page.PathAdminWebhooks, "url", "ftp://x").want(http.StatusUnprocessableEntity)
		b.post(page.PathAdminWebhooks, "url", "https://hooks.example.com/in", "events", "user.created").want(http.StatusOK).has(".code", "whsec_")
		b.get(page.PathAdminWebhooks).has("li", "hooks.example.com").without("whsec_")

		b.get(page.PathAdminAudit+"?kind=policy.changed").want(http.StatusOK).has("code", "policy.changed").has("td", "owner@example.com")
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
