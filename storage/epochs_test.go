package storage_test

import (
	"errors"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// takePart redeems a code of a client in a session.
func (w *world) takePart(t *testing.T, clientID string, n *storage.Session) *storage.Code {
	t.Helper()
	c := w.codeOf(t, clientID, n)
	r := redemption("")
	r.Hash, r.ClientID = c.Hash, clientID
	_, g, err := w.Redeem(t.Context(), r)
	must(t, err)
	if !g.Live {
		t.Fatal("redeemed, and dead")
	}
	return c
}

func (w *world) codeOf(t *testing.T, clientID string, n *storage.Session) *storage.Code {
	t.Helper()
	c := &storage.Code{Hash: secret.Bytes(32), ClientID: clientID, UserID: n.UserID, SessionID: n.ID,
		RedirectURI: "https://shop.example.com/cb", CodeChallenge: "ch", Scope: "openid", FamilyID: id.New(id.Family),
		CreatedAt: storage.At(t0), ExpiresAt: storage.At(t0.Add(time.Minute))}
	must(t, w.InsertCode(t.Context(), c))
	return c
}

func (w *world) addClient(t *testing.T, clientID string) {
	t.Helper()
	must(t, w.InsertClient(t.Context(), &storage.Client{ID: clientID, Metadata: `{}`, CreatedAt: storage.At(t0), UpdatedAt: storage.At(t0)}))
}

// wantLive asks every read of a session whether it can be used.
func (w *world) wantLive(t *testing.T, want bool, n *storage.Session, codes ...*storage.Code) {
	t.Helper()
	ctx := t.Context()
	if _, _, err := w.LiveSession(ctx, n.UserID, n.ID, t0); (err == nil) != want || err != nil && !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("LiveSession: %v", err)
	}
	has := func(what string, list []*storage.Session, err error) {
		t.Helper()
		found := false
		for _, s := range list {
			found = found || s.ID == n.ID
		}
		if err != nil || found != want {
			t.Errorf("%s: %v, %v", what, found, err)
		}
	}
	list, err := w.BrowserSessions(ctx, n.UserID, t0)
	has("BrowserSessions", list, err)
	list, err = w.DeviceSessions(ctx, n.DeviceID, t0)
	has("DeviceSessions", list, err)
	list, err = w.Sessions(ctx, storage.SessionFilter{UserID: n.UserID, Live: true, Now: t0, Limit: 100})
	has("Sessions", list, err)
	views, err := w.SessionViews(ctx, storage.SessionViewFilter{ID: n.ID}, t0)
	if err != nil || len(views) != 1 || (views[0].Stands == storage.StatusActive) != want {
		t.Errorf("SessionViews: %+v, %v", views, err)
	}
	for _, c := range codes {
		g, err := w.Grant(ctx, c.UserID, c.FamilyID, t0)
		if err != nil || g.Live != want {
			t.Errorf("Grant: %+v, %v", g, err)
		}
		must(t, w.Tx(ctx, func(tx *storage.Store) error {
			g, err := tx.Grant(ctx, c.UserID, c.FamilyID, t0)
			if err == nil && g.Live != want {
				t.Errorf("Grant in a transaction: %+v", g)
			}
			return err
		}))
		if r, err := w.Rotate(ctx, c.UserID, c.FamilyID, c.ClientID, g.Generation, t0); err != nil || r.Live != want || r.Rotated != want {
			t.Errorf("Rotate: %+v, %v", r, err)
		}
	}
}

// All that a client took part in is over for everybody who did, at once; whatever it did not, or begins later, stands.
func TestClientEpochEndsWholeSessions(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		ctx := t.Context()
		w := newWorld(t, s)
		w.addClient(t, "till")
		both, till, none := w.session, w.start(t), w.start(t)
		inBoth := []*storage.Code{w.takePart(t, "shop", both), w.takePart(t, "till", both)}
		inTill := w.takePart(t, "till", till)
		late := w.codeOf(t, "till", both)
		must(t, s.MoveClientEpoch(ctx, "shop", moved))
		w.wantLive(t, false, both, inBoth...)
		w.wantLive(t, true, till, inTill)
		w.wantLive(t, true, none)

		// A code of before does not bring a session back, neither its client's nor another's.
		for _, c := range []*storage.Code{late, w.codeOf(t, "shop", both)} {
			r := redemption("")
			r.Hash, r.ClientID = c.Hash, c.ClientID
			if _, _, err := w.Redeem(ctx, r); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("redeemed for %s: %v", c.ClientID, err)
			}
		}
		w.wantLive(t, false, both, inBoth...)

		// The client comes into sessions as ever, old ones and new ones.
		w.wantLive(t, true, none, w.takePart(t, "shop", none))
		w.wantLive(t, true, till, w.takePart(t, "shop", till), inTill)
		fresh := w.start(t)
		w.wantLive(t, true, fresh, w.takePart(t, "shop", fresh))

		over, err := s.Overdue(ctx, t0, 10)
		if err != nil || len(over) != 1 || over[0].ID != both.ID || over[0].Moved == nil || *over[0].Moved != moved {
			t.Errorf("overdue: %+v, %v", over, err)
		}
		if err := s.MoveClientEpoch(ctx, "nobody", moved); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("no such client: %v", err)
		}
	})
}

