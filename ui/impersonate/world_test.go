package impersonate

import (
	"encoding/json"
	"errors"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
	"github.com/curfew-id/curfew/ui/page"
)

const issuer = "http://localhost:8080"

// world is the pages over a fresh database with an administrator, a user and a clock that moves when told to.
type world struct {
	*Handlers
	t           *testing.T
	clock       *clock.Fake
	handler     http.Handler
	admin, user *storage.User
}

// each runs a test on both engines.
func each(t *testing.T, fn func(t *testing.T, w *world)) {
	storagetest.Each(t, func(t *testing.T, store *storage.Store) { fn(t, newWorld(t, store)) })
}

func newWorld(t *testing.T, store *storage.Store) *world {
	w := &world{t: t, clock: clock.NewFake(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC))}
	clients := client.NewRegistry(store, w.clock)
	door := logout.NewDoor(store, clients, w.clock)
	sessions := session.New(store, w.clock, session.NewActivity(store, w.clock), door, session.Options{})
	users := user.New(store, w.clock)
	pages, err := page.New(page.Options{Acting: Banner{Sessions: sessions, Users: users, Log: slog.Default()}.Acting})
	w.must(err)
	w.Handlers = New(Options{Issuer: issuer, Store: store, Sessions: sessions, Users: users, Door: door, Pages: pages,
		Actors: actor.New(actor.Options{Issuer: issuer, Store: store, Clock: w.clock, Sessions: sessions, Door: door})})
	w.admin, w.user = w.person("admin@example.com", "admin", "Sam"), w.person("user@example.com", "", "")
	mux := http.NewServeMux()
	w.Routes(mux)
	mux.HandleFunc("GET /page", func(rw http.ResponseWriter, r *http.Request) { // a page that never looks at sessions
		w.must(pages.Render(rw, r, http.StatusNotFound, page.Error{Kind: page.ErrorNotFound}))
	})
	w.handler = httpx.Wrap(mux, httpx.WrapOptions{Clock: w.clock})
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) person(email, role, name string) (row *storage.User) {
	w.t.Helper()
	ctx := w.t.Context()
	row, err := w.Users.Create(ctx, w.Store, user.NewUser{Email: email, Role: role, Name: name, Kind: audit.UserCreated, By: "test"})
	w.must(err)
	return row
}

// ticket makes an actor token for the administrator to act as the user.
func (w *world) ticket() (*storage.ActorToken, string) {
	w.t.Helper()
	t, ticket, err := w.Actors.Create(w.t.Context(), w.Store, actor.Spec{UserID: w.user.ID, ActorSub: w.admin.ID,
		Actor: json.RawMessage(`{"sub":"` + w.admin.ID + `"}`), Reason: `The <b>March</b> invoice`, By: "test"})
	w.must(err)
	return t, ticket
}

// policy writes another policy of impersonation.
func (w *world) policy(document string) {
	w.t.Helper()
	_, row, err := w.Actors.Policy(w.t.Context(), w.Store)
	w.must(err)
	_, err = w.Actors.SetPolicy(w.t.Context(), w.Store, row, document, "test")
	w.must(err)
}

// browser is one without JavaScript.
type browser struct {
	*world
	cookies map[string]string
	// of the last answer
	code   int
	header http.Header
	body   string
	path   string
}

func (w *world) browser() *browser { return &browser{world: w, cookies: map[string]string{}} }

func (b *browser) signIn(row *storage.User) *browser {
	b.t.Helper()
	rec := httptest.NewRecorder()
	_, err := b.Sessions.Start(rec, b.request(http.MethodGet, "/", nil), row,
		session.Proof{ACR: factor.ACR(factor.KindPassword), AMR: "pwd"})
	b.must(err)
	b.keep(rec.Result())
	return b
}

func (b *browser) request(method, path string, form url.Values) *http.Request {
	r := httptest.NewRequest(method, issuer+path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return r
}

func (b *browser) keep(res *http.Response) {
	for _, c := range res.Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
			continue
		}
		b.cookies[c.Name] = c.Value
	}
}

func (b *browser) do(r *http.Request) *browser {
	b.t.Helper()
	rec := httptest.NewRecorder()
	b.handler.ServeHTTP(rec, r)
	b.keep(rec.Result())
	b.code, b.header, b.body, b.path = rec.Code, rec.Header(), html.UnescapeString(rec.Body.String()), r.Method+" "+r.URL.Path
	if b.code >= 500 {
		b.t.Fatalf("%s: %d\n%s", b.path, b.code, b.body)
	}
	return b
}

func (b *browser) get(path string) *browser {
	b.t.Helper()
	return b.do(b.request(http.MethodGet, path, nil))
}

func (b *browser) post(path string, form url.Values) *browser {
	b.t.Helper()
	return b.do(b.request(http.MethodPost, path, form))
}

func (b *browser) open(ticket string) *browser {
	b.t.Helper()
	return b.get("/impersonate?" + url.Values{"ticket": {ticket}}.Encode())
}

// leads checks where the last answer leads, and that nobody there learns where it came from.
func (b *browser) leads(prefix string) *browser {
	b.t.Helper()
	if got := b.header.Get("Location"); b.code != http.StatusSeeOther || !strings.HasPrefix(got, prefix) || b.header.Get("Referrer-Policy") != "no-referrer" {
		b.t.Fatalf("%s: %d to %q, want %q\n%s", b.path, b.code, got, prefix, b.body)
	}
	return b
}

func (b *browser) says(code int, words ...string) *browser {
	b.t.Helper()
	for _, s := range words {
		if b.code != code || !strings.Contains(b.body, s) {
			b.t.Fatalf("%s: %d, want %d with %q:\n%s", b.path, b.code, code, s, b.body)
		}
	}
	return b
}

func (b *browser) session() *session.Current {
	b.t.Helper()
	c, err := b.Sessions.Current(b.request(http.MethodGet, "/", nil))
	if errors.Is(err, session.ErrNone) {
		return nil
	}
	b.must(err)
	return c
}
