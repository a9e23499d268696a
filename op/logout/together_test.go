package logout_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/pgtest"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// number asks the database for one.
func (c *crowd) number(query string) (n int) {
	c.Helper()
	c.must(c.db.QueryRowContext(context.Background(), query).Scan(&n))
	return n
}

// wantEnded checks that so many sessions have ended, each wholly and once, and that nothing is there of any other.
func (c *crowd) wantEnded(n int) {
	c.Helper()
	for query, want := range map[string]int{
		`SELECT count(*) FROM sessions WHERE status <> 'active' AND ended_at IS NOT NULL`:  n,
		`SELECT count(*) FROM token_families WHERE revoked_at IS NOT NULL`:                 n,
		`SELECT count(*) FROM audit_events WHERE kind = 'session.ended'`:                   n,
		`SELECT count(DISTINCT session_id) FROM audit_events WHERE kind = 'session.ended'`: n,
		`SELECT count(*) FROM session_ends WHERE session_id <> '' AND client_ids <> '[]'`:  n,
		`SELECT count(DISTINCT session_id) FROM session_ends WHERE session_id <> ''`:       n,
		`SELECT count(*) FROM deliveries`:                                                  2 * n,
		`SELECT count(*) FROM (SELECT DISTINCT session_id, receiver FROM deliveries) d`:    2 * n,
		`SELECT count(*) FROM sessions s JOIN audit_events a ON a.session_id = s.id AND a.kind = 'session.ended' AND a.actor = s.ended_by
			JOIN session_ends e ON e.session_id = s.id AND e.reason = s.end_reason WHERE s.status <> 'active'`: n,
	} {
		if got := c.number(query); got != want {
			c.Errorf("%d, want %d: %s", got, want, query)
		}
	}
}

// wantNoHalves checks in one look, since transactions that were broken off may yet turn out to have committed, that each session has
// ended wholly and once or not at all.
func (c *crowd) wantNoHalves() {
	c.Helper()
	if n := c.number(`SELECT count(*) FROM (SELECT id, CASE WHEN status = 'active' THEN 0 ELSE 1 END AS over FROM sessions) s
		LEFT JOIN (SELECT session_id, count(*) AS n FROM audit_events WHERE kind = 'session.ended' GROUP BY session_id) a ON a.session_id = s.id
		LEFT JOIN (SELECT session_id, count(*) AS n FROM deliveries GROUP BY session_id) d ON d.session_id = s.id
		LEFT JOIN (SELECT session_id, count(*) AS n FROM session_ends GROUP BY session_id) e ON e.session_id = s.id
		LEFT JOIN (SELECT session_id, count(revoked_at) AS n FROM token_families GROUP BY session_id) f ON f.session_id = s.id
		WHERE COALESCE(a.n, 0) <> over OR COALESCE(d.n, 0) <> 2 * over OR COALESCE(e.n, 0) <> over OR COALESCE(f.n, 0) <> over`); n != 0 {
		c.Errorf("%d sessions are half-way", n)
	}
}

func (c *crowd) row(i int) *storage.Session {
	return &storage.Session{UserID: fmt.Sprintf("usr_%d", i), ID: fmt.Sprintf("ses_%d", i), Kind: storage.KindBrowser}
}

func crowds(t *testing.T, fn func(*crowd)) {
	eachCrowd(func(name string, fn func(testing.TB)) { t.Run(name, func(t *testing.T) { fn(t) }) }, fn)
}

var allEnded = logout.Cause{Status: storage.StatusRevoked, Reason: logout.AllEnded, By: "cli"}

// Some sessions of a batch are ended by others at the same moment, one by one and in a batch of their own: each ends once, by one
// of them, and nobody is turned away.
func TestEndTogetherAgainstOthers(t *testing.T) {
	crowds(t, func(c *crowd) {
		const n = 120
		c.add(n)
		c.must(c.EndAll(t.Context(), c.store, allEnded))
		var all sync.WaitGroup
		begin := make(chan struct{})
		race := func(fn func() error) {
			all.Go(func() {
				<-begin
				if err := fn(); err != nil {
					t.Error(err)
				}
			})
		}
		for i := range 20 {
			race(func() error { _, err := c.End(t.Context(), c.store, c.row(6*i+1), revoked); return err })
		}
		race(func() error {
			var half []logout.Ending
			for i := range n / 2 { // the other way round than the sweep
				half = append(half, logout.Ending{Session: c.row(2*i + 1), Cause: revoked})
			}
			_, err := c.EndTogether(t.Context(), c.store, half)
			return err
		})
		race(func() error { _, err := c.Sweep(t.Context(), 1000); return err })
		race(func() error { _, err := c.Sweep(t.Context(), 1000); return err })
		close(begin)
		all.Wait()
		c.wantEnded(n)
	})
}

