package account

import (
	"context"
	"errors"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/consent"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
	"github.com/curfew-id/curfew/ui/page"
)

var start = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

const (
	issuer      = "http://localhost:8080"
	email       = "user@example.com"
	password    = "seven quiet herons"
	newPassword = "eight noisy otters"
	firefox     = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
)

// world is the pages over a fresh database, with a clock that moves when told to.
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
	w := &world{t: t, clock: clock.NewFake(start)}
	w.mailbox = delivery.NewMailbox(w.clock)
	t.Cleanup(w.noSecrets)
	outbox := delivery.NewOutbox(delivery.OutboxOptions{Mailer: w.mailbox, Texter: w.mailbox})
	t.Cleanup(func() { _ = outbox.Close(context.Background()) })
	key := make([]byte, 32)
	sealer, err := secret.NewSealer(key)
	w.must(err)
	pages, err := page.New(page.Options{})
	w.must(err)
	clients := client.NewRegistry(store, w.clock)
	door := logout.NewDoor(store, clients, w.clock)
	w.Handlers = New(Options{Issuer: issuer, Store: store, Clock: w.clock, Users: user.New(store, w.clock),
		Sessions: session.New(store, w.clock, session.NewActivity(store, w.clock), door, session.Options{}),
		Factors: factor.New(store, factor.Options{Clock: w.clock, Key: key, Sealer: sealer,
			Params: factor.Params{MemoryKiB: 8, Time: 1, Threads: 1, SaltLen: 16, KeyLen: 32}}),
		Clients: clients, Consents: consent.New(store, door, w.clock), Door: door, Outbox: outbox, Pages: pages, SMS: true})
	mux := http.NewServeMux()
	w.Routes(mux)
	w.handler = httpx.Wrap(origin(mux), httpx.WrapOptions{Clock: w.clock})
	return w
}

// origin stands in for what the server puts around every route.
func origin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(audit.WithOrigin(r.Context(), audit.Origin{UserAgent: r.UserAgent()})))
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// user adds a user; without a password if it is "".
func (w *world) user(address, password string) *storage.User {
	w.t.Helper()
	ctx := w.t.Context()
	var row *storage.User
	w.must(w.Store.Tx(ctx, func(tx *storage.Store) (err error) {
		row, err = w.Users.Create(ctx, tx, user.NewUser{Email: address, Kind: audit.UserCreated, By: "test"})
		return err
	}))
	if password != "" {
		w.must(w.Factors.SetPassword(ctx, row.ID, password))
	}
	return row
}

// client registers an app and lets it take part in a session.
func (w *world) client(clientID, name string) {
	w.t.Helper()
	_, _, err := w.Clients.Register(w.t.Context(), w.Store, clientID, client.Metadata{ClientName: name,
		RedirectURIs: []string{"https://notes.example.com/callback"}, TokenEndpointAuthMethod: client.AuthNone})
	w.must(err)
}

// takePart redeems a code for a client in a session, offline if it is to have lasting access.
func (w *world) takePart(c *session.Current, clientID string, offline bool) {
	w.t.Helper()
	ctx, now := w.t.Context(), w.clock.Now()
	hash := secret.Hash(clientID + c.ID)
	w.must(w.Store.InsertCode(ctx, &storage.Code{Hash: hash, ClientID: clientID, UserID: c.UserID, SessionID: c.ID,
		Scope: "openid", FamilyID: "fam_" + clientID + c.ID, Offline: offline, CreatedAt: storage.At(now),
		ExpiresAt: storage.At(now.Add(time.Minute))}))
	_, _, err := w.Store.Redeem(ctx, storage.Redemption{Hash: hash, ClientID: clientID, Now: now,
		OpenOffline: func(from *storage.Session, u *storage.User) *storage.Session { return w.Sessions.Offline(from, u, now) }})
	w.must(err)
}

// letter waits for a message of a kind to an address.
func (w *world) letter(to string, kind delivery.Kind) delivery.Received {
	return w.letterNo(1, to, kind)
}