func TestRealmEpochEndsEverything(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		w := newWorld(t, s)
		c := w.takePart(t, "shop", w.session)
		must(t, s.MoveRealmEpoch(t.Context(), moved))
		w.wantLive(t, false, w.session, c)
		fresh := w.start(t)
		w.wantLive(t, true, fresh, w.takePart(t, "shop", fresh))
		over, err := s.Overdue(t.Context(), t0, 10)
		if err != nil || len(over) != 1 || over[0].ID != w.session.ID || over[0].Moved == nil || *over[0].Moved != moved {
			t.Errorf("overdue: %+v, %v", over, err)
		}
	})
}

// A session that several moves ended is met once, and was ended by the first.
func TestTheFirstMoveEndsASession(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		ctx := t.Context()
		w := newWorld(t, s)
		w.takePart(t, "shop", w.session)
		by := func(who string, after time.Duration) storage.EpochMove {
			return storage.EpochMove{Status: storage.StatusRevoked, Reason: who, By: who, At: t0.Add(after)}
		}
		must(t, s.MoveRealmEpoch(ctx, by("third", 3*time.Second)))
		must(t, s.MoveClientEpoch(ctx, "shop", by("first", time.Second)))
		must(t, s.MoveUserEpoch(ctx, w.user.ID, by("second", 2*time.Second)))
		over, err := s.Overdue(ctx, t0, 10)
		if err != nil || len(over) != 1 || over[0].Moved == nil || over[0].Moved.By != "first" {
			t.Errorf("overdue: %+v, %v", over, err)
		}
	})
}

// The end of a client is remembered as long as a session is left that it ended, or may yet appear: one that a redemption under
// way at the time leaves behind.
func TestClientEndsAreSettled(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		ctx := t.Context()
		w := newWorld(t, s)
		w.takePart(t, "shop", w.session)
		left := func() bool { // only what is remembered ends what a redemption of long ago commits now
			t.Helper()
			n := w.start(t)
			must(t, storage.Execute(ctx, s, `INSERT INTO client_sessions (user_id, session_id, client_id, client_epoch, first_token_at)
				VALUES (?, ?, 'shop', 0, 0)`, n.UserID, n.ID))
			_, _, err := s.LiveSession(ctx, n.UserID, n.ID, t0)
			must(t, endIn(ctx, s, n))
			return errors.Is(err, storage.ErrNotFound)
		}
		must(t, s.MoveClientEpoch(ctx, "shop", moved))
		must(t, s.SettleClientEnds(ctx, t0.Add(2*time.Hour)))
		w.wantLive(t, false, w.session)
		must(t, endIn(ctx, s, w.session))
		must(t, s.SettleClientEnds(ctx, t0.Add(time.Hour-time.Second)))
		if !left() {
			t.Error("forgotten too soon")
		}
		must(t, s.SettleClientEnds(ctx, t0.Add(time.Hour)))
		if left() {
			t.Error("remembered for ever")
		}
	})
}

// A client that is deleted while its sessions are not through the door takes nobody's end back, and another of the same id
// does not suffer from it.
func TestDeletedClientStaysEnded(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		ctx := t.Context()
		w := newWorld(t, s)
		w.addClient(t, "till")
		w.takePart(t, "shop", w.session)
		till := w.takePart(t, "till", w.session)
		must(t, s.MoveClientEpoch(ctx, "shop", moved))
		must(t, s.DeleteClient(ctx, "shop"))
		w.wantLive(t, false, w.session, till)
		w.addClient(t, "shop")
		fresh := w.start(t)
		w.wantLive(t, true, fresh, w.takePart(t, "shop", fresh))
		w.wantLive(t, false, w.session, till)
	})
}

// However many sessions there are, moving an epoch is the same few statements and is true when they have committed.
func TestMovingAnEpochTakesConstantTime(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		ctx := t.Context()
		w := newWorld(t, s)
		must(t, storage.Execute(ctx, s, `INSERT INTO sessions (user_id, id, kind, status, user_epoch, realm_epoch, authenticated_at,
			created_at, last_active_at, idle_ttl, expires_at) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
			SELECT ?, 'ses_many' || i, 'browser', 'active', 0, 0, ?, ?, ?, ?, ? FROM n`, w.user.ID, storage.At(t0), storage.At(t0),
			storage.At(t0), time.Hour.Microseconds(), storage.At(t0.Add(time.Hour))))
		must(t, storage.Execute(ctx, s, `INSERT INTO client_sessions (user_id, session_id, client_id, client_epoch, first_token_at)
			SELECT user_id, id, 'shop', 0, 0 FROM sessions WHERE user_id = ?`, w.user.ID))
		live := func() int {
			list, err := s.Sessions(ctx, storage.SessionFilter{UserID: w.user.ID, Live: true, Now: t0, Limit: 500})
			must(t, err)
			return len(list)
		}
		if live() != 500 {
			t.Fatal(live())
		}
		sent := storage.CountStatements(s)
		for name, move := range map[string]func() error{
			"client": func() error { return s.MoveClientEpoch(ctx, "shop", moved) },
			"user":   func() error { return s.MoveUserEpoch(ctx, w.user.ID, moved) },
			"all":    func() error { return s.MoveRealmEpoch(ctx, moved) },
		} {
			sent.Store(0)
			began := time.Now()
			must(t, move())
			t.Logf("%s: %d statements, %v", name, sent.Load(), time.Since(began))
			if n := sent.Load(); n == 0 || n > 5 { // BEGIN and COMMIT among them
				t.Errorf("%s: %d statements", name, n)
			}
		}
		if live() != 0 {
			t.Errorf("%d sessions live", live())
		}
	})
}
