package audit_test

import (
	"context"
	"database/sql"
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

const issuer = "https://id.example.com"

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// ledger is a database with two replicas' chains on it, and somebody who writes around them.
type ledger struct {
	*testing.T
	store  *storage.Store
	clock  *clock.Fake
	a, b   *audit.Chains
	driver string
	url    string
}

func eachLedger(t *testing.T, fn func(*testing.T, *ledger)) {
	t.Helper()
	run := func(driver string, url func(t testing.TB) string) {
		t.Run(driver, func(t *testing.T) {
			l := &ledger{T: t, clock: clock.NewFake(start), driver: driver, url: url(t)}
			l.store = storagetest.Open(t, l.url)
			master := make([]byte, 32)
			l.a, l.b = audit.NewChains(issuer, l.store, l.clock, master), audit.NewChains(issuer, l.store, l.clock, master)
			fn(t, l)
		})
	}
	run("sqlite", storagetest.SQLite)
	run("pgx", func(t testing.TB) string { return pgtest.New(t) })
}

func (l *ledger) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// write adds n events and has one replica seal them.
func (l *ledger) write(by *audit.Chains, n int) {
	l.Helper()
	for i := range n {
		l.clock.Advance(time.Second)
		l.must(audit.Write(l.Context(), l.store, audit.Event{Kind: audit.UserUpdated, At: l.clock.Now(), UserID: fmt.Sprintf("usr_%d", i),
			Data: map[string]any{"n": i}}))
	}
	sealed, err := by.Seal(l.Context())
	l.must(err)
	if sealed != n {
		l.Fatalf("sealed %d, want %d", sealed, n)
	}
}

// exec writes around everything, as somebody with the database's password can.
func (l *ledger) exec(query string) {
	l.Helper()
	db, err := sql.Open(l.driver, l.url)
	l.must(err)
	defer func() { l.must(db.Close()) }()
	res, err := db.ExecContext(l.Context(), query)
	l.must(err)
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		l.Fatalf("%s: %d rows, %v", query, n, err)
	}
}

func (l *ledger) verify(kept ...string) *audit.Report {
	l.Helper()
	r, err := l.a.Verify(l.Context(), kept...)
	l.must(err)
	return r
}

// fill makes two chains of ten events each, with a checkpoint in the middle and one at the end.
func (l *ledger) fill() {
	l.Helper()
	for range 2 {
		l.write(l.a, 5)
		l.write(l.b, 5)
		l.must(l.a.Checkpoint(l.Context()))
	}
}

func TestWholeChainsVerify(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		if r := l.verify(); len(r.Faults) != 0 || r.Events != 0 {
			t.Errorf("%+v", r)
		}
		l.fill()
		l.must(l.b.Checkpoint(t.Context())) // nothing has grown
		l.must(audit.Write(t.Context(), l.store, audit.Event{Kind: audit.UserUpdated, At: l.clock.Now()}))
		if r := l.verify(); len(r.Faults) != 0 || r.Events != 20 || r.Chains != 2 || r.Checkpoints != 2 || r.Unsealed != 1 {
			t.Errorf("%+v", r)
		}
	})
}

func TestTamperingIsFoundAndNamed(t *testing.T) {
	const ofA = `(SELECT chain FROM audit_events WHERE position IS NOT NULL ORDER BY id LIMIT 1)`
	at := func(n int) string { return fmt.Sprintf(`chain = %s AND position = %d`, ofA, n) }
	for name, c := range map[string]struct {
		queries  []string
		position int64
		detail   string
	}{
		"edited data":     {[]string{`UPDATE audit_events SET data = '{"n":7}' WHERE ` + at(3)}, 3, "edited"},
		"edited user":     {[]string{`UPDATE audit_events SET user_id = 'usr_9' WHERE ` + at(3)}, 3, "edited"},
		"edited time":     {[]string{`UPDATE audit_events SET at = at - 1 WHERE ` + at(10)}, 10, "edited"},
		"edited actor":    {[]string{`UPDATE audit_events SET actor = 'x' WHERE ` + at(1)}, 1, "edited"},
		"moved text":      {[]string{`UPDATE audit_events SET user_id = '', session_id = user_id WHERE ` + at(4)}, 4, "edited"},
		"edited hash":     {[]string{`UPDATE audit_events SET hash = '00' WHERE ` + at(4)}, 4, "edited"},
		"deleted":         {[]string{`DELETE FROM audit_events WHERE ` + at(3)}, 3, "gone"},
		"deleted, closed": {[]string{`DELETE FROM audit_events WHERE ` + at(9), `UPDATE audit_events SET position = 9 WHERE ` + at(10)}, 9, "edited, or is not the one"},
		"truncated":       {[]string{`DELETE FROM audit_events WHERE ` + at(10)}, 10, "cut off"},
		"truncated, with what is remembered of the chain": {[]string{`UPDATE audit_chains SET position = 9, checked = 9 WHERE id = ` + ofA,
			`DELETE FROM audit_events WHERE ` + at(10)}, 10, "cut off"},
		"reordered": {[]string{`UPDATE audit_events SET position = 100 WHERE ` + at(6), `UPDATE audit_events SET position = 6 WHERE ` + at(7),
			`UPDATE audit_events SET position = 7 WHERE ` + at(100)}, 6, "is not the one that was here"},
		"whole chain": {[]string{`UPDATE audit_chains SET id = 'gone' WHERE id = ` + ofA, `DELETE FROM audit_events WHERE chain = ` + ofA}, 1, "cut off"},
	} {
		t.Run(name, func(t *testing.T) {
			eachLedger(t, func(t *testing.T, l *ledger) {
				l.fill()
				for _, q := range c.queries {
					l.exec(q)
				}
				r := l.verify()
				if len(r.Faults) != 1 || r.Faults[0].Chain == "" || r.Faults[0].Position != c.position || !strings.Contains(r.Faults[0].Detail, c.detail) {
					t.Errorf("%v", r.Faults)
				}
			})
		})
	}
}

