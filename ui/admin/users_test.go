package admin

import (
	"net/http"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

func TestUsersAreFound(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		anna := w.person("anna@example.com", "", "Zoe Ämter")
		off := w.person("user@example.com", "", "Anna B")
		off.FamilyName = "Kaya"
		w.must(w.Store.UpdateUser(t.Context(), off))
		w.must(w.Users.Disable(t.Context(), w.Store, w.Door, off.ID, "test"))
		w.called(anna, "+49305550112", "crm-1")
		for query, want := range map[string]string{"": "user@ anna@ admin@", "?q=ANN": "anna@ user@", "?q=zoe": "anna@", "?q=nobody": "",
			"?status=disabled": "user@", "?role=admin": "admin@", "?q=%2B49+30": "anna@", "?q=0049(30)5550112": "anna@", "?q=03": "", "?q=crm-1": "anna@", "?q=crm": "", "?q=kaya": "user@",
			"?second=yes": "anna@ admin@", "?second=no": "user@", "?seen=7d": "admin@", "?seen=not30d": "user@ anna@", "?q=ann&second=no": "user@", "?q=ann&seen=7d": "", "?q=ann&status=active": "anna@", "?q=%25": "", "?q=a": "admin@ anna@ user@"} {
			var got []string
			for _, text := range b.get(page.PathAdminUsers + query).want(http.StatusOK).all(".cell-main") {
				got = append(got, strings.TrimSuffix(text, "example.com"))
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%q: %q, want %q", query, got, want)
			}
		}
		b.get(page.PathAdminUsers+"?q="+off.ID).leads(userURL(off.ID)).has("h1", "Anna B").has(".tag", "Disabled")
		b.get(userURL(anna.ID)).has("dd", "crm-1")
		b.get(userURL("usr_x")).want(http.StatusNotFound)
		for _, bad := range []string{"?second=maybe", "?seen=tomorrow"} {
			b.get(page.PathAdminUsers + bad).want(http.StatusBadRequest)
		}
	})
}

// called gives somebody a phone number that they prove with, and an external id.
func (w *world) called(u *storage.User, phone, external string) {
	w.t.Helper()
	ctx, now := w.t.Context(), storage.At(w.clock.Now())
	w.must(w.Store.InsertIdentifier(ctx, &storage.Identifier{Kind: storage.IdentifierPhone, Value: phone, UserID: u.ID, Display: phone, IsPrimary: true, CreatedAt: now}))
	w.must(w.Store.InsertFactor(ctx, &storage.Factor{UserID: u.ID, ID: id.New(id.Factor), Kind: "sms", Label: phone, ConfirmedAt: now, CreatedAt: now}))
	row, err := w.Store.User(ctx, u.ID)
	w.must(err)
	row.ExternalID = external
	w.must(w.Store.UpdateUser(ctx, row))
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
		for bad, fault := range map[string]string{"": "It must be a JSON object", "[]": "It must be a JSON object", "null": "It must be a JSON object",
			"{": "Line 1, column 2:", `{"a":1} x`: "Line 1, column 9:", "{\n  \"ä\": 1,\n  \"b\": wrong\n}": "Line 3, column 8:", "{\n \"é\" 1}": "Line 2, column 6:"} {
			save("merge", "4", bad).want(http.StatusUnprocessableEntity).has(".fault", fault)
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
	list, err := w.Store.QueryAuditEvents(w.t.Context(), storage.AuditQuery{UserID: userID, Kind: kind, Limit: 5})
	w.must(err)
	if len(list) == 0 || list[0].Actor != by {
		w.t.Errorf("%s: %d events, want one by %s", kind, len(list), by)
	}
}
