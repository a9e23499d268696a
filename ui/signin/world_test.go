package signin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/authflow"
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
	email    = "user@example.com"
	password = "seven quiet herons"
	callback = "https://notes.example.com/callback"
)

// world is the pages over a fresh database, behind a real HTTP server, with a clock that stands still.
type world struct {
	*Handlers
	t       *testing.T
	clock   *clock.Fake
	mailbox *delivery.Mailbox
	server  *httptest.Server
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
	mux := http.NewServeMux()
	w.server = httptest.NewServer(httpx.Wrap(origin(mux), httpx.WrapOptions{Clock: w.clock,
		Proxies: httpx.NewProxies([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, "")}))
	t.Cleanup(w.server.Close)

	clients := client.NewRegistry(store, w.clock)
	door := logout.NewDoor(store, clients, w.clock)
	sessions := session.New(store, w.clock, session.NewActivity(store, w.clock), door, session.Options{})
	factors := factor.New(store, factor.Options{Clock: w.clock, Key: key, Sealer: sealer,
		Params: factor.Params{MemoryKiB: 8, Time: 1, Threads: 1, SaltLen: 16, KeyLen: 32}})
	flows := authflow.New(w.server.URL, store, w.clock, clients, sessions, consent.New(store, door, w.clock), factors)
	w.Handlers = New(Options{Issuer: w.server.URL, Store: store, Clock: w.clock, Flows: flows, Sessions: sessions,
		Factors: factors, Users: user.New(store, w.clock), Door: door, Outbox: outbox, Pages: pages, SignUpEnabled: true})
	w.Routes(mux)
	text := func(s string) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "<h1>"+s+"</h1>") }
	}
	mux.HandleFunc("GET /account", text("account"))
	mux.HandleFunc("GET /admin", text("admin"))
	// What the authorization endpoint does, without its checks.
	mux.HandleFunc("GET /begin", func(rw http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		p := authflow.Params{ClientID: "notes", RedirectURI: callback, ResponseMode: q.Get("response_mode"), Scope: "openid email",
			State: "xyz", Prompt: strings.Fields(q.Get("prompt")), LoginHint: q.Get("login_hint"),
			ACRValues: strings.Fields(q.Get("acr_values")), UILocales: strings.Fields(q.Get("ui_locales")),
			Create: q.Get("prompt") == "create"}
		flow, err := flows.Begin(r.Context(), p, sessions.Browser(rw, r))
		if err != nil {
			t.Error(err)
			return
		}
		http.Redirect(rw, r, "/signin/"+flow.ID, http.StatusSeeOther)
	})
	_, _, err = clients.Register(context.Background(), store, "notes", client.Metadata{ClientName: "Notes",
		RedirectURIs: []string{callback}, TokenEndpointAuthMethod: client.AuthNone})
	w.must(err)
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

// user adds a user with a password.
func (w *world) user(address string) string {
	w.t.Helper()
	ctx := w.t.Context()
	var row *storage.User
	w.must(w.Store.Tx(ctx, func(tx *storage.Store) (err error) {
		row, err = w.Users.Create(ctx, tx, user.NewUser{Email: address, Kind: audit.UserCreated, By: "test"})
		return err
	}))
	w.must(w.Factors.SetPassword(ctx, row.ID, password))
	return row.ID
}

// letters returns what went to an address, newest first, when all is sent.
func (w *world) letters(to string) (list []delivery.Received) {
	w.t.Helper()
	time.Sleep(20 * time.Millisecond) // the Outbox sends at once, in the background
	for _, m := range w.mailbox.List() {
		if m.To == to {
			list = append(list, m)
		}
	}
	return list
}

