package admin

import (
	"net/http"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// want is who may what, written down once more: a slip in the table would otherwise be its own test.
var want = map[Right]string{See: "owner admin support auditor", UsersRead: "owner admin support auditor", UsersWrite: "owner admin",
	UsersRole: "owner", UsersImpersonate: "owner admin support", SessionsRead: "owner admin support auditor",
	SessionsEnd: "owner admin support", SessionsEndAll: "owner admin", ApplicationsRead: "owner admin auditor",
	ApplicationsWrite: "owner admin", TemplatesRead: "owner admin auditor", TemplatesWrite: "owner admin", KeysRead: "owner admin auditor",
	KeysWrite: "owner", PoliciesRead: "owner admin auditor", PoliciesWrite: "owner", WebhooksRead: "owner admin auditor",
	WebhooksWrite: "owner admin", APIKeysRead: "owner admin auditor", APIKeysWrite: "owner admin", AuditRead: "owner admin auditor"}

// Every page and act, for every role: who may not is told of no page.
func TestRolesOnEveryRoute(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := w.person("user@example.com", "", "")
		theirs := w.signIn(u)
		w.app("cli_app", "Example Notes")
		for _, role := range []string{actor.RoleOwner, actor.RoleAdmin, actor.RoleSupport, actor.RoleAuditor, "", "unknown"} {
			b := w.signIn(w.person("x"+role+"@example.com", role, ""))
			for _, rt := range w.table() {
				path := strings.NewReplacer("{user}", u.ID, "{session}", theirs.current.ID, "{app}", "cli_app", "{factor}", "fac_x",
					"{hook}", "whk_x", "{apikey}", "apk_x", "{event}", "evt_x", "{delivery}", "dlv_x").Replace(rt.path)
				allowed := strings.Contains(" "+want[rt.right]+" ", " "+role+" ") && role != ""
				// A form without a value is refused by who may, and what destroys only asks.
				b.do(rt.method, path, "")
				nowhere := strings.Contains(path, "_x") || rt.path == pathTemplateNo || rt.path == pathTemplate && role == actor.RoleAuditor
				switch {
				case !allowed && b.code != http.StatusNotFound:
					t.Errorf("%q %s %s: %d", role, rt.method, path, b.code)
				case allowed && b.code == http.StatusNotFound && !nowhere:
					t.Errorf("%q %s %s is not found", role, rt.method, path)
				}
				if !allowed {
					b.has("h1", "")
				}
			}
		}
	})
}

func TestNobodyIsOverTheirOwners(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.person("owner@example.com", actor.RoleOwner, "")
		theirs := w.signIn(owner)
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		for _, act := range []string{"/disable", "/reset", "/end", "/impersonate", "/metadata"} {
			b.sure(userURL(owner.ID) + act).want(http.StatusNotFound)
		}
		b.sure(sessionURL(theirs.current.ID) + "/end").want(http.StatusNotFound)
		b.get(userURL(owner.ID)).want(http.StatusOK).without("/disable").without("/reset")
		w.live(theirs, true)
	})
}

func TestTheWayIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		nobody := &browser{world: w, cookies: map[string]string{}}
		nobody.get(page.PathAdmin).want(http.StatusSeeOther)
		if to := nobody.header.Get("Location"); to != pathSignIn {
			t.Errorf("leads to %s", to)
		}
		row := w.person("admin@example.com", actor.RoleAdmin, "")
		one := w.signInWith(row, factor.KindPassword)
		one.get(page.PathAdminUsers).want(http.StatusForbidden).has("h1", "One more step").has(".button", "Set up")
		one.sure(userURL(row.ID) + "/end").want(http.StatusForbidden)
		one.get(page.PathAdmin + "?live=1").want(http.StatusUnauthorized)

		b := w.signIn(row)
		b.get(page.PathAdmin).want(http.StatusOK).has("h1", "Overview")
		b.do(http.MethodDelete, page.PathAdmin, "").want(http.StatusMethodNotAllowed)
		b.get(page.PathAdmin + "/nothing").want(http.StatusNotFound)
		// Fifteen minutes without a use end it; a page that stands open is none.
		for range 4 {
			w.clock.Advance(4 * 60e9)
			b.get(page.PathAdmin + "?live=1")
		}
		b.get(page.PathAdmin).want(http.StatusSeeOther)
	})
}

func TestAnotherSitePostsNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		u := w.person("user@example.com", "", "")
		r, _ := http.NewRequest(http.MethodPost, issuer+userURL(u.ID)+"/disable", strings.NewReader("confirm=yes"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		b.send(r).want(http.StatusForbidden)
		row, err := w.Store.User(t.Context(), u.ID)
		w.must(err)
		if row.Status != storage.UserActive {
			t.Error("another site has disabled somebody")
		}
	})
}

func TestConsoleIsNotForWhoActs(t *testing.T) {
	c := &session.Current{Session: &storage.Session{Kind: storage.KindImpersonation}, User: &storage.User{Role: actor.RoleOwner}}
	if console(c) {
		t.Error("an impersonation opens the console")
	}
}
