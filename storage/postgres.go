package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// postgres holds two pools. The first is everybody's; bun writes arguments into the SQL text, which pgx then sends
// unprepared. The second is for the few hot statements: prepared, and with synchronous_commit off, because what they
// write (a generation, a last activity) may be lost in a crash without breaking a promise.
type postgres struct {
	url         string
	connections int
	hot         *sql.DB
	locks       pgLocks
}

func (d *postgres) open() (*bun.DB, error) {
	cfg, err := pgx.ParseConfig(d.url)
	if err != nil {
		return nil, errors.New("database.url is not a PostgreSQL URL") // pgx repeats the URL, password and all
	}
	cfg.RuntimeParams["application_name"] = "curfew"
	// Session state is read as the primary has it now, in read committed, whatever the server's default.
	cfg.RuntimeParams["default_transaction_isolation"] = "read committed"
	cfg.RuntimeParams["idle_in_transaction_session_timeout"] = "10s"
	cfg.ConnectTimeout = 5 * time.Second
	pool := stdlib.OpenDB(*cfg)
	all := d.connections
	if all == 0 {
		all = 8 * runtime.NumCPU()
	}
	hot := min(2*laneWidth+4, all/2)
	limitPool(pool, all-hot)

	fast := cfg.Copy()
	fast.RuntimeParams["synchronous_commit"] = "off"
	// The hot statements find every row by a key, however many: planning them anew for their arguments gains nothing.
	fast.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	d.hot = stdlib.OpenDB(*fast)
	limitPool(d.hot, hot)
	return bun.NewDB(pool, pgdialect.New(), olderThanSchema), nil
}

func limitPool(p *sql.DB, n int) {
	p.SetMaxOpenConns(n)
	p.SetMaxIdleConns(n)
	p.SetConnMaxIdleTime(5 * time.Minute)
}

func (d *postgres) close() error { return errors.Join(d.hot.Close(), d.locks.close()) }

func (d *postgres) now(ctx context.Context) (t time.Time, err error) {
	err = d.hot.QueryRowContext(ctx, `SELECT clock_timestamp()`).Scan(&t)
	return t, err
}

func (d *postgres) clientVersions(ctx context.Context, asked []*versionAsk) error {
	return d.onHot(ctx, func(c *pgx.Conn) error {
		ids := make([]string, len(asked))
		for i, a := range asked {
			ids[i] = a.clientID
		}
		rows, err := c.Query(ctx, `SELECT a.n, c.version FROM unnest($1::text[]) WITH ORDINALITY AS a (id, n)
			JOIN clients c ON c.id = a.id`, ids)
		if err != nil {
			return err
		}
		defer rows.Close()
		var n, version int64
		for rows.Next() {
			if err := rows.Scan(&n, &version); err != nil {
				return err
			}
			asked[n-1].version = version
		}
		return rows.Err()
	})
}

// onHot lends a connection for hot statements as pgx has it: a third of the price of database/sql for each row.
func (d *postgres) onHot(ctx context.Context, fn func(c *pgx.Conn) error) error {
	conn, err := d.hot.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driver any) error { return fn(driver.(*stdlib.Conn).Conn()) })
}

func (d *postgres) tryLock(ctx context.Context, name string) (func(), bool, error) {
	return d.locks.try(ctx, d.url, name)
}

func (d *postgres) transient(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40P01" || pg.Code == "40001") || // deadlock, serialization failure
		pgconn.SafeToRetry(err) // the connection was gone before anything was sent
}

func (d *postgres) duplicate(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505"
}

func (d *postgres) missingTable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "42P01"
}

// lockMigrations takes an advisory lock on a connection of its own. The lock guards only the order of starting
// replicas; the migrations themselves do not depend on it being a PostgreSQL lock.
func (d *postgres) lockMigrations(ctx context.Context) (func(), error) {
	conn, err := d.hot.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock(4849271)`); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return func() {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(4849271)`)
		_ = conn.Close()
	}, nil
}

