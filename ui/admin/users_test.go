package admin

import (
	"net/http"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

func TestUsersAreFound(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		w.person("anna@example.com", "", "Zoe Ämter")
		off := w.person("user@example.com", "", "Anna B")
		w.must(w.Users.Disable(t.Context(), w.Store, w.Door, off.ID, "test"))
		for query, want := range map[string]string{"": "user@ anna@ admin@", "?q=ANN": "anna@ user@", "?q=zoe": "anna@", "?q=nobody": "",
			"?status=disabled": "user@", "?role=admin": "admin@", "?q=ann&status=active": "anna@", "?q=%25": "", "?q=a": "admin@ anna@ user@"} {
			var got []string
			for _, text := range b.get(page.PathAdminUsers + query).want(http.StatusOK).all(".cell-main") {
				got = append(got, strings.TrimSuffix(text, "example.com"))
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%q: %q, want %q", query, got, want)
			}
		}
		b.get(page.PathAdminUsers+"?q="+off.ID).leads(userURL(off.ID)).has("h1", "Anna B").has(".tag", "Disabled")
		b.get(userURL("usr_x")).want(http.StatusNotFound)
	})
}

func TestUsersArePaged(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		for i := range rowsShown + 5 {
			w.person("u"+strings.Repeat("x", i)+"@example.com", "", "")
		}
		b.get(page.PathAdminUsers)
		first := b.all(".cell-main")
		_, next, _ := strings.Cut(b.body, page.PathAdminUsers+"?after=")
		next, _, _ = strings.Cut(next, `"`)
		second := b.get(page.PathAdminUsers + "?after=" + next).all(".cell-main")
		if len(first) != rowsShown || len(second) != 6 || second[5] != "admin@example.com" {
			t.Errorf("%d and %d rows, the last is %q", len(first), len(second), second)
		}
	})
}

func TestUserActs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.person("owner@example.com", actor.RoleOwner, "")
		u := w.person("user@example.com", "", "User")
		b, theirs := w.signIn(owner), w.signIn(u)
		at := userURL(u.ID)
		b.post(at+"/end").want(http.StatusOK).has("h1", "End all sessions of this user?")
		w.live(theirs, true)
		b.sure(at+"/end").leads(at).has(".notice", "The sessions have ended.")
		w.live(theirs, false)

		b.post(at+"/disable").want(http.StatusOK).has("h1", "Disable this account?")
		b.sure(at+"/disable").leads(at).has(".tag", "Disabled")
		b.post(at+"/enable").leads(at).has(".tag", "Active")
		w.wantEvents(u.ID, string(audit.UserDisabled), owner.ID)

		b.sure(at + "/reset").leads(at)
		b.post(at+"/role", "role", "support").want(http.StatusOK).has("h1", "Change the role?")
		b.sure(at+"/role", "role", "support").leads(at).has(".tag", "Support")
		b.post(at+"/role", "role", "god").want(http.StatusBadRequest)
		w.wantEvents(u.ID, string(audit.UserUpdated), owner.ID)

		// Nobody locks themself out.
		for _, act := range []string{"/disable", "/role", "/impersonate"} {
			b.sure(userURL(owner.ID)+act, "role", "").want(http.StatusBadRequest)
		}
	})
}

func TestMetadata(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		u := w.person("user@example.com", "", "")
		at := userURL(u.ID)
		save := func(how, version, json string) *browser {
			return b.post(at+"/metadata", "tier", "public", "how", how, "version", version, "json", json)
		}
		save("merge", "1", `{"plan":{"name":"gold","seats":3}}`).leads(at+"#metadata").has(".notice", "Saved.")
		save("merge", "2", `{"plan":{"seats":null}}`).leads(at + "#metadata")
		w.wantMetadata(u.ID, `{"plan":{"name":"gold"}}`)
		save("replace", "3", `{"a": 1}`).leads(at + "#metadata")
		w.wantMetadata(u.ID, `{"a":1}`)
		for _, bad := range []string{"", "[]", "{", `{"a":1} x`, "null"} {
			save("merge", "4", bad).want(http.StatusUnprocessableEntity).has(".fault", "This is not a JSON object.")
		}
		save("merge", "4", `{"a":"`+strings.Repeat("x", 9000)+`"}`).want(http.StatusUnprocessableEntity).has(".fault", "At most 8192 bytes")
		save("merge", "1", `{"b":1}`).want(http.StatusUnprocessableEntity).has(".alert", "Somebody changed it")
		w.wantMetadata(u.ID, `{"a":1}`)
		b.post(at+"/metadata", "tier", "secret", "version", "4", "json", "{}").want(http.StatusBadRequest)
	})
}

// What people call themselves, and what apps keep of them, stays text.
func TestNamesAreText(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>`
		b := w.signIn(w.person("admin@example.com", actor.RoleOwner, evil))
		u := w.person("user@example.com", "", evil)
		w.app("cli_evil", evil)
		w.takePart(b.current, "cli_evil")
		b.post(userURL(u.ID)+"/metadata", "tier", "public", "how", "merge", "version", "1", "json", `{"x":"</textarea><script>alert(1)</script>"}`)
		for _, path := range []string{page.PathAdmin, page.PathAdminUsers, userURL(u.ID), page.PathAdminSessions, sessionURL(b.current.ID),
			page.PathAdminApps, appURL("cli_evil"), appURL("cli_evil") + "/edit", page.PathAdminUsers + "?q=" + "%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
			page.PathAdminAudit} {
			b.get(path).want(http.StatusOK).without("<script>alert").without("<img src=x")
		}
	})
}

func (w *world) live(b *browser, want bool) {
	w.t.Helper()
	_, _, err := w.Store.LiveSession(w.t.Context(), b.current.UserID, b.current.ID, w.clock.Now())
	if (err == nil) != want {
		w.t.Errorf("session is live: %t, want %t (%v)", err == nil, want, err)
	}
}

func (w *world) wantMetadata(userID, want string) {
	w.t.Helper()
	u, err := w.Store.User(w.t.Context(), userID)
	w.must(err)
	if u.PublicMetadata != want {
		w.t.Errorf("metadata %s, want %s", u.PublicMetadata, want)
	}
}

// wantEvents checks that somebody did something to a user, in the log.
func (w *world) wantEvents(userID, kind, by string) {
	w.t.Helper()
	list, err := w.Store.AuditEvents(w.t.Context(), storage.EventFilter{UserID: userID, Kind: kind, Limit: 5})
	w.must(err)
	if len(list) == 0 || list[0].Actor != by {
		w.t.Errorf("%s: %d events, want one by %s", kind, len(list), by)
	}
}
