package op_test

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/consent"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/push"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

const (
	issuer   = "https://id.example.com"
	verifier = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG-._~"
)

// start is not on a whole second, so that what rounds the wrong way shows.
var start = time.Date(2026, 3, 1, 12, 0, 0, 250_000_000, time.UTC)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

// kit is a provider of real parts on one database, with a clock that stands still and without the hosted pages.
type kit struct {
	testing.TB
	store    *storage.Store
	clock    *clock.Fake
	ring     *key.Ring
	tokens   *token.Tokens
	clients  *client.Registry
	users    *user.Users
	sessions *session.Sessions
	activity *session.Activity
	door     *logout.Door
	push     *push.Hub
	consents *consent.Consents
	flows    *authflow.Flows
	actors   *actor.Actors
	handler  http.Handler
	secrets  map[string]string // of clients, by id
	file     string            // of a light kit's database
}

// each runs fn with a kit on each engine.
func each(t *testing.T, fn func(*testing.T, *kit)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, store *storage.Store) { fn(t, newKit(t, store)) })
}

// light is a kit for what the engine cannot matter to.
func light(t testing.TB) *kit {
	t.Helper()
	file := storagetest.SQLite(t)
	k := newKit(t, storagetest.Open(t, file))
	k.file = file
	return k
}

// in is the same kit reporting to another test: to what is being fuzzed, as the fuzz target itself may not be called then.
func (k *kit) in(t testing.TB) *kit {
	c := *k
	c.TB = t
	return &c
}

// stored is everything that a light kit's tables hold, as one text: two equal ones mean that nothing was changed.
func (k *kit) stored() string {
	k.Helper()
	db, err := sql.Open("sqlite", k.file)
	k.must(err)
	defer func() { k.must(db.Close()) }()
	var b strings.Builder
	for _, table := range []string{"users", "identifiers", "clients", "devices", "sessions", "client_sessions", "token_families",
		"auth_requests", "codes", "consents", "used_assertions", "audit_events", "deliveries"} {
		rows, err := db.QueryContext(k.Context(), "SELECT * FROM "+table+" ORDER BY 1, 2")
		k.must(err)
		columns, err := rows.Columns()
		k.must(err)
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		for rows.Next() {
			k.must(rows.Scan(into...))
			fmt.Fprint(&b, table)
			for _, v := range values {
				if raw, ok := v.([]byte); ok {
					v = string(raw)
				}
				fmt.Fprint(&b, " ", v)
			}
			b.WriteByte('\n')
		}
		k.must(errors.Join(rows.Err(), rows.Close()))
	}
	return b.String()
}

func newKit(t testing.TB, store *storage.Store) *kit {
	t.Helper()
	k := assemble(t, store)
	k.registerAll()
	return k
}

// assemble is a kit without clients: a replica beside one that has registered them.
func assemble(t testing.TB, store *storage.Store) *kit {
	t.Helper()
	k := &kit{TB: t, store: store, clock: clock.NewFake(start), secrets: map[string]string{}}
	master := make([]byte, 32)
	sealer, err := secret.NewSealer(master)
	k.must(err)
	k.ring, err = key.Open(t.Context(), store, key.Options{Clock: k.clock, Sealer: sealer})
	k.must(err)
	k.tokens = token.New(issuer, k.ring, store, k.clock, master)
	k.clients = client.NewRegistry(store, k.clock)
	k.users = user.New(store, k.clock)
	k.activity = session.NewActivity(store, k.clock)
	k.door = logout.NewDoor(store, k.clients, k.clock)
	k.push = push.New(push.Options{Issuer: issuer, Store: store, Clock: k.clock, Ring: k.ring})
	k.sessions = session.New(store, k.clock, k.activity, k.door, session.Options{Secure: true})
	k.consents = consent.New(store, k.door, k.clock)
	factors := factor.New(store, factor.Options{Clock: k.clock, Key: master, Sealer: sealer})
	k.flows = authflow.New(issuer, store, k.clock, k.clients, k.sessions, k.consents, factors)
	k.actors = actor.New(actor.Options{Issuer: issuer, Store: store, Clock: k.clock, Sessions: k.sessions, Door: k.door,
		NeverScopes: []string{"unsafe_metadata:write", op.ScopeIntrospect}})
	k.flows.LetActorsIn(k.actors)
	p, err := op.New(op.Options{Issuer: issuer, Store: store, Clock: k.clock, Ring: k.ring, Tokens: k.tokens, Clients: k.clients,
		Sessions: k.sessions, Activity: k.activity, Flows: k.flows, Users: k.users, Door: k.door, Push: k.push, Actors: k.actors,
		Pages:   plainPages(),
		Locales: []string{"en", "de"}})
	k.must(err)
	mux := http.NewServeMux()
	p.Routes(mux)
	mux.HandleFunc("POST /test/signin", k.signInForTest)
	mux.HandleFunc("POST /test/impersonate", k.actForTest)
	mux.HandleFunc("POST /test/stop", k.stopForTest)
	k.handler = httpx.Wrap(mux, httpx.WrapOptions{Clock: k.clock})
	return k
}

