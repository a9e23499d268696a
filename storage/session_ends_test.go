package storage_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/pgtest"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// end ends a fresh session of the world through a transaction and returns its id.
func (w *world) end(t *testing.T, s *storage.Store) string {
	t.Helper()
	n := w.start(t)
	must(t, s.Tx(t.Context(), func(tx *storage.Store) error { return endIn(t.Context(), tx, n) }))
	return n.ID
}

func endIn(ctx context.Context, tx *storage.Store, n *storage.Session) error {
	n.Status, n.EndReason, n.EndedAt = storage.StatusRevoked, "revoked", storage.At(t0)
	_, err := tx.End(ctx, n)
	return err
}

func ends(t *testing.T, s *storage.Store, after int64) []*storage.SessionEnd {
	t.Helper()
	list, err := s.SessionEnds(t.Context(), after, 500, t0)
	must(t, err)
	return list
}

func TestSessionEndsSayWhatEnded(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		w := newWorld(t, s)
		w.code(t, "one")
		_, _, err := s.Redeem(t.Context(), redemption("one"))
		must(t, err)
		must(t, endIn(t.Context(), s, w.session))
		if err := endIn(t.Context(), s, w.session); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("a second end: %v", err)
		}
		gone := w.start(t)
		if err := s.Tx(t.Context(), func(tx *storage.Store) error {
			return errors.Join(endIn(t.Context(), tx, gone), errors.New("no"))
		}); err == nil {
			t.Fatal("committed")
		}
		list := ends(t, s, 0)
		if len(list) != 1 {
			t.Fatalf("%d entries, want the one that was committed", len(list))
		}
		e := list[0]
		if e.SessionID != w.session.ID || e.UserID != w.user.ID || e.Status != storage.StatusRevoked || e.Reason != "revoked" ||
			!e.EndedAt.Equal(t0) || !e.NumberedAt.Equal(t0) || e.Position != 1 || !slices.Equal(e.ClientIDs, []string{"shop"}) {
			t.Errorf("%+v", e)
		}
	})
}

// An epoch that moves is one entry, which names whom it concerns: clients of sessions that have not been taken through the
// door yet.
func TestSessionEndsOfAUser(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		w := newWorld(t, s)
		w.code(t, "one")
		_, _, err := s.Redeem(t.Context(), redemption("one"))
		must(t, err)
		must(t, s.MoveUserEpoch(t.Context(), w.user.ID, moved))
		list := ends(t, s, 0)
		if len(list) != 1 || list[0].SessionID != "" || list[0].UserID != w.user.ID || !slices.Equal(list[0].ClientIDs, []string{"shop"}) {
			t.Fatalf("%+v", list)
		}
		must(t, endIn(t.Context(), s, w.session))
		if list = ends(t, s, 1); len(list) != 1 || list[0].SessionID != w.session.ID {
			t.Errorf("%+v", list)
		}
	})
}

// A transaction that began first and commits last is behind those that were read meanwhile, and so is not skipped.
func TestSessionEndsThatCommitLate(t *testing.T) {
	s := storagetest.Open(t, pgtest.New(t)) // SQLite has one writer at a time, so nothing can overtake there
	w := newWorld(t, s)
	late := w.start(t)
	held, release, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- s.Tx(context.Background(), func(tx *storage.Store) error {
			if err := endIn(context.Background(), tx, late); err != nil {
				return err
			}
			close(held)
			<-release
			return nil
		})
	}()
	<-held
	early := w.end(t, s)
	list := ends(t, s, 0)
	if len(list) != 1 || list[0].SessionID != early {
		t.Fatalf("%+v", list)
	}
	close(release)
	must(t, <-done)
	if list = ends(t, s, list[0].Position); len(list) != 1 || list[0].SessionID != late.ID {
		t.Fatalf("the late one was skipped: %+v", list)
	}
	if list[0].ID > ends(t, s, 0)[0].ID {
		t.Error("the late one was not written first: nothing was proved")
	}
}

// Readers of two replicas number and read while others end sessions: each sees every end once, in one order without gaps.
func TestSessionEndsHaveOneOrder(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) { oneOrder(t, s, s) })
	t.Run("two replicas", func(t *testing.T) {
		url := pgtest.New(t)
		oneOrder(t, storagetest.Open(t, url), storagetest.Open(t, url))
	})
}

