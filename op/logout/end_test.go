package logout_test

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type world struct {
	testing.TB
	*logout.Door
	store   *storage.Store
	clock   *clock.Fake
	clients *client.Registry
	user    *storage.User
}

func each(t *testing.T, fn func(*testing.T, *world)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, store *storage.Store) {
		c := clock.NewFake(start)
		w := &world{TB: t, store: store, clock: c, clients: client.NewRegistry(store, c)}
		w.Door = logout.NewDoor(store, w.clients, c)
		var err error
		w.user, err = user.New(store, c).Create(t.Context(), store, user.NewUser{Email: "user@example.com", Kind: audit.SignedUp})
		w.must(err)
		for clientID, uri := range map[string]string{"told": "https://rp.example.com/backchannel", "also": "https://also.example.com/b", "silent": ""} {
			_, _, err := w.clients.Register(t.Context(), store, clientID, client.Metadata{RedirectURIs: []string{"https://rp.example.com/cb"}, BackchannelLogoutURI: uri})
			w.must(err)
		}
		fn(t, w)
	})
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// session starts one in which the clients take part, each with a refresh family.
func (w *world) session(clientIDs ...string) (*storage.Session, []*storage.Code) {
	w.Helper()
	now := storage.At(w.clock.Now())
	s := &storage.Session{UserID: w.user.ID, ID: id.New(id.Session), Kind: storage.KindBrowser, AuthenticatedAt: now, CreatedAt: now,
		LastActiveAt: now, IdleTTL: time.Hour.Microseconds(), ExpiresAt: storage.At(now.Add(24 * time.Hour))}
	w.must(w.store.StartSession(w.Context(), s))
	var codes []*storage.Code
	for _, clientID := range clientIDs {
		c := &storage.Code{Hash: []byte(id.New(id.Event)), ClientID: clientID, UserID: w.user.ID, SessionID: s.ID, Scope: "openid",
			FamilyID: id.New(id.Family), CreatedAt: now, ExpiresAt: storage.At(now.Add(time.Minute))}
		w.must(w.store.InsertCode(w.Context(), c))
		_, _, err := w.store.Redeem(w.Context(), storage.Redemption{Hash: c.Hash, ClientID: clientID, Now: w.clock.Now()})
		w.must(err)
		codes = append(codes, c)
	}
	return s, codes
}

func (w *world) deliveries(s *storage.Session) (receivers []string) {
	w.Helper()
	list, err := w.store.SessionDeliveries(w.Context(), s.ID)
	w.must(err)
	for _, d := range list {
		if d.Kind != logout.KindBackChannel || d.SettledAt.Set() || d.UserID != s.UserID {
			w.Errorf("%+v", d)
		}
		receivers = append(receivers, d.Receiver)
	}
	return receivers
}

func (w *world) ends() (list []*storage.AuditEvent) {
	w.Helper()
	all, err := w.store.UserEvents(w.Context(), w.user.ID, 500)
	w.must(err)
	for _, e := range all {
		if e.Kind == string(audit.SessionEnded) {
			list = append(list, e)
		}
	}
	return list
}

func (w *world) live(c *storage.Code) bool {
	w.Helper()
	g, err := w.store.Grant(w.Context(), c.UserID, c.FamilyID, w.clock.Now())
	w.must(err)
	return g.Live
}

var revoked = logout.Cause{Status: storage.StatusRevoked, Reason: logout.Revoked, By: "usr_admin"}

// Promise 5: one transaction marks the session, revokes its families, owes one message to each client that took part and
// writes the event; a second call is harmless.
func TestEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s, codes := w.session("told", "also", "silent")
		other, rest := w.session("told")
		w.clock.Advance(time.Minute)
		ended, err := w.End(t.Context(), w.store, s, revoked)
		w.must(err)
		if ended.Status != storage.StatusRevoked || ended.EndReason != "revoked" || ended.EndedBy != "usr_admin" || !ended.EndedAt.Equal(w.clock.Now()) {
			t.Errorf("%+v", ended)
		}
		for _, c := range codes {
			if w.live(c) {
				t.Errorf("the family of %s lives", c.ClientID)
			}
		}
		if got := w.deliveries(s); len(got) != 2 {
			t.Errorf("told %v", got)
		}
		at := ended.EndedAt
		w.clock.Advance(time.Minute)
		again, err := w.End(t.Context(), w.store, s, logout.Cause{Status: storage.StatusEnded, Reason: logout.SignedOut, By: "somebody"})
		if err != nil || again.Status != storage.StatusRevoked || again.EndedBy != "usr_admin" || !again.EndedAt.Equal(at.Time) {
			t.Errorf("again: %+v, %v", again, err)
		}
		if got := w.deliveries(s); len(got) != 2 {
			t.Errorf("told again: %v", got)
		}
		list := w.ends()
		if len(list) != 1 || list[0].SessionID != s.ID || list[0].Actor != "usr_admin" {
			t.Fatalf("%d events", len(list))
		}
		var data struct {
			Status, Reason string
			Clients        []string
		}
		w.must(json.Unmarshal([]byte(list[0].Data), &data))
		if data.Status != "revoked" || data.Reason != "revoked" || len(data.Clients) != 3 {
			t.Errorf("%+v", data)
		}
		if !w.live(rest[0]) || len(w.deliveries(other)) != 0 {
			t.Error("the other session was touched")
		}
	})
}

