package webhook_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is a database whose acts are recorded, with a clock that moves only when told to.
type world struct {
	*testing.T
	store    *storage.Store
	clock    *clock.Fake
	webhooks *webhook.Webhooks
	users    *user.Users
	door     *logout.Door

	mu    sync.Mutex
	mails []delivery.Mail
}

func each(t *testing.T, fn func(*world)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, store *storage.Store) { fn(newWorld(t, store)) })
}

func newWorld(t *testing.T, store *storage.Store) *world {
	w := &world{T: t, store: store, clock: clock.NewFake(start)}
	webhook.Record(store, api.Documents())
	w.users = user.New(store, w.clock)
	w.door = logout.NewDoor(store, client.NewRegistry(store, w.clock), w.clock)
	w.webhooks = webhook.New(w.options(store, httpx.NewDoer(httpx.Options{AllowPrivate: httpx.Loopback()})))
	return w
}

func (w *world) options(store *storage.Store, doer httpx.Doer) webhook.Options {
	w.Helper()
	sealer, err := secret.NewSealer(make([]byte, 32))
	w.must(err)
	return webhook.Options{Store: store, Clock: w.clock, Sealer: sealer, AllowPrivate: httpx.Loopback(), Service: "Example", Doer: doer,
		Log: slog.New(slog.NewTextHandler(w.Output(), &slog.HandlerOptions{Level: slog.LevelError})), Mail: func(m delivery.Mail) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.mails = append(w.mails, m)
			return nil
		}}
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// endpoint adds one.
func (w *world) endpoint(f webhook.Fields) (*storage.WebhookEndpoint, webhook.Secret) {
	w.Helper()
	e, s, err := w.webhooks.Create(w.Context(), w.store, f, webhook.HMAC, "test")
	w.must(err)
	return e, s
}

// read returns an endpoint as it stands.
func (w *world) read(endpointID string) *storage.WebhookEndpoint {
	w.Helper()
	e, err := w.store.WebhookEndpoint(w.Context(), endpointID)
	w.must(err)
	return e
}

// log returns what an endpoint was told or is owed, the oldest first.
func (w *world) log(endpointID string) []*storage.WebhookDelivery {
	w.Helper()
	list, err := w.webhooks.Log(w.Context(), endpointID, "", "", 500)
	w.must(err)
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

// types are the events in the log of an endpoint.
func (w *world) types(endpointID string) (list []string) {
	w.Helper()
	for _, d := range w.log(endpointID) {
		list = append(list, d.Type)
	}
	return list
}

func (w *world) person(email string) *storage.User {
	w.Helper()
	u, err := w.users.Create(w.Context(), w.store, user.NewUser{Email: email, Name: "Ada Example", Kind: audit.SignedUp})
	w.must(err)
	return u
}

func (w *world) session(userID string, kind storage.SessionKind) *storage.Session {
	w.Helper()
	s := w.sessionOf(userID)
	if s.Kind = kind; kind == storage.KindImpersonation {
		w.acting(s)
	}
	w.must(w.start(s))
	return s
}

// sessionOf is a session that has not begun.
func (w *world) sessionOf(userID string) *storage.Session {
	now := w.clock.Now()
	return &storage.Session{UserID: userID, ID: id.New(id.Session), Kind: storage.KindBrowser, DeviceID: id.New(id.Device), IPAddress: "192.0.2.1",
		UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", City: "London", Country: "GB",
		AuthenticatedAt: storage.At(now), CreatedAt: storage.At(now), LastActiveAt: storage.At(now),
		IdleTTL: time.Hour.Microseconds(), ExpiresAt: storage.At(now.Add(24 * time.Hour))}
}

func (w *world) start(s *storage.Session) error {
	return w.store.Tx(w.Context(), func(tx *storage.Store) error {
		if err := tx.StartSession(w.Context(), s); err != nil {
			return err
		}
		return audit.Write(w.Context(), tx, audit.Event{Kind: audit.SessionStarted, At: w.clock.Now(), UserID: s.UserID, SessionID: s.ID, By: s.UserID})
	})
}

// acting has somebody else act in a session that is about to start. Nobody is told of them.
func (w *world) acting(s *storage.Session) {
	w.Helper()
	actor := &storage.User{ID: id.New(id.User), Status: storage.UserActive, PublicMetadata: "{}", PrivateMetadata: "{}", UnsafeMetadata: "{}",
		CreatedAt: s.CreatedAt, UpdatedAt: s.CreatedAt}
	w.must(w.store.InsertUser(w.Context(), actor))
	own := *s
	own.UserID, own.ID, own.Kind = actor.ID, id.New(id.Session), storage.KindBrowser
	w.must(w.store.StartSession(w.Context(), &own))
	s.ActorSub, s.ActorSessionID, s.ActorTokenID = actor.ID, own.ID, id.New(id.ActorToken)
}

// quick is a queue that does not wait; run lets it work until the test ends or stop is called.
func (w *world) quick() delivery.QueueOptions {
	o := w.webhooks.QueueOptions()
	o.Poll, o.Patience = 5*time.Millisecond, 20*time.Millisecond
	return o
}

func (w *world) run(o delivery.QueueOptions) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.Context()))
	done := make(chan struct{})
	go func() { defer close(done); delivery.NewQueue(o).Run(ctx) }()
	stop = func() { cancel(); <-done }
	w.Cleanup(stop)
	return stop
}

// until waits for something to become true, three minutes at most: other tests may want the machine, too.
func (w *world) until(what string, fn func() bool) {
	w.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !fn(); time.Sleep(3 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.Fatalf("%s: not within three minutes", what)
		}
	}
}

func (w *world) settled(endpointID string) func() bool {
	return func() bool {
		for _, d := range w.log(endpointID) {
			if !d.SettledAt.Set() {
				return false
			}
		}
		return true
	}
}

// got is one request as a receiver saw it.
type got struct {
	header http.Header
	raw    []byte
	ID     string
	Type   string         `json:"type"`
	At     string         `json:"timestamp"`
	Data   map[string]any `json:"data"`
}

// receiver is somebody's endpoint. answer, if set, decides on the status.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	list   []got
	answer func(n int, g got) int
}

func (w *world) receiver(answer func(n int, g got) int) *receiver {
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		g := got{header: req.Header, ID: req.Header.Get(webhook.HeaderID)}
		g.raw, _ = io.ReadAll(req.Body)
		_ = json.Unmarshal(g.raw, &g)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.list = append(r.list, g)
		if r.answer != nil {
			rw.WriteHeader(r.answer(len(r.list), g))
		}
	}))
	w.Cleanup(r.Close)
	return r
}

func (r *receiver) got() []got {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]got(nil), r.list...)
}
