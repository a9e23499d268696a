package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/apikey"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/consent"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

const issuer = "https://id.example.com"

var start = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

// world is the API and the protocol endpoints over a fresh database, with a clock that stands still.
type world struct {
	api.Options
	clock    *clock.Fake
	sessions *session.Sessions
	handler  http.Handler
	api      *api.API
	service  string // a client with every scope
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	storagetest.Each(t, func(t *testing.T, store *storage.Store) { fn(t, newWorld(t, store)) })
}

func newWorld(t *testing.T, store *storage.Store) *world {
	t.Helper()
	master := make([]byte, 32)
	clk := clock.NewFake(start)
	sealer := must(secret.NewSealer(master))
	ring := must(key.Open(t.Context(), store, key.Options{Clock: clk, Sealer: sealer}))
	clients := client.NewRegistry(store, clk)
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	w := &world{clock: clk, Options: api.Options{Issuer: issuer, Store: store, Clock: clk, Ring: ring, Clients: clients,
		Tokens: token.New(issuer, ring, store, clk, master), Users: user.New(store, clk), Door: logout.NewDoor(store, clients, clk), Keys: apikey.New(store, clk), Sealer: sealer,
		Consents: consent.New(store, logout.NewDoor(store, clients, clk), clk), Rate: api.Rate{PerSecond: 1e6, Burst: 1e6},
		Factors: factor.New(store, factor.Options{Clock: clk, Key: master, Sealer: sealer,
			Params: factor.Params{MemoryKiB: 64, Time: 1, Threads: 1, SaltLen: 16, KeyLen: 32}}), Log: log,
		Webhooks: webhook.New(webhook.Options{Store: store, Clock: clk, Sealer: sealer, Log: log})}}
	webhook.Record(store, api.Documents())
	activity := session.NewActivity(store, clk)
	w.sessions = session.New(store, clk, activity, w.Door, session.Options{})
	w.Actors = actor.New(actor.Options{Issuer: issuer, Store: store, Clock: clk, Sessions: w.sessions, Door: w.Door,
		NeverScopes: append(slices.Clone(api.Scopes), api.ScopeOwnMetadata)})
	a := must(api.New(w.Options))
	w.api = a
	provider := must(op.New(op.Options{Issuer: issuer, Store: store, Clock: clk, Ring: ring, Tokens: w.Tokens, Clients: clients,
		Sessions: w.sessions, Activity: activity, Users: w.Users, Door: w.Door}))
	mux := http.NewServeMux()
	a.Routes(mux)
	provider.Routes(mux)
	w.handler = httpx.Wrap(api.CleanPaths(mux), httpx.WrapOptions{Clock: clk, Log: log})
	w.service = w.newService(t, strings.Join(api.Scopes, " "))
	return w
}

// remake makes the API anew by w.Options, alone.
func (w *world) remake(t *testing.T) {
	t.Helper()
	mux := http.NewServeMux()
	w.api = must(api.New(w.Options))
	w.api.Routes(mux)
	w.handler = httpx.Wrap(api.CleanPaths(mux), httpx.WrapOptions{Clock: w.clock, Log: w.Log})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// newService registers a client for client_credentials.
func (w *world) newService(t *testing.T, scope string) string {
	t.Helper()
	c, _, err := w.Clients.Register(t.Context(), w.Store, "", client.Metadata{Scope: scope, GrantTypes: []string{client.GrantClientCredentials}})
	if err != nil {
		t.Fatal(err)
	}
	return c.ID
}

func (w *world) tokenOf(t *testing.T, clientID, scope string) string {
	t.Helper()
	return string(must(w.Tokens.Client(nil, clientID, scope, w.clock.Now())))
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	raw    string
}

// send makes a request; token "" sends none. Headers are pairs of name and value.
func (w *world) send(t *testing.T, token, method, path, body string, headers ...string) answer {
	t.Helper()
	r := httptest.NewRequest(method, issuer+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	} else {
		r.Body = http.NoBody
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	a := answer{status: rec.Code, header: rec.Header(), raw: rec.Body.String()}
	if strings.Contains(rec.Header().Get("Content-Type"), "json") {
		d := json.NewDecoder(bytes.NewReader(rec.Body.Bytes()))
		if err := d.Decode(&a.body); err != nil {
			t.Fatalf("%s %s: %v in %q", method, path, err, a.raw)
		}
		if _, err := d.Token(); err != io.EOF {
			t.Fatalf("%s %s: more than one value in %q", method, path, a.raw)
		}
	}
	return a
}

// do makes a request with every right.
func (w *world) do(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	return w.send(t, w.tokenOf(t, w.service, strings.Join(api.Scopes, " ")), method, path, body, headers...)
}

// want fails unless the status is the one expected.
func (a answer) want(t *testing.T, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.raw)
	}
	return a
}

