package logout_test

import (
	"database/sql"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/pgtest"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// crowd is a database with as many users as sessions, in each of which two of twenty applications take part.
type crowd struct {
	testing.TB
	*logout.Door
	store *storage.Store
	clock *clock.Fake
	db    *sql.DB
	made  int
}

// eachCrowd runs fn on both engines.
func eachCrowd(run func(name string, fn func(testing.TB)), fn func(*crowd)) {
	run("sqlite", func(tb testing.TB) { fn(newCrowd(tb, "sqlite", storagetest.SQLite(tb))) })
	run("postgres", func(tb testing.TB) { fn(newCrowd(tb, "pgx", pgtest.New(tb))) })
}

func newCrowd(tb testing.TB, driver, url string) *crowd {
	tb.Helper()
	c := &crowd{TB: tb, store: storagetest.Open(tb, url), clock: clock.NewFake(start)}
	var err error
	c.db, err = sql.Open(driver, url)
	c.must(err)
	tb.Cleanup(func() { _ = c.db.Close() })
	if driver == "sqlite" {
		_, err := c.db.ExecContext(tb.Context(), `PRAGMA busy_timeout = 10000`)
		c.must(err)
	}
	clients := client.NewRegistry(c.store, c.clock)
	for i := range 20 {
		_, _, err := clients.Register(tb.Context(), c.store, fmt.Sprintf("app%d", i), client.Metadata{
			RedirectURIs: []string{"https://rp.example.com/cb"}, BackchannelLogoutURI: "https://rp.example.com/backchannel"})
		c.must(err)
	}
	c.Door = logout.NewDoor(c.store, clients, c.clock)
	return c
}

func (c *crowd) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// add makes n sessions under the present epochs.
func (c *crowd) add(n int) {
	c.Helper()
	at := c.clock.Now().UnixMicro()
	const numbers = `WITH RECURSIVE n (i) AS (SELECT %[1]d + 1 UNION ALL SELECT i + 1 FROM n WHERE i < %[1]d + %[2]d) `
	for _, statement := range []string{
		`INSERT INTO users (id, status, created_at, updated_at) ` + numbers + `SELECT 'usr_' || i, 'active', %[3]d, %[3]d FROM n`,
		`INSERT INTO sessions (user_id, id, kind, status, user_epoch, realm_epoch, authenticated_at, created_at, last_active_at, idle_ttl,
			expires_at) ` + numbers + `SELECT 'usr_' || i, 'ses_' || i, 'browser', 'active', 0, (SELECT epoch FROM realm), %[3]d, %[3]d, %[3]d,
			3600000000, %[3]d + 86400000000 FROM n`,
		`INSERT INTO client_sessions (user_id, session_id, client_id, client_epoch, first_token_at) ` + numbers +
			`SELECT 'usr_' || i, 'ses_' || i, 'app' || (i %% 10 * 2 + m), 0, %[3]d FROM n, (SELECT 0 AS m UNION ALL SELECT 1) t`,
		`INSERT INTO token_families (user_id, id, session_id, client_id, client_epoch, scope, generation, rotated_at, created_at) ` +
			numbers + `SELECT 'usr_' || i, 'fam_' || i, 'ses_' || i, 'app' || (i %% 10 * 2), 0, 'openid', 1, %[3]d, %[3]d FROM n`,
		`INSERT INTO session_dues (session_id, due_at) ` + numbers + `SELECT 'ses_' || i, %[3]d + 3600000000 FROM n`,
	} {
		_, err := c.db.ExecContext(c.Context(), fmt.Sprintf(statement, c.made, n, at))
		c.must(err)
	}
	c.made += n
	if c.made < 100 {
		return // SQLite's connections would keep what was true of a handful of rows, and scan
	}
	_, err := c.db.ExecContext(c.Context(), "ANALYZE")
	c.must(err)
}

// BenchmarkEnd ends sessions one by one and five hundred at once: time, and processor time of this process, for each.
func BenchmarkEnd(b *testing.B) {
	run := func(name string, fn func(testing.TB)) {
		b.Run(name, func(b *testing.B) { fn(b) })
	}
	eachCrowd(run, func(c *crowd) {
		b := c.TB.(*testing.B)
		b.Run("1", func(b *testing.B) {
			first := c.made
			c.add(b.N)
			b.ResetTimer()
			used := processor()
			for i := range b.N {
				_, err := c.End(b.Context(), c.store, &storage.Session{UserID: fmt.Sprintf("usr_%d", first+i+1),
					ID: fmt.Sprintf("ses_%d", first+i+1), Kind: storage.KindBrowser}, revoked)
				c.must(err)
			}
			b.ReportMetric(float64((processor()-used).Microseconds())/float64(b.N), "cpu-us/session")
		})
		b.Run("500", func(b *testing.B) {
			var used time.Duration
			for range b.N {
				b.StopTimer()
				c.add(500)
				c.must(c.EndAll(b.Context(), c.store, revoked))
				before := processor()
				b.StartTimer()
				if n, err := c.Sweep(b.Context(), 2000); err != nil || n != 500 {
					b.Fatalf("swept %d, %v", n, err)
				}
				used += processor() - before
			}
			b.ReportMetric(float64(used.Microseconds())/float64(b.N*500), "cpu-us/session")
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*500), "us/session")
		})
	})
}

// processor is the time that this process has spent on one.
func processor() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
