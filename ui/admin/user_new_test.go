package admin

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// found is the user with an address.
func (w *world) found(address string) *user.Person {
	w.t.Helper()
	row, err := w.Users.ByEmail(w.t.Context(), address)
	w.must(err)
	p, err := w.Users.Person(w.t.Context(), row.ID)
	w.must(err)
	return p
}

// link waits for the newest invitation to an address and returns its token, "" for none.
func (w *world) link(address string) string {
	w.t.Helper()
	w.must(w.Outbox.Close(w.t.Context())) // which sends what is under way
	for _, m := range w.mailbox.List() {
		if _, token, ok := strings.Cut(m.Text, "/reset/"); ok && m.To == address && m.Kind == delivery.Invited {
			return strings.Fields(token)[0]
		}
	}
	return ""
}

func TestNewUserIsInvited(t *testing.T) {
	for _, verified := range []string{"yes", ""} {
		each(t, func(t *testing.T, w *world) {
			b := w.signIn(w.person("owner@example.com", actor.RoleOwner, ""))
			b.get("/admin/users").has(".button-main", "New user")
			b.get(pathNewUser).want(http.StatusOK).has("h1", "New user").has("label", "Role")
			b.post(pathNewUser, "email_address", " Anna@Example.com ", "email_verified", verified, "full_name", " Anna Ämter ", "given_name", "Anna",
				"family_name", "Ämter", "language", "de", "role", "support", "next", "mail")
			u := w.found("anna@example.com")
			b.leads(userURL(u.ID)).has(".notice", "the mail is on its way").has(".button", "Send invitation")
			if u.Email != "Anna@Example.com" || u.Name != "Anna Ämter" || u.GivenName != "Anna" || u.FamilyName != "Ämter" || u.Locale != "de" ||
				u.Role != "support" || u.EmailVerified != (verified == "yes") || u.Version != 1 {
				t.Errorf("made %+v %+v", u, u.User)
			}
			if e := w.events(u.ID); len(e) != 2 || e[0].Kind != string(audit.UserCreated) || !strings.Contains(e[0].Data, "Ämter") || e[1].Actor != b.current.UserID {
				t.Errorf("%+v", e)
			}
			token := w.link("anna@example.com")
			w.clock.Advance(factor.InvitationTTL - time.Minute)
			r, err := w.Factors.OpenReset(t.Context(), token)
			if err != nil || !r.Invited || r.UserID != u.ID {
				t.Fatalf("the link opens %+v, %v", r, err)
			}
			password, err := w.Factors.AcceptPassword(t.Context(), "seven quiet herons", "anna@example.com")
			w.must(err)
			w.must(w.Store.Tx(t.Context(), func(tx *storage.Store) error {
				_, err := w.Factors.FinishReset(t.Context(), tx, token, password)
				return err
			}))
			if u := w.found("anna@example.com"); !u.EmailVerified {
				t.Error("who read the mail has not proved the address")
			}
			if _, err := w.Factors.OpenReset(t.Context(), token); err == nil {
				t.Error("the link works twice")
			}
			b = w.signIn(w.person("other@example.com", actor.RoleOwner, ""))
			b.sure(userURL(u.ID) + "/invite").want(http.StatusBadRequest)
			b.get(userURL(u.ID)).has(".button", "Reset password").without("/invite\"")
		})
	}
}

func TestNewUserWithoutMail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		b.post(pathNewUser, "email_address", "quiet@example.com", "email_verified", "yes", "next", "none")
		u := w.found("quiet@example.com")
		b.leads(userURL(u.ID)).has(".notice", "No mail was sent")
		b.post(userURL(u.ID)+"/invite").want(http.StatusOK).has("h1", "Send the mail")
		b.sure(userURL(u.ID)+"/invite").leads(userURL(u.ID)).has(".notice", "on its way")
		for range 10 { // somebody's mailbox is not to be filled
			b.sure(userURL(u.ID) + "/invite").want(http.StatusSeeOther)
		}
		b.get(userURL(u.ID)).has(".notice", "Too many mails")
		if w.link("quiet@example.com") == "" {
			t.Error("no mail")
		}
	})
}

func TestNewUserRefuses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("owner@example.com", actor.RoleOwner, ""))
		w.person("user@example.com", "", "")
		before := w.count()
		for _, address := range []string{"", "x", "a@b", "Ada <ada@example.com>", "a@example.com\nBcc: b@example.com", strings.Repeat("a", 250) + "@example.com",
			`"><script>alert(1)</script>@example.com`} {
			b.post(pathNewUser, "email_address", address, "next", "mail").want(http.StatusUnprocessableEntity).has("#f-email_address-fault", "").without("<script>alert")
		}
		for _, address := range []string{"user@example.com", "USER@example.COM", " user@Example.com"} {
			b.post(pathNewUser, "email_address", address, "full_name", "Mine", "next", "none").want(http.StatusUnprocessableEntity).has("#f-email_address-fault", "another account")
		}
		b.post(pathNewUser, "email_address", "new@example.com", "next", "none", "given_name", strings.Repeat("x", 201), "full_name", "a\x1bb").
			want(http.StatusUnprocessableEntity).has("#f-given_name-fault", "200").has("#f-full_name-fault", "200")
		for field, value := range map[string]string{"role": "root", "language": "xx", "next": "call"} {
			v := url.Values{"email_address": {"new@example.com"}, "next": {"none"}}
			v.Set(field, value)
			b.do(http.MethodPost, pathNewUser, v.Encode()).want(http.StatusBadRequest)
		}
		b.do(http.MethodPost, pathNewUser, "email_address=a%40example.com&email_address=b%40example.com&next=none").want(http.StatusBadRequest)
		if after := w.count(); after != before {
			t.Errorf("%d users, were %d", after, before)
		}
	})
}

// Twenty open an account with one address at once: there is one, and the others are told at the field.
func TestManyOpenOneAccount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		before := w.count()
		codes := make([]int, 20)
		var ready, done sync.WaitGroup
		ready.Add(1)
		for i := range codes {
			done.Go(func() {
				ready.Wait()
				r := httptest.NewRequest(http.MethodPost, issuer+pathNewUser, strings.NewReader("email_address=one%40example.com&next=none"))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("Sec-Fetch-Site", "same-origin")
				for name, value := range b.cookies {
					r.AddCookie(&http.Cookie{Name: name, Value: value})
				}
				rec := httptest.NewRecorder()
				w.handler.ServeHTTP(rec, r)
				codes[i] = rec.Code
			})
		}
		ready.Done()
		done.Wait()
		by := map[int]int{}
		for _, code := range codes {
			by[code]++
		}
		if by[http.StatusSeeOther] != 1 || by[http.StatusUnprocessableEntity] != 19 || w.count() != before+1 {
			t.Errorf("answers %v, %d users more", by, w.count()-before)
		}
	})
}

// count is how many users there are.
func (w *world) count() int {
	w.t.Helper()
	list, err := w.Store.Users(w.t.Context(), storage.UserFilter{Limit: 500})
	w.must(err)
	return len(list)
}

// events are those of a user, the oldest first.
func (w *world) events(userID string) []*storage.AuditEvent {
	w.t.Helper()
	list, err := w.Store.QueryAuditEvents(w.t.Context(), storage.AuditQuery{UserID: userID, Limit: 50})
	w.must(err)
	slices.Reverse(list)
	return list
}