func (k *kit) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

// Clients of the kit. All but "asking" belong to the operator, so that nobody is asked for consent.
func (k *kit) registerAll() {
	own := client.Metadata{SkipConsent: true, RedirectURIs: []string{"https://rp.example.com/cb"},
		PostLogoutRedirectURIs: []string{"https://rp.example.com/bye"}, BackchannelLogoutURI: "https://rp.example.com/backchannel"}
	web := own
	web.Scope = "openid profile email phone offline_access tokens:own"
	k.register("web", web)
	k.register("other", own)
	spa := own
	spa.TokenEndpointAuthMethod, spa.RedirectURIs = client.AuthNone, []string{"https://spa.example.com/cb"}
	k.register("spa", spa)
	asking := own
	asking.SkipConsent = false
	k.register("asking", asking)
	legacy := own
	legacy.PKCENotRequired = true
	k.register("legacy", legacy)
	rotating := own
	rotating.RotateRefreshTokens = true
	k.register("rotating", rotating)
	brief := own
	brief.GrantTypes = []string{client.GrantCode}
	k.register("brief", brief)
	k.register("machine", client.Metadata{GrantTypes: []string{client.GrantClientCredentials}, Scope: "jobs:read jobs:write"})
	k.register("gateway", client.Metadata{GrantTypes: []string{client.GrantClientCredentials}, Scope: op.ScopeIntrospect})
}

func (k *kit) register(clientID string, m client.Metadata) *client.Client {
	k.Helper()
	c, plain, err := k.clients.Register(k.Context(), k.store, clientID, m)
	k.must(err)
	k.secrets[c.ID] = plain
	return c
}

// person adds a user.
func (k *kit) person(email string) *storage.User {
	k.Helper()
	u, err := k.users.Create(k.Context(), k.store, user.NewUser{Email: email, Name: "Example User", Kind: audit.SignedUp})
	k.must(err)
	return u
}

// signInForTest starts a session without any factor: how people prove themselves is tested with the pages.
func (k *kit) signInForTest(w http.ResponseWriter, r *http.Request) {
	u, err := k.store.User(r.Context(), r.URL.Query().Get("user"))
	if err == nil {
		_, err = k.sessions.Start(w, r, u, session.Proof{ACR: factor.ACRSingle, AMR: "pwd"})
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusTeapot)
	}
}

// plainPages renders what the protocol endpoints show as lines of text.
func plainPages() op.Pages {
	say := func(w http.ResponseWriter, status int, lines ...string) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, strings.Join(lines, "\n"))
	}
	return op.Pages{
		Error: func(w http.ResponseWriter, _ *http.Request, status int, code, description string) {
			say(w, status, "error", code, description)
		},
		FormPost: func(w http.ResponseWriter, _ *http.Request, a *authflow.Answer) {
			say(w, http.StatusOK, "form", a.RedirectURI, a.Values.Encode())
		},
		SignOutConfirm: func(w http.ResponseWriter, _ *http.Request, s op.SignOut) {
			v := url.Values{}
			for name, value := range s.Fields {
				v.Set(name, value)
			}
			say(w, http.StatusOK, "confirm", s.Action, v.Encode())
		},
		SignedOut: func(w http.ResponseWriter, _ *http.Request, s op.SignedOut) {
			say(w, http.StatusOK, append([]string{"signed out", s.ContinueURL}, s.Frames...)...)
		},
		CheckSession: func(w http.ResponseWriter, _ *http.Request, c op.CheckSession) {
			_, _ = io.WriteString(w, strings.Join([]string{"check session", c.Cookie, c.Attributes, c.EventsPath}, "\n"))
		},
	}
}
