package storage_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/curfew-id/curfew/internal/pgtest"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// hold runs something under a name until it is let go.
func hold(t *testing.T, s *storage.Store, name string) (let func()) {
	t.Helper()
	held, done, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		ran, err := s.Exclusively(context.Background(), name, func(context.Context) error { close(held); <-done; return nil })
		if !ran || err != nil {
			t.Errorf("did not run (%v), %v", ran, err)
		}
	}()
	select {
	case <-held:
	case <-time.After(time.Minute):
		t.Fatal("not held")
	}
	return func() { close(done); <-over }
}

func runs(t *testing.T, s *storage.Store, name string) bool {
	t.Helper()
	called := false
	ran, err := s.Exclusively(t.Context(), name, func(context.Context) error { called = true; return nil })
	if must(t, err); ran != called {
		t.Errorf("said %v, and was %v", ran, called)
	}
	return ran
}

func TestExclusively(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		let := hold(t, s, "a")
		if runs(t, s, "a") || !runs(t, s, "b") {
			t.Error("while a is held: a ran, or b did not")
		}
		let()
		if !runs(t, s, "a") {
			t.Error("a is held by nobody and does not run")
		}
		broken := errors.New("broken")
		if ran, err := s.Exclusively(t.Context(), "a", func(context.Context) error { return broken }); !ran || !errors.Is(err, broken) {
			t.Errorf("%v, %v", ran, err)
		}
		if !runs(t, s, "a") {
			t.Error("a failure keeps the lock")
		}
	})
}

// Of two replicas one runs. When the holder's connection dies the other may, and the holder is none the worse for it.
func TestExclusivelyAmongReplicas(t *testing.T) {
	url := pgtest.New(t)
	one, two := storagetest.Open(t, url), storagetest.Open(t, url)
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer func() { must(t, conn.Close(context.Background())) }()
	let := hold(t, one, "a")
	if runs(t, two, "a") || !runs(t, two, "b") {
		t.Error("while the first has a: the second ran a, or not b")
	}
	let()
	if !runs(t, two, "a") {
		t.Error("let go, and the other does not run")
	}

	let = hold(t, one, "a")
	cut := 0
	must(t, conn.QueryRow(t.Context(), `SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_locks
		WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&cut))
	if cut != 1 {
		t.Fatalf("%d connections hold a lock", cut)
	}
	if !runs(t, two, "a") {
		t.Error("the holder's connection is gone, and the lock is not")
	}
	let()
	for _, s := range []*storage.Store{one, two} {
		if !runs(t, s, "a") {
			t.Error("does not run afterwards")
		}
	}
}