// migrated leaves room in the pages of the tables whose rows change all the time, so that a new version of a row stays in
// its page and no index has to be written (HOT). SQLite has no such setting, and so it is in no migration.
func (d *postgres) migrated(ctx context.Context, db *bun.DB) error {
	for _, table := range []string{"sessions", "token_families"} {
		if _, err := db.ExecContext(ctx, `ALTER TABLE `+table+` SET (fillfactor = 80)`); err != nil {
			return err
		}
	}
	return nil
}

var pgLive = `s.status = 'active' AND s.expires_at > $3
	AND s.last_active_at + s.idle_ttl > $3 AND s.user_epoch = u.epoch AND u.status = 'active'
	AND s.realm_epoch = (SELECT epoch FROM realm WHERE id = 1) AND ` + notEndedWithClient + `
	AND ` + actorLive("s.actor_sub", "s.actor_session_id", "$3") + ` AND ` + liveGrant("$3")

// a.n is the place of the ask in the arrays, so that what is known of it need not come back.
const pgGrant = `a.n, f.session_id, s.kind, f.client_id, c.version, u.version, f.scope, f.claims, f.generation, f.rotated_at,
	s.acr, s.amr, s.authenticated_at, s.expires_at, s.last_active_at, s.idle_ttl, s.longest_pause,
	(SELECT templates_version FROM realm WHERE id = 1), ` + grantActor

var pgRead = `SELECT ` + pgGrant + `, (` + pgLive + `)
	FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS a (user_id, id, n)
	JOIN ` + grantTables + ` ON f.user_id = a.user_id AND f.id = a.id`

// The UPDATE tests the generation in the row it locks: of two replicas that present the same one, the second waits for
// the first, sees the moved generation and changes nothing.
var pgRotate = `UPDATE token_families f SET generation = a.presented + 1, rotated_at = $3
	FROM unnest($1::text[], $2::text[], $4::bigint[], $5::text[]) WITH ORDINALITY AS a (user_id, id, presented, asked_by, n),
		sessions s, users u, clients c
	WHERE f.user_id = a.user_id AND f.id = a.id AND f.client_id = a.asked_by AND a.presented >= f.generation
		AND s.user_id = f.user_id AND s.id = f.session_id AND u.id = f.user_id AND c.id = f.client_id AND ` + pgLive + `
	RETURNING ` + pgGrant + `, true`

// refresh answers a batch in one statement. What did not rotate, because it is old or dead, is read in a second one.
func (d *postgres) refresh(ctx context.Context, now time.Time, asked []*refreshAsk) error {
	return d.onHot(ctx, func(c *pgx.Conn) error {
		users, families := make([]string, len(asked)), make([]string, len(asked))
		for i, a := range asked {
			users[i], families[i] = a.userID, a.familyID
		}
		if !asked[0].rotate {
			return pgGrants(ctx, c, asked, pgRead, users, families, now.UnixMicro())
		}
		presented, clients := make([]int64, len(asked)), make([]string, len(asked))
		for i, a := range asked {
			presented[i], clients[i] = a.presented, a.clientID
		}
		if err := pgGrants(ctx, c, asked, pgRotate, users, families, now.UnixMicro(), presented, clients); err != nil {
			return err
		}
		var rest []*refreshAsk
		users, families = users[:0], families[:0]
		for _, a := range asked {
			if a.grant.Rotated = a.err == nil; !a.grant.Rotated {
				rest, users, families = append(rest, a), append(users, a.userID), append(families, a.familyID)
			}
		}
		if len(rest) == 0 {
			return nil
		}
		return pgGrants(ctx, c, rest, pgRead, users, families, now.UnixMicro())
	})
}

