package storage_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is a user signed in on a device with a client.
type world struct {
	*storage.Store
	user    *storage.User
	session *storage.Session
	client  *storage.Client
}

func newWorld(t *testing.T, s *storage.Store) *world {
	t.Helper()
	ctx := t.Context()
	w := &world{Store: s,
		user: &storage.User{ID: id.New(id.User), Status: storage.UserActive, PublicMetadata: "{}", PrivateMetadata: "{}",
			UnsafeMetadata: "{}", CreatedAt: storage.At(t0), UpdatedAt: storage.At(t0)},
		client: &storage.Client{ID: "shop", Metadata: `{}`, CreatedAt: storage.At(t0), UpdatedAt: storage.At(t0)}}
	must(t, s.InsertUser(ctx, w.user, &storage.Identifier{Kind: "email", Value: "a@example.com", UserID: w.user.ID,
		Display: "a@example.com", IsPrimary: true, VerifiedAt: storage.At(t0), CreatedAt: storage.At(t0)}))
	must(t, s.InsertClient(ctx, w.client))
	w.session = w.start(t)
	return w
}

func (w *world) start(t *testing.T) *storage.Session {
	t.Helper()
	n := &storage.Session{UserID: w.user.ID, ID: id.New(id.Session), Kind: storage.KindBrowser, SecretHash: []byte("x"),
		ACR: "1", AMR: "pwd", AuthenticatedAt: storage.At(t0), CreatedAt: storage.At(t0), LastActiveAt: storage.At(t0),
		IdleTTL: time.Hour.Microseconds(), ExpiresAt: storage.At(t0.Add(24 * time.Hour))}
	must(t, w.StartSession(t.Context(), n))
	return n
}

func (w *world) code(t *testing.T, plain string) *storage.Code {
	t.Helper()
	c := &storage.Code{Hash: secret.Hash(plain), ClientID: "shop", UserID: w.user.ID, SessionID: w.session.ID,
		RedirectURI: "https://shop.example.com/cb", CodeChallenge: "ch", Scope: "openid", FamilyID: id.New(id.Family),
		CreatedAt: storage.At(t0), ExpiresAt: storage.At(t0.Add(time.Minute))}
	must(t, w.InsertCode(t.Context(), c))
	return c
}

func redemption(plain string) storage.Redemption {
	return storage.Redemption{Hash: secret.Hash(plain), ClientID: "shop", RedirectURI: "https://shop.example.com/cb",
		CodeChallenge: "ch", Now: t0}
}

var moved = storage.EpochMove{Status: storage.StatusRevoked, Reason: "revoked", By: "usr_admin", At: t0}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRedeemOnce(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		w := newWorld(t, s)
		w.code(t, "one")
		var won atomic.Int32
		race(20, func() {
			_, g, err := w.Redeem(t.Context(), redemption("one"))
			switch {
			case err == nil && g.Live:
				won.Add(1)
			case !errors.Is(err, storage.ErrRedeemed):
				t.Errorf("a loser got %v", err)
			}
		})
		if won.Load() != 1 {
			t.Fatalf("%d redemptions won", won.Load())
		}
	})
}

func TestRedeemReuseRevokesWhatTheFirstGot(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		w := newWorld(t, s)
		c := w.code(t, "one")
		if _, _, err := w.Redeem(t.Context(), redemption("one")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.Redeem(t.Context(), redemption("one")); !errors.Is(err, storage.ErrRedeemed) {
			t.Fatalf("second use: %v", err)
		}
		if g, err := w.Grant(t.Context(), w.user.ID, c.FamilyID, t0); err != nil || g.Live {
			t.Fatalf("family after reuse: %+v, %v", g, err)
		}
	})
}

func TestRedeemRefusesWhatTheCodeIsNotBoundTo(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		w := newWorld(t, s)
		w.code(t, "one")
		for name, change := range map[string]func(*storage.Redemption){
			"client":   func(r *storage.Redemption) { r.ClientID = "other" },
			"uri":      func(r *storage.Redemption) { r.RedirectURI += "/" },
			"verifier": func(r *storage.Redemption) { r.CodeChallenge = "" },
			"expired":  func(r *storage.Redemption) { r.Now = t0.Add(time.Minute) },
			"hash":     func(r *storage.Redemption) { r.Hash = secret.Hash("two") },
		} {
			r := redemption("one")
			change(&r)
			if _, _, err := w.Redeem(t.Context(), r); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, _, err := w.Redeem(t.Context(), redemption("one")); err != nil {
			t.Fatalf("the refused ones changed the code: %v", err)
		}
	})
}

