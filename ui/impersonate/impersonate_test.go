package impersonate

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
)

// The whole way: asked once, begun, said on every page, stopped, and back as oneself.
func TestImpersonate(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token, ticket := w.ticket()
		b := w.browser().signIn(w.admin)
		own := b.session()
		b.open(ticket).leads("/impersonate")
		if got := b.header.Get("Location"); strings.Contains(got, "ticket") {
			t.Errorf("the ticket is in %s", got)
		}
		b.get("/impersonate").says(http.StatusOK, "Act as user@example.com?", "Sam (admin@example.com)", "The <b>March</b> invoice", "For up to 30 minutes")
		if b.header.Get("Cache-Control") != "no-store" || strings.Contains(b.body, "acting-stop") {
			t.Errorf("the question: %v\n%s", b.header, b.body)
		}
		if again, err := w.Store.ActorToken(t.Context(), token.ID); err != nil || again.Status != storage.ActorTokenPending {
			t.Fatalf("the token is %s before anybody answered, %v", again.Status, err)
		}

		b.post("/impersonate", url.Values{"ticket": {ticket}}).leads("/account")
		acting := b.session()
		if acting == nil || acting.UserID != w.user.ID || acting.ActorSub != w.admin.ID || acting.ActorSessionID != own.ID {
			t.Fatalf("session %+v", acting)
		}
		b.get("/page").says(http.StatusNotFound, "user@example.com</bdi></b> for support", "Acting: <b><bdi>Sam</bdi></b>", `Ends <time datetime="2030-01-02T03:34:05Z"`,
			`<form method="post" action="/impersonate/stop">`)
		if body, main, stop := b.body, strings.Index(b.body, "<main"), strings.Index(b.body, "acting-stop"); stop > main || stop > strings.Index(body, "<header") {
			t.Error("the banner does not come first")
		}

		b.get("/impersonate/stop").says(http.StatusOK, "Stop acting as user@example.com?")
		if b.session().ID != acting.ID {
			t.Fatal("a link stopped it")
		}
		b.post("/impersonate/stop", nil).says(http.StatusOK, "You have stopped", "as <b><bdi>user@example.com<", "You are <b><bdi>Sam<")
		if strings.Contains(b.body, "acting-stop") {
			t.Error("the banner is still there")
		}
		if now := b.session(); now == nil || now.ID != own.ID {
			t.Errorf("back as %+v, want %s", now, own.ID)
		}
		if s, err := w.Store.Session(t.Context(), acting.ID); err != nil || s.Status != storage.StatusEnded || s.EndedBy != w.admin.ID {
			t.Errorf("the session is %s by %s, %v", s.Status, s.EndedBy, err)
		}
		b.post("/impersonate/stop", nil).leads("/account")
		b.get("/impersonate/stop").leads("/account")
	})
}

// Whoever is not signed in, or as somebody else, signs in first, and comes back to the ticket by name.
func TestSignInFirst(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, ticket := w.ticket()
		const signIn = "/signin?goal=impersonate&login_hint=admin%40example.com"
		b := w.browser()
		b.open(ticket).leads(signIn)
		b.get("/impersonate").leads(signIn)
		b.signIn(w.admin).get("/impersonate").says(http.StatusOK, "Act as user@example.com?")

		other := w.browser().signIn(w.user)
		other.open(ticket).leads(signIn)
		other.get("/impersonate").says(http.StatusForbidden, "This link is for somebody else", `href="`+signIn+`"`)
		if strings.Contains(other.body, "March") {
			t.Error("somebody else reads the reason")
		}
		other.post("/impersonate", url.Values{"ticket": {ticket}}).says(http.StatusForbidden, "This link is for somebody else")

		// Without the secret nobody learns whose it is.
		guess := w.browser()
		guess.open(strings.SplitN(ticket, ".", 2)[0]+".guess").says(http.StatusNotFound, "This link leads nowhere")
		if len(guess.cookies) > 0 {
			t.Errorf("a ticket that is none was kept: %v", guess.cookies)
		}
	})
}