// wantFault fails unless the answer is a problem with the status that names the field.
func (a answer) wantFault(t *testing.T, status int, in, field string) answer {
	t.Helper()
	a.want(t, status)
	if ct := a.header.Get("Content-Type"); ct != "application/problem+json" {
		t.Fatalf("content type %q", ct)
	}
	faults, _ := a.body["errors"].([]any)
	for _, f := range faults {
		f := f.(map[string]any)
		if name, _ := f["field"].(string); f["in"] == in && name == field {
			return a
		}
	}
	t.Fatalf("no fault in %s names %q: %s", in, field, a.raw)
	return a
}

func (a answer) text(name string) string {
	s, _ := a.body[name].(string)
	return s
}

// person creates a user through the API and returns their id.
func (w *world) person(t *testing.T, email string) string {
	t.Helper()
	return w.do(t, "POST", "/v1/users", `{"email":"`+email+`"}`).want(t, http.StatusCreated).text("id")
}

// session starts a session of a user, which idles out after a day and expires after thirty.
func (w *world) session(t *testing.T, userID string) *storage.Session {
	t.Helper()
	now := w.clock.Now()
	s := &storage.Session{UserID: userID, ID: id.New(id.Session), Kind: storage.KindBrowser, DeviceID: id.New(id.Device),
		UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", IPAddress: "192.0.2.1",
		City: "London", Country: "GB",
		AuthenticatedAt: storage.At(now), CreatedAt: storage.At(now), LastActiveAt: storage.At(now),
		IdleTTL: (24 * time.Hour).Microseconds(), ExpiresAt: storage.At(now.Add(30 * 24 * time.Hour))}
	if err := w.Store.StartSession(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return s
}

// app is a relying party with tokens of a session.
type app struct {
	id, secret      string
	access, idToken string
	refresh         string
	grant           *storage.Grant
}

// takePart registers an application and redeems a code for it in the session.
func (w *world) takePart(t *testing.T, s *storage.Session, scope string) *app {
	t.Helper()
	c, plain, err := w.Clients.Register(t.Context(), w.Store, "", client.Metadata{RedirectURIs: []string{"https://app.example.com/cb"},
		Scope: scope, BackchannelLogoutURI: "https://app.example.com/logout"})
	if err != nil {
		t.Fatal(err)
	}
	a, now := &app{id: c.ID, secret: plain}, w.clock.Now()
	code := &storage.Code{Hash: secret.Bytes(32), ClientID: c.ID, UserID: s.UserID, SessionID: s.ID, Scope: scope,
		FamilyID: id.New(id.Family), CreatedAt: storage.At(now), ExpiresAt: storage.At(now.Add(time.Minute))}
	if err := w.Store.InsertCode(t.Context(), code); err != nil {
		t.Fatal(err)
	}
	if _, a.grant, err = w.Store.Redeem(t.Context(), storage.Redemption{Hash: code.Hash, ClientID: c.ID, Now: now}); err != nil {
		t.Fatal(err)
	}
	access := must(w.Tokens.Access(nil, a.grant, nil))
	a.access = string(access)
	a.idToken = string(must(w.Tokens.ID(nil, a.grant, token.IDToken{AccessToken: access, Alg: "ES256"})))
	a.refresh = must(w.Tokens.Refresh(a.grant.UserID, a.grant.FamilyID, a.grant.Generation))
	return a
}

// post sends a form to a protocol endpoint as an application.
func (w *world) post(t *testing.T, a *app, path string, form url.Values) answer {
	t.Helper()
	return w.send(t, "", "POST", path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded",
		"Authorization", "Basic "+basic(a.id, a.secret))
}

// events are the kinds in the audit about a user, the oldest first.
func (w *world) events(t *testing.T, userID string) (list []*storage.AuditEvent, kinds []audit.Kind) {
	t.Helper()
	list, err := w.Store.UserEvents(t.Context(), userID, 100)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(list) - 1; i >= 0; i-- {
		kinds = append(kinds, audit.Kind(list[i].Kind))
	}
	return list, kinds
}

func newRequest(method, path, token string) *http.Request {
	r := httptest.NewRequest(method, issuer+path, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

func (w *world) serve(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}