// A batch is ended wholly or not at all: of one in which something fails at last nothing is left, and it can be done again.
func TestEndTogetherIsAtomic(t *testing.T) {
	crowds(t, func(c *crowd) {
		c.add(300)
		var all []logout.Ending
		for i := range 300 {
			all = append(all, logout.Ending{Session: c.row(i + 1), Cause: revoked})
		}
		if err := c.store.Tx(t.Context(), func(tx *storage.Store) error {
			if ended, err := c.EndTogether(t.Context(), tx, all); err != nil || len(ended) != 300 {
				t.Errorf("%d ended, %v", len(ended), err)
			}
			return storage.ErrConflict
		}); err == nil {
			t.Fatal("committed")
		}
		c.wantEnded(0)
		if ended, err := c.EndTogether(t.Context(), c.store, all); err != nil || len(ended) != 300 || ended[7].ID != "ses_8" ||
			ended[7].Status != storage.StatusRevoked || !ended[7].EndedAt.Equal(start) {
			t.Errorf("%d ended, %v", len(ended), err)
		}
		if ended, err := c.EndTogether(t.Context(), c.store, all); err != nil || len(ended) != 0 {
			t.Errorf("%d ended again, %v", len(ended), err)
		}
		c.wantEnded(300)
	})
}

// A sweep that is broken off again and again leaves no session half-way and loses none.
func TestSweepBrokenOff(t *testing.T) {
	crowds(t, func(c *crowd) {
		const n = 1500
		c.add(n)
		c.must(c.EndAll(t.Context(), c.store, allEnded))
		broken := 0
		for wait := 20 * time.Millisecond; ; wait += wait / 2 {
			ctx, cancel := context.WithTimeout(t.Context(), wait)
			if wait > time.Minute {
				t.Fatal("it never ends")
			}
			_, err := c.Sweep(ctx, 2*n)
			cancel()
			if err == nil {
				break
			}
			broken++
			c.wantNoHalves()
		}
		if broken == 0 {
			t.Error("never broken off: nothing was proved")
		}
		t.Logf("broken off %d times", broken)
		c.wantEnded(n)
	})
}

// The same when the database cuts all connections in the middle.
func TestSweepCutOff(t *testing.T) {
	onPostgres(t, func(c *crowd, _ string) {
		const n = 3000
		c.add(n)
		c.must(c.EndAll(t.Context(), c.store, allEnded))
		swept := make(chan error, 1)
		go func() { _, err := c.Sweep(t.Context(), n); swept <- err }()
		for c.number(`SELECT count(*) FROM sessions WHERE status <> 'active'`) == 0 {
			time.Sleep(time.Millisecond)
		}
		c.number(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'curfew' AND datname = current_database()`)
		err := <-swept
		t.Logf("cut off after %d of %d: %v", c.number(`SELECT count(*) FROM sessions WHERE status <> 'active'`), n, err)
		c.wantNoHalves()
		for again := range 10 { // connections that are dead are found out
			if _, err := c.Sweep(t.Context(), n); err == nil {
				break
			} else if again == 9 {
				t.Fatal(err)
			}
		}
		c.wantEnded(n)
	})
}

// Two replicas that sweep at once, because one has lost the lock without knowing, end each session once.
func TestTwoReplicasSweep(t *testing.T) {
	onPostgres(t, func(c *crowd, url string) {
		const n = 2000
		c.add(n)
		c.must(c.EndAll(t.Context(), c.store, allEnded))
		store := storagetest.Open(t, url)
		other := logout.NewDoor(store, client.NewRegistry(store, c.clock), c.clock)
		var both sync.WaitGroup
		for _, door := range []*logout.Door{c.Door, other} {
			both.Go(func() {
				for {
					met, err := door.Sweep(t.Context(), 700)
					if err != nil {
						t.Error(err)
					}
					if err != nil || met == 0 {
						return
					}
				}
			})
		}
		both.Wait()
		c.wantEnded(n)
	})
}

// A session whose row somebody holds keeps none of the others waiting, and is ended when it is let go.
func TestSweepPassesOverWhatIsHeld(t *testing.T) {
	onPostgres(t, func(c *crowd, _ string) {
		const n = 600
		c.add(n)
		c.must(c.EndAll(t.Context(), c.store, allEnded))
		tx, err := c.db.BeginTx(t.Context(), nil)
		c.must(err)
		defer func() { _ = tx.Rollback() }()
		_, err = tx.ExecContext(t.Context(), `UPDATE sessions SET last_active_at = last_active_at + 1 WHERE id = 'ses_300'`)
		c.must(err)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if _, err := c.Sweep(ctx, n); err == nil {
			t.Error("it did not wait for the one that is held")
		}
		c.wantEnded(n - 1)
		c.must(tx.Commit())
		if met, err := c.Sweep(t.Context(), n); err != nil || met != 1 {
			t.Errorf("met %d, %v", met, err)
		}
		c.wantEnded(n)
	})
}

func onPostgres(t *testing.T, fn func(c *crowd, url string)) {
	url := pgtest.New(t)
	fn(newCrowd(t, "pgx", url), url)
}

// An end without applications says so by a list without any, as a reader of the audit expects.
func TestEndWithoutClients(t *testing.T) {
	crowds(t, func(c *crowd) {
		c.add(1)
		_, err := c.db.ExecContext(t.Context(), `DELETE FROM client_sessions`)
		c.must(err)
		_, err = c.End(t.Context(), c.store, c.row(1), revoked)
		c.must(err)
		if n := c.number(`SELECT count(*) FROM audit_events WHERE kind = 'session.ended' AND data LIKE '%"clients":[]%'`); n != 1 {
			t.Errorf("%d events with an empty list", n)
		}
	})
}