func TestRotateOnce(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		w := newWorld(t, s)
		c := w.code(t, "one")
		if _, _, err := w.Redeem(t.Context(), redemption("one")); err != nil {
			t.Fatal(err)
		}
		for generation := int64(1); generation < 4; generation++ {
			var rotated atomic.Int32
			race(20, func() {
				g, err := w.Rotate(t.Context(), w.user.ID, c.FamilyID, "shop", generation, t0)
				if err != nil || !g.Live {
					t.Errorf("rotate: %+v, %v", g, err)
				} else if g.Rotated {
					rotated.Add(1)
				}
			})
			if rotated.Load() != 1 {
				t.Fatalf("generation %d: %d rotations", generation, rotated.Load())
			}
		}
		if g, err := w.Rotate(t.Context(), w.user.ID, c.FamilyID, "other", 4, t0); err != nil || g.Rotated {
			t.Fatalf("another client rotated: %+v, %v", g, err)
		}
	})
}

func TestSessionDies(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		ctx := t.Context()
		w := newWorld(t, s)
		live := func(n *storage.Session, at time.Time) bool {
			_, _, err := w.LiveSession(ctx, n.UserID, n.ID, at)
			if err != nil && !errors.Is(err, storage.ErrNotFound) {
				t.Fatal(err)
			}
			return err == nil
		}
		n := w.session
		if !live(n, t0) || live(n, t0.Add(time.Hour)) {
			t.Fatal("idle")
		}
		must(t, w.Touch(ctx, []storage.Activity{{UserID: n.UserID, SessionID: n.ID, At: t0.Add(50 * time.Minute)}}, t0.Add(50*time.Minute)))
		if !live(n, t0.Add(time.Hour)) || live(n, t0.Add(24*time.Hour)) {
			t.Fatal("touch")
		}
		must(t, w.MoveUserEpoch(ctx, n.UserID, moved))
		if live(n, t0) {
			t.Fatal("epoch")
		}
		over, err := w.Overdue(ctx, t0, 10)
		if err != nil || len(over) != 1 {
			t.Fatalf("overdue: %v, %v", over, err)
		}
		m := w.start(t)
		if !live(m, t0) {
			t.Fatal("a session started after the epoch moved")
		}
		m.Status, m.EndedAt = storage.StatusRevoked, storage.At(t0)
		if _, err := w.End(ctx, m); err != nil || live(m, t0) {
			t.Fatalf("end: %v", err)
		}
		if _, err := w.End(ctx, m); !errors.Is(err, storage.ErrConflict) {
			t.Fatalf("second end: %v", err)
		}
	})
}

// A family must never rotate after its session's end was acknowledged.
func TestEndAgainstRotate(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		w := newWorld(t, s)
		c := w.code(t, "one")
		if _, _, err := w.Redeem(t.Context(), redemption("one")); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var ended atomic.Bool
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for generation := int64(1); ctx.Err() == nil; generation++ {
					before := ended.Load()
					g, err := w.Rotate(ctx, w.user.ID, c.FamilyID, "shop", generation, t0)
					if ctx.Err() == nil && err != nil {
						t.Errorf("rotate: %v", err)
						return
					}
					if err == nil && before && (g.Live || g.Rotated) {
						t.Error("rotated after the end was acknowledged")
						return
					}
				}
			})
		}
		time.Sleep(50 * time.Millisecond)
		n := *w.session
		n.Status, n.EndedAt = storage.StatusEnded, storage.At(t0)
		if _, err := w.End(t.Context(), &n); err != nil {
			t.Fatal(err)
		}
		ended.Store(true)
		time.Sleep(50 * time.Millisecond)
		stop()
		wg.Wait()
	})
}

func race(n int, fn func()) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for range n {
		wg.Go(func() { <-start; fn() })
	}
	close(start)
	wg.Wait()
}
