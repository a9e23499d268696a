package push_test

import (
	"context"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/push"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

const issuer = "https://id.example.com"

// soon is far more than anything takes that has happened already.
const soon = time.Minute

// replica is one process on a database.
type replica struct {
	testing.TB
	store *storage.Store
	clock clock.Clock
	ring  *key.Ring
	door  *logout.Door
	hub   *push.Hub
}

func newReplica(t testing.TB, store *storage.Store, clk clock.Clock) *replica {
	t.Helper()
	r := &replica{TB: t, store: store, clock: clk}
	sealer, err := secret.NewSealer(make([]byte, 32))
	r.must(err)
	r.ring, err = key.Open(t.Context(), store, key.Options{Clock: clk, Sealer: sealer})
	r.must(err)
	r.door = logout.NewDoor(store, client.NewRegistry(store, clk), clk)
	r.hub = push.New(push.Options{Issuer: issuer, Store: store, Clock: clk, Ring: r.ring})
	return r
}

func (r *replica) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// run runs the hub until the test ends, and returns when it has begun.
func (r *replica) run() {
	r.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { r.hub.Run(ctx); close(done) }()
	r.Cleanup(func() { cancel(); <-done })
	for give := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		l, err := r.hub.Listen(push.Scope{}, "test", 1)
		if err == nil {
			l.Close()
			return
		}
		if time.Now().After(give) {
			r.Fatal(err)
		}
	}
}

func (r *replica) person() *storage.User {
	r.Helper()
	u, err := user.New(r.store, r.clock).Create(r.Context(), r.store,
		user.NewUser{Email: id.New(id.User) + "@example.com", Kind: audit.SignedUp})
	r.must(err)
	return u
}

// register adds a client.
func (r *replica) register(clientID string) {
	r.Helper()
	_, _, err := client.NewRegistry(r.store, r.clock).Register(r.Context(), r.store, clientID,
		client.Metadata{RedirectURIs: []string{"https://rp.example.com/cb"}})
	r.must(err)
}

// session starts a session of the user in which the clients take part.
func (r *replica) session(u *storage.User, clientIDs ...string) *storage.Session {
	r.Helper()
	now := storage.At(r.clock.Now())
	s := &storage.Session{UserID: u.ID, ID: id.New(id.Session), Kind: storage.KindBrowser, AuthenticatedAt: now, CreatedAt: now,
		LastActiveAt: now, IdleTTL: time.Hour.Microseconds(), ExpiresAt: storage.At(now.Add(24 * time.Hour))}
	r.must(r.store.StartSession(r.Context(), s))
	for _, clientID := range clientIDs {
		c := &storage.Code{Hash: []byte(id.New(id.Event)), ClientID: clientID, UserID: u.ID, SessionID: s.ID, Scope: "openid",
			FamilyID: id.New(id.Family), CreatedAt: now, ExpiresAt: storage.At(now.Add(time.Minute))}
		r.must(r.store.InsertCode(r.Context(), c))
		_, _, err := r.store.Redeem(r.Context(), storage.Redemption{Hash: c.Hash, ClientID: clientID, Now: r.clock.Now()})
		r.must(err)
	}
	return s
}

var revoked = logout.Cause{Status: storage.StatusRevoked, Reason: logout.Revoked, By: logout.System}

func (r *replica) end(s *storage.Session) {
	r.Helper()
	_, err := r.door.End(r.Context(), r.store, s, revoked)
	r.must(err)
}

func (r *replica) listen(s push.Scope) *push.Listener {
	r.Helper()
	l, err := r.hub.Listen(s, "test", 1000)
	r.must(err)
	r.Cleanup(l.Close)
	return l
}

// next is the next end that a listener hears of.
func (r *replica) next(l *push.Listener, within time.Duration) *storage.SessionEnd {
	r.Helper()
	select {
	case e, ok := <-l.Ends:
		if !ok {
			r.Fatal("cut")
		}
		return e
	case <-time.After(within):
		r.Fatalf("nothing heard within %v", within)
		return nil
	}
}

// nothing asserts that a listener has heard of no more.
func (r *replica) nothing(l *push.Listener) {
	r.Helper()
	select {
	case e, ok := <-l.Ends:
		r.Errorf("heard of %+v (%v)", e, ok)
	default:
	}
}

func each(t *testing.T, fn func(*testing.T, *replica)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, store *storage.Store) { fn(t, newReplica(t, store, clock.System{})) })
}