func oneOrder(t *testing.T, a, b *storage.Store) {
	const writers, each = 4, 15
	w := newWorld(t, a)
	var sessions [writers][]*storage.Session
	for i := range writers {
		for range each {
			sessions[i] = append(sessions[i], w.start(t))
		}
	}
	var writing, reading sync.WaitGroup
	for i := range writers {
		store := []*storage.Store{a, b}[i%2]
		writing.Go(func() {
			for _, n := range sessions[i] {
				if err := store.Tx(t.Context(), func(tx *storage.Store) error { return endIn(t.Context(), tx, n) }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var seen [4][]string
	for i := range seen {
		store := []*storage.Store{a, b}[i%2]
		reading.Go(func() {
			give := time.Now().Add(30 * time.Second)
			for position := int64(0); position < writers*each && time.Now().Before(give); {
				list, err := store.SessionEnds(t.Context(), position, 7, t0)
				if err != nil {
					t.Error(err)
					return
				}
				for _, e := range list {
					if e.Position != position+1 {
						t.Errorf("%d follows %d", e.Position, position)
					}
					position = e.Position
					seen[i] = append(seen[i], e.SessionID)
				}
			}
		})
	}
	writing.Wait()
	reading.Wait()
	for i := range seen {
		if !slices.Equal(seen[i], seen[0]) || len(seen[i]) != writers*each {
			t.Errorf("reader %d saw %d ends, the first %d, or in another order", i, len(seen[i]), len(seen[0]))
		}
	}
}

func TestSessionEndsAreForgotten(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		w := newWorld(t, s)
		must(t, s.DeleteSessionEnds(t.Context(), t0))
		for i := range 4 {
			w.end(t, s)
			_, err := s.SessionEnds(t.Context(), 0, 1, t0.Add(time.Duration(i)*time.Minute))
			must(t, err)
		}
		if after, err := s.SessionEndsSince(t.Context(), t0.Add(time.Minute)); err != nil || after != 1 {
			t.Errorf("since the second: %d, %v", after, err)
		}
		if after, err := s.SessionEndsSince(t.Context(), t0.Add(time.Hour)); err != nil || after != 4 {
			t.Errorf("since the end: %d, %v", after, err)
		}
		must(t, s.DeleteSessionEnds(t.Context(), t0.Add(2*time.Minute)))
		first, last, err := s.SessionFeed(t.Context())
		if err != nil || first != 2 || last != 4 {
			t.Errorf("from %d to %d, %v", first, last, err)
		}
		if list := ends(t, s, 0); len(list) != 2 || list[0].Position != 3 {
			t.Errorf("%d left", len(list))
		}
		must(t, s.DeleteSessionEnds(t.Context(), t0.Add(time.Hour)))
		if first, last, err = s.SessionFeed(t.Context()); err != nil || first != 4 || last != 4 {
			t.Errorf("from %d to %d, %v", first, last, err)
		}
		w.end(t, s)
		if list := ends(t, s, 4); len(list) != 1 || list[0].Position != 5 {
			t.Errorf("positions begin again: %+v", list)
		}
	})
}

// The bell rings for readers of the same process and for those of others, after the commit.
func TestBell(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		s := storagetest.Open(t, storagetest.SQLite(t))
		bell(t, s, s)
	})
	t.Run("postgres", func(t *testing.T) {
		s := storagetest.Open(t, pgtest.New(t))
		bell(t, s, s)
	})
	t.Run("another replica", func(t *testing.T) {
		url := pgtest.New(t)
		bell(t, storagetest.Open(t, url), storagetest.Open(t, url))
	})
}

func bell(t *testing.T, ends, hears *storage.Store) {
	w := newWorld(t, ends)
	ctx, cancel := context.WithCancel(t.Context())
	heard, over := make(chan struct{}, 100), make(chan error, 1)
	go func() { over <- hears.HearEnds(ctx, func() { heard <- struct{}{} }) }()
	give := time.After(time.Minute)
	for listening := false; !listening; { // until it listens, ends are not heard of
		w.end(t, ends)
		select {
		case <-heard:
			listening = true
		case <-time.After(50 * time.Millisecond):
		case <-give:
			t.Fatal("nothing heard")
		}
	}
	cancel()
	if err := <-over; err != nil {
		t.Errorf("after its context ended: %v", err)
	}
}
