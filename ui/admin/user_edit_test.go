package admin

import (
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// editUserForm sends the edit form of a user with these fields in place of what is there.
func (b *browser) editUserForm(u *storage.User, pairs ...string) *browser {
	b.t.Helper()
	v := b.get(userURL(u.ID) + "/edit").want(http.StatusOK).fields()
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, userURL(u.ID)+"/edit", v.Encode())
}

func (w *world) row(u *storage.User) *storage.User {
	w.t.Helper()
	row, err := w.Store.User(w.t.Context(), u.ID)
	w.must(err)
	return row
}

func TestEditOfAUser(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		u := w.person("user@example.com", "", "Anna B")
		w.person("other@example.com", "", "Other")
		u = w.row(u)
		u.Locale, u.ExternalID, u.SessionLimit = "fr-CA", " crm 1 ", 7
		w.must(w.Users.Update(t.Context(), w.Store, w.Door, u, "test"))
		was := w.row(u)

		b.editUserForm(u).leads(userURL(u.ID))
		if now := w.row(u); now.Version != was.Version {
			t.Errorf("a form that was sent back as it came wrote %+v", now)
		}
		b.editUserForm(u, "full_name", " Anna  Ämter ", "given_name", "Anna", "family_name", "Ämter", "language", "de", "session_limit", "2",
			"external_id", "crm-2 ", "role", "owner", "email_address", "evil@example.com").leads(userURL(u.ID)).has(".notice", "Saved")
		now := w.row(u)
		if now.Name != "Anna  Ämter" || now.GivenName != "Anna" || now.FamilyName != "Ämter" || now.Locale != "de" || now.SessionLimit != 2 ||
			now.ExternalID != "crm-2" || now.Role != "" {
			t.Errorf("changed to %+v", now)
		}
		if p, err := w.Users.Person(t.Context(), u.ID); err != nil || p.Email != "user@example.com" {
			t.Errorf("the address is %q, %v", p.Email, err)
		}
		b.get(userURL(u.ID)).has("dd", "crm-2").has("dd", "Ämter")
		list, err := w.Store.QueryAuditEvents(t.Context(), storage.AuditQuery{UserID: u.ID, Kind: string(audit.UserUpdated), Limit: 9})
		w.must(err)
		if len(list) != 2 {
			t.Errorf("%d events", len(list))
		}
		b.editUserForm(u, "session_limit", "0", "external_id", "", "full_name", "").leads(userURL(u.ID))
		if now := w.row(u); now.SessionLimit != 0 || now.ExternalID != "" || now.Name != "" {
			t.Errorf("emptied to %+v", now)
		}
	})
}

func TestEditOfAUserIsNotLost(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		u := w.person("user@example.com", "", "Anna")
		slow := b.get(userURL(u.ID) + "/edit").fields()
		b.editUserForm(u, "full_name", "Faster").leads(userURL(u.ID))
		slow.Set("full_name", "Slower")
		b.do(http.MethodPost, userURL(u.ID)+"/edit", slow.Encode()).want(http.StatusUnprocessableEntity).has(".alert", "Somebody changed it")
		if w.row(u).Name != "Faster" {
			t.Error("the slower one was taken")
		}
		again := b.fields() // what stands there now is sent again, having been looked at
		b.do(http.MethodPost, userURL(u.ID)+"/edit", again.Encode()).leads(userURL(u.ID))
		if w.row(u).Name != "Slower" {
			t.Error("not saved at the second try")
		}
	})
}

func TestEditOfAUserRefuses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		u, other := w.person("user@example.com", "", "Anna"), w.row(w.person("other@example.com", "", ""))
		other.ExternalID = "theirs"
		w.must(w.Users.Update(t.Context(), w.Store, w.Door, other, "test"))
		was := w.row(u)
		for field, values := range map[string][]string{"full_name": {strings.Repeat("ä", 201), "a\nb", "a\x1bb"}, "given_name": {strings.Repeat("x", 201)},
			"family_name": {"\x7f"}, "session_limit": {"-1", "1001", "two", "1e2", "9223372036854775808"},
			"external_id": {"theirs", strings.Repeat("x", 256), "a\tb"}} {
			for _, value := range values {
				b.editUserForm(u, field, value).want(http.StatusUnprocessableEntity).has("#f-"+field+"-fault", "")
			}
		}
		for field, value := range map[string]string{"language": "xx", "version": "soon"} {
			b.editUserForm(u, field, value).want(http.StatusBadRequest)
		}
		b.post(userURL(u.ID) + "/edit").want(http.StatusBadRequest)
		b.editUserForm(u, "full_name", strings.Repeat("x", 2<<20))
		if b.code < 400 {
			t.Errorf("two megabytes: %d", b.code)
		}
		if now := w.row(u); now.Version != was.Version {
			t.Errorf("written: %+v", now)
		}
		const script = `"><script>alert(1)</script>`
		b.editUserForm(u, "full_name", script, "external_id", script, "given_name", script).leads(userURL(u.ID)).without("<script>alert")
		for _, path := range []string{"/edit", "/delete"} {
			b.get(userURL(u.ID) + path).want(http.StatusOK).without("<script>alert")
		}
		b.get("/admin/users").without("<script>alert")
		b.editUserForm(u, "session_limit", script).want(http.StatusUnprocessableEntity).without("<script>alert")
	})
}

