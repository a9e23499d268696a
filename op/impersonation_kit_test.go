package op_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
)

// actForTest redeems a ticket without the page that asks before.
func (k *kit) actForTest(w http.ResponseWriter, r *http.Request) {
	current, err := k.sessions.Current(r)
	if errors.Is(err, session.ErrNone) {
		current, err = nil, nil
	}
	if err == nil {
		_, err = k.actors.Redeem(w, r, r.URL.Query().Get("ticket"), current)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
	}
}

func (k *kit) stopForTest(w http.ResponseWriter, r *http.Request) {
	current, err := k.sessions.Current(r)
	if err == nil {
		_, err = k.actors.Stop(w, r, current)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
	}
}

// withRole gives a user a role, as an administrator would.
func (k *kit) withRole(u *storage.User, role string) *storage.User {
	k.Helper()
	row, err := k.store.User(k.Context(), u.ID)
	k.must(err)
	row.Role = role
	k.must(k.users.Update(k.Context(), k.store, k.door, row, "test"))
	return row
}

// cast is a user, an administrator, and the browser in which the administrator is signed in.
type cast struct {
	*browser
	user, admin *storage.User
	own         *session.Current // of the administrator
}

func (k *kit) cast() *cast {
	k.Helper()
	c := &cast{user: k.person("user@example.com"), admin: k.withRole(k.person("admin@example.com"), actor.RoleAdmin)}
	c.browser = k.signedIn(c.admin)
	c.own = c.current()
	return c
}

func (c *cast) create(change func(*actor.Spec)) (*storage.ActorToken, string) {
	c.Helper()
	s := actor.Spec{UserID: c.user.ID, ActorSub: c.admin.ID, Actor: []byte(`{"sub":"` + c.admin.ID + `"}`), Reason: "a question", By: "console"}
	if change != nil {
		change(&s)
	}
	t, ticket, err := c.actors.Create(c.Context(), c.store, s)
	c.must(err)
	return t, ticket
}

func (b *browser) redeemTicket(ticket string) answer {
	b.Helper()
	return b.send(httptest.NewRequest("POST", issuer+"/test/impersonate?"+url.Values{"ticket": {ticket}}.Encode(), nil))
}

// act begins an impersonation and returns its session.
func (c *cast) act() *session.Current {
	c.Helper()
	_, ticket := c.create(nil)
	if a := c.redeemTicket(ticket); a.StatusCode != http.StatusOK {
		c.Fatal(a.body)
	}
	return c.current()
}

func (c *cast) live(s *storage.Session) bool {
	c.Helper()
	_, _, err := c.store.LiveSession(c.Context(), s.UserID, s.ID, c.clock.Now())
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		c.Fatal(err)
	}
	return err == nil
}

// reason is why a session has ended, "" while its row says that it has not.
func (c *cast) reason(s *storage.Session) logout.Reason {
	c.Helper()
	row, err := c.store.Session(c.Context(), s.ID)
	c.must(err)
	return logout.Reason(row.EndReason)
}

func eachCast(t *testing.T, fn func(*testing.T, *cast)) {
	t.Helper()
	each(t, func(t *testing.T, k *kit) { fn(t, k.cast()) })
}
