package storage_test

import (
	"errors"
	"testing"
	"time"

	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

func TestDeleteEndedSessions(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		ctx := t.Context()
		w := newWorld(t, s)
		c := w.code(t, "one")
		if _, _, err := w.Redeem(ctx, redemption("one")); err != nil {
			t.Fatal(err)
		}
		old, kept, live := *w.session, *w.start(t), w.start(t)
		for at, n := range map[time.Duration]*storage.Session{0: &old, time.Hour: &kept} {
			n.Status, n.EndedAt = storage.StatusEnded, storage.At(t0.Add(at))
			if _, err := w.End(ctx, n); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range []int{1, 0} {
			if n, err := w.DeleteEndedSessions(ctx, t0.Add(time.Minute), 10); err != nil || n != want {
				t.Fatalf("%d, %v; want %d", n, err, want)
			}
		}
		if _, err := w.Session(ctx, old.ID); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("the old one: %v", err)
		}
		if _, err := w.Grant(ctx, w.user.ID, c.FamilyID, t0); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("its family: %v", err)
		}
		if clients, err := w.SessionClients(ctx, old.UserID, old.ID); err != nil || len(clients) != 0 {
			t.Errorf("its client sessions: %v, %v", clients, err)
		}
		for _, n := range []string{kept.ID, live.ID} {
			if _, err := w.Session(ctx, n); err != nil {
				t.Errorf("another: %v", err)
			}
		}
	})
}