// The API's schema is written in tags, which no constant reaches: what it allows is what the form does.
func TestFormAndAPIAllowTheSame(t *testing.T) {
	fields := reflect.TypeFor[api.UserFields]()
	for name, want := range map[string][2]string{"Name": {"maxLength", strconv.Itoa(user.MaxName)}, "FirstName": {"maxLength", strconv.Itoa(user.MaxName)},
		"LastName": {"maxLength", strconv.Itoa(user.MaxName)}, "SessionLimit": {"maximum", strconv.Itoa(user.MaxSessionLimit)},
		"ExternalID": {"maxLength", strconv.Itoa(user.MaxExternalID)}} {
		f, _ := fields.FieldByName(name)
		if got := f.Tag.Get(want[0]); got != want[1] {
			t.Errorf("%s: %s is %q, want %s", name, want[0], got, want[1])
		}
	}
}

// userActs is everything that opens, changes or deletes a user, with what would do it.
func userActs(u *storage.User) map[string]url.Values {
	at := userURL(u.ID)
	return map[string]url.Values{pathNewUser: {"email_address": {"new@example.com"}, "next": {"none"}}, at + "/edit": {"full_name": {"Mine"}, "version": {strconv.FormatInt(u.Version, 10)}},
		at + "/invite": {"confirm": {"yes"}}, at + "/delete": {"confirm": {"yes"}}}
}

// Who has less power than an owner neither edits nor deletes one, nor makes one.
func TestUsersAboveAreNotChanged(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.row(w.person("owner@example.com", actor.RoleOwner, "Owner"))
		unknown := w.row(w.person("strange@example.com", "unknown", ""))
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		for _, u := range []*storage.User{owner, unknown} {
			for path, values := range userActs(u) {
				if path == pathNewUser {
					continue
				}
				b.do(http.MethodPost, path, values.Encode()).want(http.StatusNotFound)
				b.get(path)
				if b.code == http.StatusOK {
					t.Errorf("%s is shown", path)
				}
			}
			b.get(userURL(u.ID)).want(http.StatusOK).without("/edit\"").without("/delete\"").without("/invite\"")
			if now := w.row(u); now.Version != u.Version {
				t.Errorf("written: %+v", now)
			}
		}
		for _, role := range []string{"owner", "admin", "support", "auditor", "root"} {
			b.post(pathNewUser, "email_address", "made@example.com", "next", "none", "role", role).want(http.StatusBadRequest)
		}
		if _, err := w.Users.ByEmail(t.Context(), "made@example.com"); err == nil {
			t.Error("somebody was made with a role")
		}
		b.get(pathNewUser).want(http.StatusOK).without(`name="role"`)
	})
}

func TestUsersAcrossSites(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := w.row(w.person("user@example.com", "", ""))
		b := w.signIn(w.person("owner@example.com", actor.RoleOwner, ""))
		nobody := &browser{world: w, cookies: map[string]string{}}
		for path, values := range userActs(u) {
			for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example.com"} {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, issuer+path, strings.NewReader(values.Encode()))
				w.must(err)
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set(name, value)
				b.send(r).want(http.StatusForbidden)
			}
			nobody.do(http.MethodPost, path, values.Encode()).want(http.StatusSeeOther)
		}
		b.get(userURL(u.ID) + "/delete?confirm=yes").want(http.StatusOK)
		if now := w.row(u); now.Version != u.Version {
			t.Errorf("written: %+v", now)
		}
		if _, err := w.Users.ByEmail(t.Context(), "new@example.com"); err == nil {
			t.Error("another site has opened an account")
		}
	})
}