func TestTamperedCheckpointsAreFound(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.fill()
		last, err := l.store.LastCheckpoint(t.Context())
		l.must(err)
		other := audit.NewChains(issuer, l.store, l.clock, []byte(strings.Repeat("x", 32)))
		if _, err := other.ReadCheckpoint(last.Body); err == nil {
			t.Error("another key's checkpoint is taken")
		}
		if p, err := l.a.ReadCheckpoint(last.Body); err != nil || p.ID != 2 || len(p.Chains) != 2 {
			t.Errorf("%+v, %v", p, err)
		}
		// The newest events, removed with all that vouches for them: only a checkpoint that was kept shows it.
		l.exec(`DELETE FROM audit_checkpoints WHERE id = 2`)
		l.exec(`DELETE FROM audit_events WHERE position > 5`)
		l.exec(`UPDATE audit_chains SET position = 5, checked = 5`)
		if r := l.verify(); len(r.Faults) != 0 {
			t.Errorf("%v", r.Faults)
		}
		if r := l.verify(last.Body); len(r.Faults) != 3 {
			t.Errorf("%v", r.Faults)
		}
		if _, err := l.a.Verify(t.Context(), "garbage"); err == nil {
			t.Error("garbage is a checkpoint")
		}
		l.exec(`UPDATE audit_checkpoints SET body = replace(body, '.', '..')`)
		if r := l.verify(); len(r.Faults) == 0 || r.Faults[0].Chain != "" || r.Faults[0].Position != 1 {
			t.Errorf("%v", r.Faults)
		}
	})
}

// Replicas that seal at the same time take each event once, and a transaction that is still open delays nobody.
func TestSealingAtOnce(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		var done sync.WaitGroup
		stop := make(chan struct{})
		for _, c := range []*audit.Chains{l.a, l.b, audit.NewChains(issuer, l.store, l.clock, make([]byte, 32))} {
			done.Go(func() {
				for {
					if _, err := c.Seal(context.WithoutCancel(t.Context())); err != nil {
						t.Error(err)
					}
					if err := c.Checkpoint(context.WithoutCancel(t.Context())); err != nil {
						t.Error(err)
					}
					select {
					case <-stop:
						return
					case <-time.After(time.Millisecond):
					}
				}
			})
		}
		var writers sync.WaitGroup
		for range 4 {
			writers.Go(func() {
				for range 50 {
					if err := audit.Write(t.Context(), l.store, audit.Event{Kind: audit.UserUpdated, At: l.clock.Now()}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		writers.Wait()
		close(stop)
		done.Wait()
		_, err := l.a.Seal(t.Context())
		l.must(err)
		l.must(l.a.Checkpoint(t.Context()))
		if r := l.verify(); len(r.Faults) != 0 || r.Events != 200 || r.Unsealed != 0 {
			t.Errorf("%+v", r)
		}
	})
}

// A part is verified as the whole is, from its first event on: what lies before it is not looked at, what is missing of it is missed.
func TestPartsVerify(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.fill()
		middle := l.clock.Now().Add(-9 * time.Second) // ten events back: five of each chain
		part := func() *audit.Report {
			t.Helper()
			r, err := l.a.Examine(t.Context(), audit.Part{Since: middle})
			l.must(err)
			return r
		}
		var told int
		r, err := l.a.Examine(t.Context(), audit.Part{Since: middle, Progress: func(n int) { told = n }})
		if l.must(err); len(r.Faults) != 0 || r.Events != 10 || told != 10 || r.Chains != 2 || r.Checkpoints != 1 || !r.From.Equal(middle) || !r.To.Equal(l.clock.Now()) {
			t.Errorf("%+v, told %d", r, told)
		}
		const a = `chain = (SELECT chain FROM audit_events ORDER BY id LIMIT 1)`
		l.exec(`UPDATE audit_events SET data = '{}' WHERE position = 2 AND ` + a)
		if r := part(); len(r.Faults) != 0 {
			t.Errorf("before the part: %v", r.Faults)
		}
		if r := l.verify(); len(r.Faults) != 1 || r.Faults[0].Position != 2 {
			t.Errorf("the whole: %v", r.Faults)
		}
		l.exec(`UPDATE audit_events SET data = '{}' WHERE position = 8 AND ` + a)
		if r := part(); len(r.Faults) != 1 || r.Faults[0].Position != 8 || r.Faults[0].EventID == "" {
			t.Errorf("edited: %v", r.Faults)
		}
		l.exec(`DELETE FROM audit_events WHERE position = 6 AND ` + a)
		if r := part(); len(r.Faults) != 1 || r.Faults[0].Position != 6 {
			t.Errorf("the first is gone: %v", r.Faults)
		}
		l.exec(`DELETE FROM audit_events WHERE position >= 5 AND ` + a)
		if r := part(); len(r.Faults) != 1 || r.Faults[0].Position < 5 {
			t.Errorf("all are gone: %v", r.Faults)
		}
	})
}
