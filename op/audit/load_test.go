package audit_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/pgtest"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// Whoever seals, every second, must find what has no place yet without reading what has: that is nearly all there is.
func TestUnsealedEventsAreFoundByTheirIndex(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.write(l.a, 300)
		db, err := sql.Open(l.driver, l.url)
		l.must(err)
		defer func() { l.must(db.Close()) }()
		explain := "EXPLAIN QUERY PLAN "
		if l.driver == "pgx" {
			_, err := db.ExecContext(t.Context(), "ANALYZE audit_events")
			l.must(err)
			explain = "EXPLAIN "
		}
		rows, err := db.QueryContext(t.Context(), explain+"SELECT * FROM audit_events WHERE position IS NULL ORDER BY id LIMIT 500")
		l.must(err)
		defer func() { l.must(rows.Close()) }()
		columns, err := rows.Columns()
		l.must(err)
		plan := ""
		for rows.Next() {
			into := make([]any, len(columns))
			for i := range into {
				into[i] = new(any)
			}
			l.must(rows.Scan(into...))
			plan += fmt.Sprintln(*into[len(into)-1].(*any))
		}
		l.must(rows.Err())
		if !strings.Contains(plan, "audit_events_unsealed") {
			t.Errorf("plan:\n%s", plan)
		}
	})
}

// Many write at once, in transactions that stay open, while somebody seals: none waits for another.
func TestWritersDoNotWaitForEachOther(t *testing.T) {
	url := pgtest.New(t) // on SQLite writers take turns, whatever they write
	store, clk := storagetest.Open(t, url), clock.NewFake(start)
	chains := audit.NewChains(issuer, store, clk, make([]byte, 32))
	const writers = 4 // and two connections for who comes meanwhile
	var open, done sync.WaitGroup
	open.Add(writers)
	release, errs := make(chan struct{}), make(chan error, writers)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	write := func(tx *storage.Store) error {
		return audit.Write(ctx, tx, audit.Event{Kind: audit.UserUpdated, At: start, UserID: "usr_1"})
	}
	for range writers {
		done.Go(func() {
			errs <- store.Tx(ctx, func(tx *storage.Store) error {
				err := write(tx)
				open.Done()
				<-release
				return err
			})
		})
	}
	open.Wait() // each has written and none has committed: nobody waited
	if err := write(store); err != nil {
		t.Error(err)
	}
	if n, err := chains.Seal(ctx); err != nil || n != 1 {
		t.Errorf("sealed %d, %v", n, err)
	}
	close(release)
	done.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	if n, err := chains.Seal(ctx); err != nil || n != writers {
		t.Errorf("sealed %d, %v", n, err)
	}
	if r, err := chains.Verify(ctx); err != nil || len(r.Faults) != 0 || r.Events != writers+1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// BenchmarkSeal seals 5,000 events, five seconds of a thousand each.
func BenchmarkSeal(b *testing.B) {
	store, clk := storagetest.Open(b, pgtest.New(b)), clock.NewFake(start)
	chains := audit.NewChains(issuer, store, clk, make([]byte, 32))
	const events = 5000
	for b.Loop() {
		b.StopTimer()
		for range events / 500 {
			if err := store.Tx(b.Context(), func(tx *storage.Store) (err error) {
				for i := range 500 {
					err = errors.Join(err, audit.Write(b.Context(), tx, audit.Event{Kind: audit.SessionStarted, At: start, UserID: fmt.Sprint("usr_", i),
						SessionID: fmt.Sprint("ses_", i), Data: map[string]any{"amr": "pwd", "kind": "browser", "expires_at": start.UnixMicro()}}))
				}
				return err
			}); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
		if n, err := chains.Seal(b.Context()); err != nil || n != events {
			b.Fatalf("sealed %d, %v", n, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*events), "µs/event")
}