// letter waits for a message of a kind to an address.
func (w *world) letter(to string, kind delivery.Kind) delivery.Received {
	w.t.Helper()
	for range 200 {
		for _, m := range w.mailbox.List() {
			if m.To == to && m.Kind == kind {
				return m
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	w.t.Fatalf("no %s to %s", kind, to)
	return delivery.Received{}
}

var (
	sixDigits = regexp.MustCompile(`\b\d{6}\b`)
	resetLink = regexp.MustCompile(`/reset/[\w-]+`)
)

func (w *world) codeTo(to string, kind delivery.Kind) string {
	w.t.Helper()
	return sixDigits.FindString(w.letter(to, kind).Text)
}

// browser is a person's browser without JavaScript.
type browser struct {
	*world
	http    *http.Client
	address string // where it connects from, "" for this machine
	// of the last answer
	status int
	header http.Header
	url    *url.URL
	body   string
}

func (w *world) browser() *browser {
	jar, err := cookiejar.New(nil)
	w.must(err)
	return &browser{world: w, http: &http.Client{Jar: jar}}
}

func (b *browser) do(req *http.Request) *browser {
	b.t.Helper()
	if b.address != "" {
		req.Header.Set("X-Forwarded-For", b.address)
	}
	res, err := b.http.Do(req)
	b.must(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	b.must(err)
	b.status, b.header, b.url, b.body = res.StatusCode, res.Header, res.Request.URL, string(body)
	if b.status >= 500 && b.status != http.StatusServiceUnavailable {
		b.t.Fatalf("%s %s: %d\n%s", req.Method, req.URL, b.status, b.body)
	}
	return b
}

func (b *browser) get(path string) *browser {
	b.t.Helper()
	req, err := http.NewRequest(http.MethodGet, b.server.URL+path, nil)
	b.must(err)
	return b.do(req)
}

func (b *browser) request(path string, pairs ...string) *http.Request {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	req, err := http.NewRequest(http.MethodPost, b.server.URL+path, strings.NewReader(form.Encode()))
	b.must(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return req
}

func (b *browser) post(path string, pairs ...string) *browser {
	b.t.Helper()
	return b.do(b.request(path, pairs...))
}

// submit fills in the form whose action ends so, as it stands on the page, and sends it.
func (b *browser) submit(action string, pairs ...string) *browser {
	b.t.Helper()
	for n := range b.page().Descendants() {
		if n.Data != "form" {
			continue
		}
		path, _, _ := strings.Cut(attr(n, "action"), "?")
		if strings.HasSuffix(path, action) {
			return b.post(attr(n, "action"), pairs...)
		}
	}
	b.t.Fatalf("%s has no form for %s:\n%s", b.url, action, b.body)
	return nil
}

func (b *browser) page() *html.Node {
	b.t.Helper()
	n, err := html.Parse(strings.NewReader(b.body))
	b.must(err)
	return n
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// has tells whether the page has an element with the attribute.
func (b *browser) has(element, key, value string) bool {
	for n := range b.page().Descendants() {
		if n.Type == html.ElementNode && n.Data == element && attr(n, key) == value {
			return true
		}
	}
	return false
}

// want checks the last answer: its status and the control that its page asks for.
func (b *browser) want(status int, field string) *browser {
	b.t.Helper()
	if b.status != status || field != "" && !b.has("input", "name", field) && !b.has("button", "name", field) {
		b.t.Fatalf("%s: %d without a field %q, want %d\n%s", b.url, b.status, field, status, b.body)
	}
	return b
}

// says checks that the page has these words.
func (b *browser) says(words string) *browser {
	b.t.Helper()
	if !strings.Contains(b.body, words) {
		b.t.Fatalf("%s does not say %q:\n%s", b.url, words, b.body)
	}
	return b
}

// flow is the path of the sign-in that the browser is at.
func (b *browser) flow() string {
	b.t.Helper()
	parts := strings.Split(b.url.Path, "/")
	if len(parts) < 3 {
		b.t.Fatalf("%s is no flow", b.url)
	}
	return "/signin/" + parts[2]
}

// answer is what the page leads the client to.
func (b *browser) answer() url.Values {
	b.t.Helper()
	for n := range b.page().Descendants() {
		if n.Data != "meta" || attr(n, "http-equiv") != "refresh" {
			continue
		}
		_, target, _ := strings.Cut(attr(n, "content"), "url=")
		u, err := url.Parse(target)
		b.must(err)
		if b.status != http.StatusOK || !strings.HasPrefix(target, callback+"?") ||
			b.header.Get("Cache-Control") != "no-store" || b.header.Get("Referrer-Policy") != "no-referrer" {
			b.t.Fatalf("%d to %s with %v", b.status, target, b.header)
		}
		return u.Query()
	}
	b.t.Fatalf("%s does not lead to the client:\n%s", b.url, b.body)
	return nil
}

// session is the one that the browser shows, nil for none.
func (b *browser) session() *session.Current {
	b.t.Helper()
	r := httptest.NewRequest(http.MethodGet, b.server.URL, nil)
	u, err := url.Parse(b.server.URL)
	b.must(err)
	for _, c := range b.http.Jar.Cookies(u) {
		r.AddCookie(c)
	}
	c, err := b.Sessions.Current(r)
	if errors.Is(err, session.ErrNone) {
		return nil
	}
	b.must(err)
	return c
}

// events returns what the audit has of a user, by kind.
func (w *world) events(userID string) map[audit.Kind][]string {
	w.t.Helper()
	list, err := w.Store.UserEvents(w.t.Context(), userID, 500)
	w.must(err)
	found := map[audit.Kind][]string{}
	for _, e := range list {
		found[audit.Kind(e.Kind)] = append(found[audit.Kind(e.Kind)], e.Data)
	}
	return found
}

// passed is begin, address and password, as far as they lead.
func (b *browser) passed(query, address string) *browser {
	b.t.Helper()
	b.get("/begin?"+query).want(200, "email").submit("/identify", "email", address).want(200, "password")
	return b.submit("/password", "password", password)
}