// letterNo waits until n messages have come and returns the newest.
func (w *world) letterNo(n int, to string, kind delivery.Kind) delivery.Received {
	w.t.Helper()
	for range 400 {
		var list []delivery.Received
		for _, m := range w.mailbox.List() {
			if m.To == to && m.Kind == kind {
				list = append(list, m)
			}
		}
		if len(list) >= n {
			return list[0]
		}
		time.Sleep(5 * time.Millisecond)
	}
	w.t.Fatalf("not %d %s to %s", n, kind, to)
	return delivery.Received{}
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

func (w *world) codeTo(to string, kind delivery.Kind) string { return w.codeNo(1, to, kind) }

func (w *world) codeNo(n int, to string, kind delivery.Kind) string {
	w.t.Helper()
	return sixDigits.FindString(w.letterNo(n, to, kind).Text)
}

// another is a code that is not the given one.
func another(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

func (w *world) status(sessionID string) storage.SessionStatus {
	w.t.Helper()
	s, err := w.Store.Session(w.t.Context(), sessionID)
	w.must(err)
	return s.Status
}

func (w *world) events(userID string, kind audit.Kind) (n int) {
	w.t.Helper()
	list, err := w.Store.UserEvents(w.t.Context(), userID, 200)
	w.must(err)
	for _, e := range list {
		if e.Kind == string(kind) {
			n++
		}
	}
	return n
}

// browser is a person's browser without JavaScript.
type browser struct {
	*world
	cookies map[string]string
	agent   string
	// of the last answer
	code   int
	header http.Header
	body   string
	path   string // that was asked for
}

func (w *world) browser() *browser {
	return &browser{world: w, cookies: map[string]string{}, agent: firefox}
}

// signIn starts a session as the sign-in pages do, with one factor.
func (b *browser) signIn(row *storage.User, proved ...factor.Kind) *browser {
	b.t.Helper()
	if len(proved) == 0 {
		proved = []factor.Kind{factor.KindPassword}
	}
	r, rec := b.request(http.MethodGet, "/", ""), httptest.NewRecorder()
	r = r.WithContext(audit.WithOrigin(r.Context(), audit.Origin{UserAgent: b.agent}))
	_, err := b.Sessions.Start(rec, r, row, session.Proof{ACR: factor.ACR(proved...), AMR: strings.Join(factor.AMR(proved...), " ")})
	b.must(err)
	b.keep(rec.Result())
	return b
}

func (b *browser) request(method, path, body string) *http.Request {
	r := httptest.NewRequest(method, issuer+path, strings.NewReader(body))
	r.Header.Set("User-Agent", b.agent)
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
	res := rec.Result()
	b.keep(res)
	b.code, b.header, b.body, b.path = res.StatusCode, res.Header, rec.Body.String(), r.URL.Path
	if b.code >= 500 {
		b.t.Fatalf("%s %s: %d\n%s", r.Method, r.URL, b.code, b.body)
	}
	return b
}

func (b *browser) get(path string) *browser {
	b.t.Helper()
	return b.do(b.request(http.MethodGet, path, ""))
}

func form(pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v.Encode()
}

func (b *browser) post(path string, pairs ...string) *browser {
	b.t.Helper()
	return b.do(b.request(http.MethodPost, path, form(pairs...)))
}

// follow goes where the last answer leads.
func (b *browser) follow() *browser {
	b.t.Helper()
	if b.code != http.StatusSeeOther {
		b.t.Fatalf("%s: %d leads nowhere\n%s", b.path, b.code, b.body)
	}
	return b.get(b.header.Get("Location"))
}

// want checks the status of the last answer.
func (b *browser) want(code int) *browser {
	b.t.Helper()
	if b.code != code {
		b.t.Fatalf("%s: %d to %q, want %d\n%s", b.path, b.code, b.header.Get("Location"), code, b.body)
	}
	return b
}

// leads checks that the last answer leads to path.
func (b *browser) leads(path string) *browser {
	b.t.Helper()
	b.want(http.StatusSeeOther)
	if got := b.header.Get("Location"); got != path {
		b.t.Fatalf("%s leads to %q, want %q", b.path, got, path)
	}
	return b
}

// says checks that the page has these words.
func (b *browser) says(words string) *browser {
	b.t.Helper()
	if !strings.Contains(html.UnescapeString(b.body), words) {
		b.t.Fatalf("%s does not say %q:\n%s", b.path, words, b.body)
	}
	return b
}

func (b *browser) without(words string) *browser {
	b.t.Helper()
	if strings.Contains(html.UnescapeString(b.body), words) {
		b.t.Fatalf("%s says %q:\n%s", b.path, words, b.body)
	}
	return b
}

// asks checks that the page has a field of this name.
func (b *browser) asks(field string) *browser {
	b.t.Helper()
	return b.want(http.StatusOK).says(` name="` + field + `"`)
}

var actions = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)

// submit sends the form of the page whose action ends so.
func (b *browser) submit(end string, pairs ...string) *browser {
	b.t.Helper()
	for _, m := range actions.FindAllStringSubmatch(b.body, -1) {
		if strings.HasSuffix(m[1], end) && m[1] != pathSignOut {
			return b.post(html.UnescapeString(m[1]), pairs...)
		}
	}
	b.t.Fatalf("%s has no form for %q:\n%s", b.path, end, b.body)
	return nil
}

// session is the one that the browser shows, nil for none.
func (b *browser) session() *session.Current {
	b.t.Helper()
	c, err := b.Sessions.Current(b.request(http.MethodGet, "/", ""))
	if errors.Is(err, session.ErrNone) {
		return nil
	}
	b.must(err)
	return c
}