// pgGrants runs one of the two statements and gives each ask its row; those without one keep their error.
func pgGrants(ctx context.Context, c *pgx.Conn, asked []*refreshAsk, query string, args ...any) error {
	rows, err := c.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var n, rotated, authenticated, expires, active, idle, pause int64
	var g Grant
	dst := []any{&n, &g.SessionID, &g.SessionKind, &g.ClientID, &g.ClientVersion, &g.UserVersion, &g.Scope, &g.Claims,
		&g.Generation, &rotated, &g.ACR, &g.AMR, &authenticated, &expires, &active, &idle, &pause, &g.TemplatesVersion,
		&g.ActorSub, &g.ActorSessionID, &g.Live}
	for rows.Next() {
		if err := rows.Scan(dst...); err != nil {
			return err
		}
		a := asked[n-1]
		g.UserID, g.FamilyID = a.userID, a.familyID
		g.setTimes(rotated, authenticated, expires, active, idle, pause)
		a.grant, a.err = g, nil
	}
	return rows.Err()
}

func (d *postgres) touch(ctx context.Context, seen []Activity, now time.Time) error {
	users, sessions, ats := make([]string, len(seen)), make([]string, len(seen)), make([]int64, len(seen))
	for i, a := range seen {
		users[i], sessions[i], ats[i] = a.UserID, a.SessionID, a.At.UnixMicro()
	}
	_, err := d.hot.ExecContext(ctx, `UPDATE sessions s SET last_active_at = a.at, longest_pause = GREATEST(s.longest_pause, a.at - s.last_active_at)
		FROM unnest($1::text[], $2::text[], $3::bigint[]) AS a (user_id, id, at)
		WHERE s.user_id = a.user_id AND s.id = a.id AND s.status = 'active' AND s.last_active_at < a.at
		AND s.last_active_at + s.idle_ttl > $4`, users, sessions, ats, now.UnixMicro())
	if err != nil {
		return fmt.Errorf("write %d rows: %w", len(seen), err)
	}
	return nil
}

const endsChannel = "curfew_session_ends"

func (d *postgres) ringEnds(ctx context.Context) error {
	_, err := d.hot.ExecContext(ctx, `SELECT pg_notify($1, '')`, endsChannel)
	return err
}

// hearEnds has a connection of its own, as LISTEN belongs to one.
func (d *postgres) hearEnds(ctx context.Context, wake func()) error {
	cfg, err := pgx.ParseConfig(d.url)
	if err != nil {
		return errors.New("database.url is not a PostgreSQL URL")
	}
	cfg.RuntimeParams["application_name"] = "curfew listener"
	cfg.ConnectTimeout = 5 * time.Second
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	_, err = conn.Exec(ctx, "LISTEN "+endsChannel)
	for err == nil {
		wake() // at first for what was missed until now
		_, err = conn.WaitForNotification(ctx)
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Candidates are found without a lock; the lock is then taken on just those, whatever another replica holds is skipped,
// and what it took meanwhile is seen by testing next_at once more in the row as it is locked.
const pgClaimDeliveries = dueLanes + `, candidates AS MATERIALIZED (
		SELECT id FROM (
			SELECT x.id, x.next_at, l.failures, row_number() OVER (PARTITION BY l.receiver ORDER BY x.next_at, x.id) AS n
			FROM lanes l CROSS JOIN LATERAL (` + dueInLane + `) x) c
		WHERE failures IS NULL OR n = 1 ORDER BY next_at, id LIMIT ?5
	), mine AS MATERIALIZED (
		SELECT m.id FROM deliveries m WHERE m.id = ANY (ARRAY(SELECT id FROM candidates)) AND m.settled_at IS NULL
			AND m.next_at <= ?1 FOR UPDATE SKIP LOCKED
	) UPDATE deliveries SET attempts = attempts + 1, next_at = ?2, claimed_until = ?2
	WHERE id = ANY (ARRAY(SELECT id FROM mine)) RETURNING *`

func (d *postgres) skipLocked() string { return "UPDATE SKIP LOCKED" }

// The key stays what it is, so rows that refer to it can be written meanwhile.
func (d *postgres) lockRow() string { return " FOR NO KEY UPDATE" }

func (d *postgres) claimDeliveries() string { return pgClaimDeliveries }
