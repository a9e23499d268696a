package admin

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/apikey"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/claims"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
	"github.com/curfew-id/curfew/ui/page"
)

const issuer = "http://localhost:8080"

// world is the console over a fresh database, with a clock that moves when told to.
type world struct {
	*Handlers
	t       *testing.T
	clock   *clock.Fake
	mailbox *delivery.Mailbox
	handler http.Handler
}

// each runs a test on both engines.
func each(t *testing.T, fn func(t *testing.T, w *world)) {
	storagetest.Each(t, func(t *testing.T, store *storage.Store) { fn(t, newWorld(t, store)) })
}

func newWorld(t *testing.T, store *storage.Store) *world {
	w := &world{t: t, clock: clock.NewFake(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC))}
	w.mailbox = delivery.NewMailbox(w.clock)
	outbox := delivery.NewOutbox(delivery.OutboxOptions{Mailer: w.mailbox, Texter: w.mailbox})
	t.Cleanup(func() { _ = outbox.Close(context.Background()) })
	master := make([]byte, 32)
	sealer, err := secret.NewSealer(master)
	w.must(err)
	ring, err := key.Open(t.Context(), store, key.Options{Clock: w.clock, Sealer: sealer})
	w.must(err)
	pages, err := page.New(page.Options{})
	w.must(err)
	clients := client.NewRegistry(store, w.clock)
	door := logout.NewDoor(store, clients, w.clock)
	sessions := session.New(store, w.clock, session.NewActivity(store, w.clock), door, session.Options{})
	w.Handlers = New(Options{Issuer: issuer, Store: store, Clock: w.clock, Ring: ring, Users: user.New(store, w.clock), Sessions: sessions,
		Factors: factor.New(store, factor.Options{Clock: w.clock, Key: master, Sealer: sealer,
			Params: factor.Params{MemoryKiB: 8, Time: 1, Threads: 1, SaltLen: 16, KeyLen: 32}}),
		Clients: clients, Door: door, Outbox: outbox, Pages: pages, Templates: claims.NewTemplates(issuer, store),
		Webhooks: webhook.New(webhook.Options{Store: store, Clock: w.clock, Sealer: sealer, Mail: outbox.Mail, Service: "curfew"}),
		APIKeys:  apikey.New(store, w.clock),
		Audit:    audit.NewChains(issuer, store, w.clock, master),
		Actors:   actor.New(actor.Options{Issuer: issuer, Store: store, Clock: w.clock, Sessions: sessions, Door: door})})
	t.Cleanup(w.Close)
	mux := http.NewServeMux()
	w.Routes(mux)
	w.handler = httpx.Wrap(mux, httpx.WrapOptions{Clock: w.clock})
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// person adds a user with a role and a password.
func (w *world) person(address, role, name string) *storage.User {
	w.t.Helper()
	row, err := w.Users.Create(w.t.Context(), w.Store, user.NewUser{Email: address, Role: role, Name: name, Kind: audit.UserCreated, By: "test"})
	w.must(err)
	w.must(w.Factors.SetPassword(w.t.Context(), row.ID, "seven quiet herons"))
	return row
}

// app registers an application that is told by the back channel.
func (w *world) app(clientID, name string) {
	w.t.Helper()
	_, _, err := w.Clients.Register(w.t.Context(), w.Store, clientID, client.Metadata{ClientName: name, Scope: "openid",
		RedirectURIs: []string{"https://notes.example.com/callback"}, BackchannelLogoutURI: "https://notes.example.com/logout"})
	w.must(err)
}

// takePart redeems a code for an application in a session.
func (w *world) takePart(c *session.Current, clientID string) {
	w.t.Helper()
	ctx, now := w.t.Context(), w.clock.Now()
	hash := secret.Hash(clientID + c.ID)
	w.must(w.Store.InsertCode(ctx, &storage.Code{Hash: hash, ClientID: clientID, UserID: c.UserID, SessionID: c.ID, Scope: "openid",
		FamilyID: "fam_" + clientID + c.ID, CreatedAt: storage.At(now), ExpiresAt: storage.At(now.Add(time.Minute))}))
	_, _, err := w.Store.Redeem(ctx, storage.Redemption{Hash: hash, ClientID: clientID, Now: now})
	w.must(err)
}

// browser keeps cookies, and the last answer.
type browser struct {
	*world
	cookies map[string]string
	current *session.Current
	code    int
	header  http.Header
	body    string
	path    string
}