// Of twenty at once one ends it; all are told how it stands.
func TestEndOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s, _ := w.session("told")
		var wg sync.WaitGroup
		begin := make(chan struct{})
		for range 20 {
			wg.Go(func() {
				<-begin
				if got, err := w.End(t.Context(), w.store, s, revoked); err != nil || got.Status != storage.StatusRevoked {
					t.Errorf("%+v, %v", got, err)
				}
			})
		}
		close(begin)
		wg.Wait()
		if len(w.ends()) != 1 || len(w.deliveries(s)) != 1 {
			t.Errorf("%d events, told %v", len(w.ends()), w.deliveries(s))
		}
	})
}

// The end is part of the caller's transaction: rolled back with it, it never was.
func TestEndInATransactionThatFails(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s, codes := w.session("told")
		failed := w.store.Tx(t.Context(), func(tx *storage.Store) error {
			if _, err := w.End(t.Context(), tx, s, revoked); err != nil {
				return err
			}
			return storage.ErrConflict
		})
		if failed == nil || !w.live(codes[0]) || len(w.ends()) != 0 || len(w.deliveries(s)) != 0 {
			t.Errorf("%v, %d events, told %v", failed, len(w.ends()), w.deliveries(s))
		}
	})
}

// Ending many at once is true at once; the job then takes each through the door.
func TestEndUserIsTrueAtOnceAndSwept(t *testing.T) {
	for name, c := range map[string]struct {
		end        func(w *world) error
		reason, by string
	}{
		"epoch": {func(w *world) error { return w.EndUser(w.Context(), w.store, w.user.ID, revoked) }, "revoked", "usr_admin"},
		"disabled": {func(w *world) error {
			u, err := w.store.User(w.Context(), w.user.ID)
			if err != nil {
				return err
			}
			u.Status = storage.UserDisabled
			return w.store.UpdateUser(w.Context(), u)
		}, "ended_with_others", logout.System},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				var sessions []*storage.Session
				var codes []*storage.Code
				for range 5 {
					s, c := w.session("told", "silent")
					sessions, codes = append(sessions, s), append(codes, c...)
				}
				w.must(c.end(w))
				for _, c := range codes {
					if w.live(c) {
						t.Error("a family lives")
					}
				}
				for _, s := range sessions {
					if _, _, err := w.store.LiveSession(t.Context(), s.UserID, s.ID, w.clock.Now()); err == nil {
						t.Error("a session lives")
					}
				}
				for swept := 0; swept < 5; {
					n, err := w.Sweep(t.Context(), 2)
					w.must(err)
					if swept += n; n == 0 {
						t.Fatalf("swept %d", swept)
					}
				}
				if n, err := w.Sweep(t.Context(), 2); err != nil || n != 0 {
					t.Errorf("swept %d more, %v", n, err)
				}
				for _, s := range sessions {
					row, err := w.store.Session(t.Context(), s.ID)
					if err != nil || row.Status != storage.StatusRevoked || row.EndReason != c.reason || row.EndedBy != c.by || len(w.deliveries(s)) != 1 {
						t.Errorf("%+v, %v, told %v", row, err, w.deliveries(s))
					}
				}
				if len(w.ends()) != 5 {
					t.Errorf("%d events", len(w.ends()))
				}
			})
		})
	}
}

// A change of one's own password: all others end now, the one in use stays as it is.
func TestEndUserNowKeepsOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		kept, keptCodes := w.session("told")
		var codes []*storage.Code
		for range 120 { // more than a page
			_, c := w.session()
			codes = append(codes, c...)
		}
		s, c := w.session("told")
		codes = append(codes, c...)
		w.must(w.EndUserNow(t.Context(), w.store, w.user.ID, kept.ID, logout.Cause{Status: storage.StatusRevoked, Reason: logout.PasswordChanged, By: w.user.ID}))
		if !w.live(keptCodes[0]) || len(w.deliveries(s)) != 1 || len(w.ends()) != 121 {
			t.Errorf("told %v, %d events", w.deliveries(s), len(w.ends()))
		}
		for _, c := range codes {
			if w.live(c) {
				t.Error("a family lives")
			}
		}
	})
}
