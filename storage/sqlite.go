package storage

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	sqlitedriver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/curfew-id/curfew/internal/clock"
)

// PostgreSQL's collation of bytes, by the name that migrations know it by. SQLite's own is the same under another name.
func init() { sqlitedriver.MustRegisterCollationUtf8("C", strings.Compare) }

// sqlite is one file that one process opens. Every transaction takes the write lock when it begins, so that none fails
// half-way because another was faster.
type sqlite struct {
	path       string
	unflushed  bool
	db         *sql.DB
	migrations sync.Mutex
}

func (d *sqlite) open() (_ *bun.DB, err error) {
	synchronous := "synchronous(FULL)"
	if d.unflushed {
		synchronous = "synchronous(OFF)"
	}
	q := url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", synchronous, "foreign_keys(1)"},
		"_txlock": {"immediate"}}
	dsn := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: d.path}).EscapedPath(), RawQuery: q.Encode()}).String()
	if d.db, err = sql.Open("sqlite", dsn); err != nil {
		return nil, err
	}
	limitPool(d.db, 8)
	return bun.NewDB(d.db, sqlitedialect.New(), olderThanSchema), nil
}

func (d *sqlite) close() error { return nil }

func (d *sqlite) now(context.Context) (time.Time, error) { return clock.System{}.Now(), nil }

func (d *sqlite) clientVersions(ctx context.Context, asked []*versionAsk) error {
	for _, a := range asked {
		err := d.db.QueryRowContext(ctx, `SELECT version FROM clients WHERE id = ?`, a.clientID).Scan(&a.version)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	return nil
}

func (d *sqlite) transient(err error) bool {
	var e *sqlitedriver.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
}

func (d *sqlite) duplicate(err error) bool {
	var e *sqlitedriver.Error
	return errors.As(err, &e) &&
		(e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

func (d *sqlite) missingTable(err error) bool {
	return err != nil && strings.Contains(err.Error(), "no such table") // SQLite has no code of its own for it
}

// One process opens the file, so there is nobody else to have it.
func (d *sqlite) tryLock(context.Context, string) (func(), bool, error) { return func() {}, true, nil }

func (d *sqlite) lockMigrations(context.Context) (func(), error) {
	d.migrations.Lock()
	return d.migrations.Unlock, nil
}

func (d *sqlite) migrated(context.Context, *bun.DB) error { return nil }

var sqliteLive = `s.status = 'active' AND s.expires_at > ?3
	AND s.last_active_at + s.idle_ttl > ?3 AND s.user_epoch = u.epoch AND u.status = 'active'
	AND s.realm_epoch = (SELECT epoch FROM realm WHERE id = 1) AND ` + notEndedWithClient + `
	AND ` + actorLive("s.actor_sub", "s.actor_session_id", "?3") + ` AND ` + liveGrant("?3")

var sqliteRead = `SELECT ` + grantColumns + `, (` + sqliteLive + `) FROM ` + grantTables + `
	WHERE f.user_id = ?1 AND f.id = ?2`

var sqliteRotate = `UPDATE token_families SET generation = ?4 + 1, rotated_at = ?3
	WHERE user_id = ?1 AND id = ?2 AND client_id = ?5 AND ?4 >= generation AND EXISTS
	(SELECT 1 FROM ` + grantTables + ` WHERE f.user_id = ?1 AND f.id = ?2 AND ` + sqliteLive + `)`

func (d *sqlite) refresh(ctx context.Context, now time.Time, asked []*refreshAsk) error {
	if !asked[0].rotate {
		return d.readGrants(ctx, d.db.QueryRowContext, now, asked)
	}
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err := d.readGrants(ctx, tx.QueryRowContext, now, asked); err != nil {
		return err
	}
	for _, a := range asked {
		res, err := tx.ExecContext(ctx, sqliteRotate, a.userID, a.familyID, now.UnixMicro(), a.presented, a.clientID)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return err
		}
		a.grant.Rotated = n > 0
	}
	return tx.Commit()
}

func (d *sqlite) readGrants(ctx context.Context, queryRow func(context.Context, string, ...any) *sql.Row,
	now time.Time, asked []*refreshAsk) error {
	for _, a := range asked {
		var g Grant
		err := scanGrant(queryRow(ctx, sqliteRead, a.userID, a.familyID, now.UnixMicro()).Scan, &g)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		a.grant, a.err = g, nil
	}
	return nil
}

func (d *sqlite) touch(ctx context.Context, seen []Activity, now time.Time) error {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, a := range seen {
		if _, err := tx.ExecContext(ctx, `UPDATE sessions SET last_active_at = ?3, longest_pause = MAX(longest_pause, ?3 - last_active_at)
			WHERE user_id = ?1 AND id = ?2
			AND status = 'active' AND last_active_at < ?3 AND last_active_at + idle_ttl > ?4`,
			a.UserID, a.SessionID, a.At.UnixMicro(), now.UnixMicro()); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// One process opens the file, so there is nobody else to wake.
func (d *sqlite) ringEnds(context.Context) error { return nil }

func (d *sqlite) hearEnds(ctx context.Context, _ func()) error {
	<-ctx.Done()
	return nil
}

// One statement is one writer, so nothing need be locked. There is no LATERAL; a list that depends on the row does the same.
const sqliteClaimDeliveries = dueLanes + `, candidates AS (
		SELECT id FROM (
			SELECT x.id, x.next_at, l.failures, row_number() OVER (PARTITION BY l.receiver ORDER BY x.next_at, x.id) AS n
			FROM lanes l CROSS JOIN deliveries x ON x.id IN (SELECT id FROM (` + dueInLane + `))) c
		WHERE failures IS NULL OR n = 1 ORDER BY next_at, id LIMIT ?5
	) UPDATE deliveries SET attempts = attempts + 1, next_at = ?2, claimed_until = ?2
	WHERE id IN (SELECT id FROM candidates) RETURNING *`

func (d *sqlite) skipLocked() string { return "" }

func (d *sqlite) lockRow() string { return "" }

func (d *sqlite) claimDeliveries() string { return sqliteClaimDeliveries }
