package admin

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// lateBody is a form before which something else happens.
type lateBody struct {
	io.Reader
	before func()
}

func (l *lateBody) Read(p []byte) (int, error) {
	if l.before != nil {
		l.before()
		l.before = nil
	}
	return l.Reader.Read(p)
}

// sureLate is a second click whose form arrives after something else has happened: the page has read its objects by then.
func (b *browser) sureLate(path string, before func()) *browser {
	b.t.Helper()
	r := httptest.NewRequest(http.MethodPost, issuer+path, &lateBody{strings.NewReader("confirm=yes"), before})
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.send(r)
}

func (w *world) giveRole(u *storage.User, role string) {
	w.t.Helper()
	row := w.row(u)
	row.Role = role
	w.must(w.Users.Update(w.t.Context(), w.Store, w.Door, row, "test"))
}

// Nobody does anything to who has become an owner since their page was read, nor once they are no administrator any more.
func TestActsOnAUserAsTheyAreByThen(t *testing.T) {
	for name, becomes := range map[string]string{"the user becomes an owner": actor.RoleOwner, "the administrator becomes nobody": ""} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				w.person("last@example.com", actor.RoleOwner, "") // so that nobody is kept as the last
				for _, act := range []string{"disable", "reset", "end", "delete", "invite", "factor"} {
					admin := w.person(act+"-admin@example.com", actor.RoleAdmin, "")
					b := w.signIn(admin)
					u := w.person(act+"@example.com", "", "")
					w.authenticator(u.ID)
					if act == "invite" {
						u = w.invited("new@example.com")
					}
					path := userURL(u.ID) + "/" + act
					if act == "factor" {
						list, err := w.Factors.List(t.Context(), u.ID)
						w.must(err)
						for _, f := range list {
							if f.Kind == factor.KindTOTP {
								path = userURL(u.ID) + "/factors/" + f.ID + "/remove"
							}
						}
					}
					var theirs *browser
					mails := len(w.mailbox.List())
					b.sureLate(path, func() {
						if becomes == "" {
							w.giveRole(admin, "")
						} else {
							w.giveRole(u, becomes)
						}
						theirs = w.signIn(w.row(u)) // a new role ends the sessions of before
					}).want(http.StatusNotFound)
					w.live(theirs, true)
					if now := w.row(u); now.Status != storage.UserActive {
						t.Errorf("%s: the user is %s", act, now.Status)
					}
					if rows, err := w.Store.Factors(t.Context(), u.ID, string(factor.KindTOTP)); err != nil || len(rows) != 1 {
						t.Errorf("%s: %d authenticators, %v", act, len(rows), err)
					}
					if n := len(w.mailbox.List()) - mails; n != 0 {
						t.Errorf("%s: %d mails", act, n)
					}
					list, err := w.Store.QueryAuditEvents(t.Context(), storage.AuditQuery{UserID: u.ID, Kind: string(audit.PasswordResetBegun), Limit: 9})
					if err != nil || len(list) != 0 {
						t.Errorf("%s: %d mails on record, %v", act, len(list), err)
					}
				}
			})
		})
	}
}

// invited adds who has no password yet.
func (w *world) invited(address string) *storage.User {
	w.t.Helper()
	row, err := w.Users.Create(w.t.Context(), w.Store, user.NewUser{Email: address, Kind: audit.UserCreated, By: "test"})
	w.must(err)
	w.authenticator(row.ID)
	return row
}

// An owner gives an application more than an administrator may while they make it a new secret: they do not get what opens that.
func TestSecretOfAnApplicationAsItIsByThen(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for name, role := range map[string]string{"the application opens more": actor.RoleAdmin, "the administrator becomes an auditor": actor.RoleAuditor} {
			admin := w.person(id.New("x")+"@example.com", actor.RoleAdmin, "")
			b := w.signIn(admin)
			c, plain, err := w.Clients.Register(t.Context(), w.Store, "", client.Metadata{ClientName: name, Scope: api.ScopeUsersRead,
				GrantTypes: []string{client.GrantClientCredentials}, TokenEndpointAuthMethod: client.AuthBasic})
			w.must(err)
			b.post(appURL(c.ID)+"/secret").want(http.StatusOK).has("h1", "Make a new client secret?")
			b.sureLate(appURL(c.ID)+"/secret", func() {
				if role != actor.RoleAdmin {
					w.giveRole(admin, role)
					return
				}
				m := c.Metadata
				m.Scope = api.ScopeRolesWrite
				w.must(w.Store.Tx(t.Context(), func(tx *storage.Store) error {
					now, err := w.Clients.In(t.Context(), tx, c.ID)
					if err != nil {
						return err
					}
					_, _, err = api.ChangeApplication(t.Context(), tx, w.Clients, w.clock.Now(), now, m, "test")
					return err
				}))
			}).want(http.StatusNotFound)
			row, err := w.Store.Client(t.Context(), c.ID)
			if err != nil || string(row.SecretHash) != string(c.SecretHash) || plain == "" {
				t.Errorf("%s: the secret is another, %v", name, err)
			}
		}
	})
}
