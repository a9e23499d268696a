package admin

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/apikey"
	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// Nobody has by a key what their role has not: the form does not offer it, and a form that was made up is refused.
func TestNoKeyBeyondItsMakersRole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		b.get(pathNewAPIKey).want(http.StatusOK).without("roles:write").without(`value="keys:write"`).without("policies:write")
		for _, scope := range []string{api.ScopeRolesWrite, api.ScopeKeysWrite, api.ScopePoliciesWrite} {
			b.ask("scopes", "users:read", "scopes", scope).want(http.StatusUnprocessableEntity).has("#f-scopes-fault", scope)
		}
		if list := w.apiKeys(); len(list) != 0 {
			t.Fatalf("made %+v", list[0])
		}
		var all []string
		for _, s := range api.ScopesOf(actor.RoleAdmin) {
			all = append(all, "scopes", s)
		}
		b.ask(all...).want(http.StatusOK)

		// Whoever has become less makes no more keys, and those they made open no more than they may.
		plain, service := b.all("#secret-value")[0], w.service()
		row, err := w.Store.User(t.Context(), b.current.UserID)
		w.must(err)
		row.Role = actor.RoleSupport
		w.must(w.Store.UpdateUser(t.Context(), row))
		b.ask("scopes", "users:read").want(http.StatusNotFound)
		for path, code := range map[string]int{"/v1/users": http.StatusOK, "/v1/webhooks": http.StatusForbidden} {
			if got := w.curl(service, "echo 'Authorization: Bearer "+plain+"' | curl --fail-with-body --header @- '"+issuer+path+"'"); got.Code != code {
				t.Errorf("%s: %d", path, got.Code)
			}
		}
	})
}

// Who only reads sees everything but how to change it, and changes nothing.
func TestReadingAPIKeysIsNotChangingThem(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		k := w.key(apikey.NewKey{Scopes: []string{"users:read"}})
		at := page.PathAdminAPIKeys + "/" + k.ID + "/revoke"
		auditor, support := w.signIn(w.person("auditor@example.com", actor.RoleAuditor, "")), w.signIn(w.person("support@example.com", actor.RoleSupport, ""))
		auditor.get(page.PathAdminAPIKeys).want(http.StatusOK).has(".row-name", k.Hint).without("/revoke").without(pathNewAPIKey)
		support.get(page.PathAdminAPIKeys).want(http.StatusNotFound)
		for _, b := range []*browser{auditor, support} {
			b.get(pathNewAPIKey).want(http.StatusNotFound)
			b.ask("scopes", "users:read").want(http.StatusNotFound)
			b.sure(at).want(http.StatusNotFound)
		}
		if d := cmp.Diff([]*storage.APIKey{k}, w.apiKeys()); d != "" {
			t.Error(d)
		}
	})
}

func TestAnotherSiteMakesNoKey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		k := w.key(apikey.NewKey{Scopes: []string{"users:read"}})
		at := page.PathAdminAPIKeys + "/" + k.ID + "/revoke"
		b := w.signIn(w.person("owner@example.com", actor.RoleOwner, ""))
		nobody := &browser{world: w, cookies: map[string]string{}}
		for path, body := range map[string]string{pathNewAPIKey: "key_name=x&ttl=never&scopes=users%3Aread", at: "confirm=yes"} {
			for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example.com"} {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, issuer+path, strings.NewReader(body))
				w.must(err)
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set(name, value)
				b.send(r).want(http.StatusForbidden)
			}
			nobody.do(http.MethodPost, path, body).want(http.StatusSeeOther)
		}
		b.get(at + "?confirm=yes").want(http.StatusMethodNotAllowed)
		b.get(pathNewAPIKey + "?key_name=x&ttl=never&scopes=users%3Aread").want(http.StatusOK).without("csk_")
		if d := cmp.Diff([]*storage.APIKey{k}, w.apiKeys()); d != "" {
			t.Error(d)
		}
	})
}

// What is no key's id is no page, whatever it is.
func TestForeignIDIsNoKey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.person("owner@example.com", actor.RoleOwner, "")
		b := w.signIn(owner)
		e := w.hookTo(webhook.Fields{}, webhook.HMAC)
		for _, other := range []string{id.New(id.APIKey), owner.ID, e.ID, "apk_", "apk_%00", "%27%20OR%201=1", "..%2F..", strings.Repeat("a", 3000)} {
			b.post(page.PathAdminAPIKeys + "/" + other + "/revoke").want(http.StatusNotFound)
			b.sure(page.PathAdminAPIKeys + "/" + other + "/revoke").want(http.StatusNotFound)
		}
	})
}

// What a key is called stays text, in every page that says it.
func TestMarkupInAKeysNameIsText(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("owner@example.com", actor.RoleOwner, ""))
		const script = `"><script>alert(1)</script>'`
		b.ask("key_name", script, "scopes", "users:read").want(http.StatusOK).without("<script>alert").has("h2", script)
		k := w.apiKeys()[0]
		if strings.Contains(b.all("#curl")[0], "alert") {
			t.Error("the line for the shell has the name")
		}
		b.get(page.PathAdminAPIKeys).want(http.StatusOK).without("<script>alert").has(".row-name", script)
		b.post(page.PathAdminAPIKeys+"/"+k.ID+"/revoke").want(http.StatusOK).without("<script>alert").has(".lead", script)
		b.ask("key_name", script).want(http.StatusUnprocessableEntity).without("<script>alert")
		b.ask("key_name", script, "scopes", script).want(http.StatusBadRequest).without("<script>alert")
		b.get(page.PathAdminAudit).want(http.StatusOK).without("<script>alert")
	})
}