// signIn starts a session of a user on a fresh browser, with two factors.
func (w *world) signIn(row *storage.User) *browser {
	return w.signInWith(row, factor.KindPassword, factor.KindTOTP)
}

func (w *world) signInWith(row *storage.User, proved ...factor.Kind) *browser {
	w.t.Helper()
	if slices.Contains(proved, factor.KindTOTP) {
		w.authenticator(row.ID)
	}
	b := &browser{world: w, cookies: map[string]string{}}
	rec := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, issuer+"/", nil)
	r = r.WithContext(audit.WithOrigin(r.Context(), audit.Origin{IPAddress: "203.0.113.7",
		UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}))
	var err error
	b.current, err = w.Sessions.Start(rec, r, row, session.Proof{ACR: factor.ACR(proved...), AMR: strings.Join(factor.AMR(proved...), " ")})
	w.must(err)
	b.keep(rec.Result())
	return b
}

// authenticator gives a user one, unless they have one.
func (w *world) authenticator(userID string) {
	w.t.Helper()
	rows, err := w.Store.Factors(w.t.Context(), userID, string(factor.KindTOTP))
	w.must(err)
	if now := storage.At(w.clock.Now()); len(rows) == 0 {
		w.must(w.Store.InsertFactor(w.t.Context(), &storage.Factor{UserID: userID, ID: id.New(id.Factor), Kind: string(factor.KindTOTP),
			ConfirmedAt: now, CreatedAt: now}))
	}
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

func (b *browser) do(method, path, body string) *browser {
	b.t.Helper()
	r := httptest.NewRequest(method, issuer+path, strings.NewReader(body))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return b.send(r)
}

func (b *browser) send(r *http.Request) *browser {
	b.t.Helper()
	method, path := r.Method, r.URL.RequestURI()
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	rec := httptest.NewRecorder()
	b.handler.ServeHTTP(rec, r)
	b.keep(rec.Result())
	b.code, b.header, b.body, b.path = rec.Code, rec.Header(), rec.Body.String(), path
	if b.code >= 500 {
		b.t.Fatalf("%s %s: %d", method, path, b.code)
	}
	return b
}

func (b *browser) get(path string) *browser { b.t.Helper(); return b.do(http.MethodGet, path, "") }

func (b *browser) post(path string, pairs ...string) *browser {
	b.t.Helper()
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, path, v.Encode())
}

// sure is a post with the second click.
func (b *browser) sure(path string, pairs ...string) *browser {
	b.t.Helper()
	return b.post(path, append(pairs, "confirm", "yes")...)
}

func (b *browser) want(code int) *browser {
	b.t.Helper()
	if b.code != code {
		b.t.Fatalf("%s: %d to %q, want %d\n%s", b.path, b.code, b.header.Get("Location"), code, b.body)
	}
	return b
}

func (b *browser) leads(path string) *browser {
	b.t.Helper()
	b.want(http.StatusSeeOther)
	if got := b.header.Get("Location"); got != path {
		b.t.Fatalf("%s leads to %q, want %q", b.path, got, path)
	}
	return b.get(strings.SplitN(path, "#", 2)[0])
}

// all returns the texts of the elements that have a class, or are of a name.
func (b *browser) all(selector string) (texts []string) {
	b.t.Helper()
	doc, err := html.Parse(strings.NewReader(b.body))
	b.must(err)
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		hit := n.Data == selector
		for _, a := range n.Attr {
			if a.Key == "class" && strings.HasPrefix(selector, ".") {
				for _, c := range strings.Fields(a.Val) {
					hit = hit || "."+c == selector
				}
			}
			hit = hit || a.Key == "id" && "#"+a.Val == selector
		}
		if hit {
			var text strings.Builder
			for d := range n.Descendants() {
				if d.Type == html.TextNode {
					text.WriteString(d.Data)
				}
			}
			texts = append(texts, strings.Join(strings.Fields(text.String()), " "))
		}
	}
	return texts
}

// has checks that one of the elements has these words.
func (b *browser) has(selector, words string) *browser {
	b.t.Helper()
	list := b.all(selector)
	for _, text := range list {
		if strings.Contains(text, words) {
			return b
		}
	}
	b.t.Fatalf("%s: no %s says %q: %q", b.path, selector, words, list)
	return b
}

func (b *browser) without(words string) *browser {
	b.t.Helper()
	if strings.Contains(b.body, words) {
		b.t.Fatalf("%s says %q", b.path, words)
	}
	return b
}
