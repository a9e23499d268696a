package storage_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// An end that meets a redemption under way waits for it: the client that is coming in is one of those who are told.
func TestEndWaitsForARedemptionUnderWay(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		w := newWorld(t, s)
		c := w.code(t, "one")
		type result struct {
			clients []string
			err     error
		}
		ended := make(chan result, 1)
		must(t, s.Tx(t.Context(), func(tx *storage.Store) error {
			if _, _, err := tx.Redeem(t.Context(), redemption("one")); err != nil {
				return err
			}
			go func() {
				n := *w.session
				n.Status, n.EndedAt = storage.StatusEnded, storage.At(t0)
				clients, err := s.End(t.Context(), &n)
				ended <- result{clients, err}
			}()
			time.Sleep(100 * time.Millisecond)
			return nil
		}))
		got := <-ended
		if got.err != nil || !slices.Equal(got.clients, []string{"shop"}) {
			t.Fatalf("the end told %v, %v", got.clients, got.err)
		}
		g, err := s.Grant(t.Context(), w.user.ID, c.FamilyID, t0)
		if err != nil || g.Live {
			t.Fatalf("the family lives on: %+v, %v", g, err)
		}
	})
}

func TestRedemptionAfterTheEndIsRefused(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		w := newWorld(t, s)
		w.code(t, "one")
		n := *w.session
		n.Status, n.EndedAt = storage.StatusEnded, storage.At(t0)
		_, err := s.End(t.Context(), &n)
		must(t, err)
		if _, _, err := s.Redeem(t.Context(), redemption("one")); !errors.Is(err, storage.ErrNotFound) {
			t.Fatalf("redeemed: %v", err)
		}
		clients, err := s.SessionClients(t.Context(), w.user.ID, n.ID)
		if err != nil || len(clients) != 0 {
			t.Fatalf("took part: %v, %v", clients, err)
		}
	})
}
