package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/migrate"

	"github.com/curfew-id/curfew/migrations"
)

// Errors that callers decide on.
var (
	// ErrNotFound: there is no such row.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the row changed meanwhile, or its unique value is taken.
	ErrConflict = errors.New("conflict")
)

// Store is the database. Its methods are safe for concurrent use; a Store handed to the function of Tx is bound to that
// transaction and must not leave it.
type Store struct {
	db      bun.IDB // the pool, or the transaction
	root    *bun.DB
	hot     *hotLanes
	dialect dialect
	bell    *bell
	ended   *bool // set in a transaction that ended sessions, or owes what should be sent at once
	seen    *seenFunc
	moved   *bool // set in a transaction that moved an epoch
	// of this process
	exclusive *exclusive
	last      *[]func(context.Context, *Store) error // of a transaction, see BeforeCommit
}

// Option changes how a database is opened.
type Option func(*options)

type options struct {
	connections int
	unflushed   bool
}

// MaxConnections bounds the connections to PostgreSQL, at least 2; 0 means eight for each processor.
func MaxConnections(n int) Option { return func(o *options) { o.connections = n } }

// Unflushed leaves it to the machine when a commit to SQLite reaches the disk, for tests: it survives the end of the process,
// not that of the machine. PostgreSQL decides by its own settings.
func Unflushed() Option { return func(o *options) { o.unflushed = true } }

// Open connects to a database: a postgres:// URL, or the path of an SQLite file. It does not migrate.
func Open(ctx context.Context, url string, opts ...Option) (*Store, error) {
	o := options{}
	for _, set := range opts {
		set(&o)
	}
	var d dialect
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		d = &postgres{url: url, connections: o.connections}
	} else {
		d = &sqlite{path: strings.TrimPrefix(url, "sqlite:"), unflushed: o.unflushed}
	}
	root, err := d.open()
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := root.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("reach database: %w", err), root.Close(), d.close())
	}
	s := &Store{db: root, root: root, dialect: d, bell: newBell(), seen: new(seenFunc),
		exclusive: &exclusive{held: map[string]bool{}}}
	s.hot = newHotLanes(d)
	return s, nil
}

// Close gives the connections back.
func (s *Store) Close() error {
	return errors.Join(s.root.Close(), s.dialect.close())
}

// Ping asks the database for a sign of life.
func (s *Store) Ping(ctx context.Context) error { return s.root.PingContext(ctx) }

// Tx runs fn in one transaction: committed when fn returns nil, otherwise rolled back. It is run again when the
// database chose it as the victim of a deadlock, so fn must not have effects outside the transaction. A Tx inside a Tx
// joins it.
func (s *Store) Tx(ctx context.Context, fn func(tx *Store) error) error {
	if s.inTx() {
		return fn(s)
	}
	for try := 0; ; try++ {
		ended, moved := false, false
		err := s.root.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
			bound := &Store{db: tx, root: s.root, hot: s.hot, dialect: s.dialect, bell: s.bell, ended: &ended,
				moved: &moved, exclusive: s.exclusive, seen: s.seen, last: new([]func(context.Context, *Store) error)}
			if err := fn(bound); err != nil {
				return err
			}
			bound.alongside(ctx)
			return bound.settle(ctx)
		})
		if err == nil && ended {
			s.ring(moved)
		}
		if err == nil || try == 3 || !s.dialect.transient(err) {
			return err
		}
	}
}

func (s *Store) inTx() bool { return s.db != bun.IDB(s.root) }

// Migrate brings the schema to the newest number and returns the names of what it applied. Replicas that start
// together wait for one another.
func (s *Store) Migrate(ctx context.Context) (applied []string, err error) {
	unlock, err := s.dialect.lockMigrations(ctx)
	if err != nil {
		return nil, fmt.Errorf("lock migrations: %w", err)
	}
	defer unlock()
	m, err := s.migrator()
	if err != nil {
		return nil, err
	}
	if err := m.Init(ctx); err != nil {
		return nil, fmt.Errorf("prepare migrations: %w", err)
	}
	group, err := m.Migrate(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	for _, g := range group.Migrations {
		applied = append(applied, g.Name+"_"+g.Comment)
	}
	if len(applied) > 0 {
		err = wrap(s.dialect.migrated(ctx, s.root), "settle after migrations")
	}
	return applied, err
}

// Pending returns the names of migrations that have not been applied.
func (s *Store) Pending(ctx context.Context) (names []string, err error) {
	m, err := s.migrator()
	if err != nil {
		return nil, err
	}
	all, err := m.MigrationsWithStatus(ctx)
	if err != nil && s.dialect.missingTable(err) { // a database that has never seen one
		found := migrate.NewMigrations()
		if err = found.Discover(migrations.Files); err == nil {
			all = found.Sorted()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	for _, g := range all.Unapplied() {
		names = append(names, g.Name+"_"+g.Comment)
	}
	return names, nil
}

func (s *Store) migrator() (*migrate.Migrator, error) {
	found := migrate.NewMigrations()
	if err := found.Discover(migrations.Files); err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return migrate.NewMigrator(s.root, found, migrate.WithTableName("migrations"),
		migrate.WithLocksTableName("migration_locks"), migrate.WithMarkAppliedOnSuccess(true)), nil
}

// found turns "no row" into ErrNotFound and names what was being read in every other error.
func found(err error, what string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return wrap(err, what)
}

func wrap(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// inserted names what was being written, and turns a taken unique value into ErrConflict.
func (s *Store) inserted(err error, what string) error {
	if err != nil && s.dialect.duplicate(err) {
		return ErrConflict
	}
	return wrap(err, what)
}

// changed returns ErrNotFound when a statement met no row.
func changed(res sql.Result, err error, what string) error {
	if err != nil {
		return wrap(err, what)
	}
	if n, err := res.RowsAffected(); err == nil && n == 0 {
		return ErrNotFound
	}
	return nil
}