// A ticket that opens nothing says why.
func TestRefusedTickets(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		refused := func(name string, prepare func(token *storage.ActorToken, ticket string), code int, words string) {
			t.Helper()
			token, ticket := w.ticket()
			prepare(token, ticket)
			b := w.browser().signIn(w.admin)
			b.open(ticket).says(code, words)
			b.post("/impersonate", url.Values{"ticket": {ticket}}).says(code, words)
			if c := b.session(); c == nil || c.Impersonated() {
				t.Errorf("%s: the session is %+v", name, c)
			}
		}
		refused("used", func(_ *storage.ActorToken, ticket string) {
			w.browser().signIn(w.admin).post("/impersonate", url.Values{"ticket": {ticket}}).leads("/account")
		}, http.StatusGone, "This link has been used")
		refused("revoked", func(token *storage.ActorToken, _ string) {
			_, err := w.Actors.Revoke(t.Context(), w.Store, token.ID, "test")
			w.must(err)
		}, http.StatusGone, "This link has been withdrawn")
		refused("expired", func(*storage.ActorToken, string) { w.clock.Advance(2 * time.Hour) }, http.StatusGone, "This link has expired")
		refused("refused", func(*storage.ActorToken, string) { w.policy(`{"rules":[]}`) }, http.StatusForbidden, "The rules don’t allow this")
		w.policy(`{"second_approver":true}`)
		refused("not approved", func(*storage.ActorToken, string) {}, http.StatusForbidden, "Not approved yet")
		w.policy(`{}`)

		b := w.browser().signIn(w.admin)
		b.get("/impersonate").says(http.StatusNotFound, "This link leads nowhere")
		b.open("act_x").says(http.StatusNotFound, "This link leads nowhere")
		_, first := w.ticket()
		_, second := w.ticket()
		b.post("/impersonate", url.Values{"ticket": {first}}).leads("/account")
		b.open(second).says(http.StatusConflict, "You already act as somebody", "acting-stop")
		b.post("/impersonate", url.Values{"ticket": {second}}).says(http.StatusConflict, "You already act as somebody")

		r := b.request(http.MethodPost, "/impersonate/stop", nil)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if b.do(r).says(http.StatusForbidden, "You can’t do this").session() == nil {
			t.Error("another site stopped it")
		}
		b.do(b.request(http.MethodPut, "/impersonate", nil)).says(http.StatusMethodNotAllowed, "can’t be used that way")
	})
}

// Where the actor's own session has ended, too, nobody is signed in after stopping; the session that hung off it is over anyway.
func TestActorSignedOutMeanwhile(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, ticket := w.ticket()
		b := w.browser().signIn(w.admin)
		own := b.session()
		b.post("/impersonate", url.Values{"ticket": {ticket}}).leads("/account")
		_, err := w.Door.End(t.Context(), w.Store, own.Session, logout.Cause{Status: storage.StatusRemoved, Reason: logout.Revoked, By: w.admin.ID})
		w.must(err)
		if c := b.session(); c != nil {
			t.Fatalf("still acting: %+v", c)
		}
		b.get("/page").says(http.StatusNotFound, "There is nothing here")
		if strings.Contains(b.body, "acting-stop") {
			t.Error("the banner of a session that is over")
		}
		b.post("/impersonate/stop", nil).says(http.StatusOK, "You are signed out")
		if len(b.cookies) > 1 { // the device's
			t.Errorf("cookies %v", b.cookies)
		}
	})
}

// An impersonation whose time is over leaves the actor in their own session.
func TestTimeIsOver(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, ticket := w.ticket()
		b := w.browser().signIn(w.admin)
		own := b.session()
		b.post("/impersonate", url.Values{"ticket": {ticket}}).leads("/account")
		w.clock.Advance(session.ActingIdle + time.Second)
		if c := b.session(); c != nil {
			t.Fatalf("still acting: %+v", c)
		}
		b.get("/impersonate/stop").says(http.StatusOK, "You have stopped", "You are <b><bdi>Sam<")
		if c := b.session(); c == nil || c.ID != own.ID {
			t.Errorf("back as %+v", c)
		}
	})
}
