package storage

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// lockSpace is the first half of the advisory locks' numbers, so that they are nobody else's.
const lockSpace = 4849271

// lockWithin bounds what is asked on the connection of the locks; one that takes longer is given up, and its locks with it.
const lockWithin = 5 * time.Second

// pgLocks holds advisory locks on one connection of its own. PostgreSQL gives them back when the connection ends, however the
// process that held them did.
type pgLocks struct {
	mu   sync.Mutex
	conn *pgx.Conn // nil until the first lock, and after a failure
}

func (l *pgLocks) try(ctx context.Context, url, name string) (unlock func(), ok bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, lockWithin)
	defer cancel()
	// A connection that has died since is noticed only now: once more, with a new one.
	for try := 0; try < 2; try++ {
		if err = l.connect(ctx, url); err != nil {
			return nil, false, err
		}
		conn := l.conn
		if err = conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1, hashtext($2))`, lockSpace, name).Scan(&ok); err == nil {
			return func() { l.unlock(ctx, conn, name) }, ok, nil
		}
		l.drop(conn)
	}
	return nil, false, err
}

func (l *pgLocks) connect(ctx context.Context, url string) error {
	if l.conn != nil {
		return nil
	}
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return errors.New("database.url is not a PostgreSQL URL")
	}
	cfg.RuntimeParams["application_name"] = "curfew locks"
	cfg.ConnectTimeout = lockWithin
	l.conn, err = pgx.ConnectConfig(ctx, cfg)
	return err
}

// unlock gives a lock back, unless the connection it was taken on is gone, and the lock with it.
func (l *pgLocks) unlock(ctx context.Context, conn *pgx.Conn, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != conn {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockWithin)
	defer cancel()
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_unlock($1, hashtext($2))`, lockSpace, name); err != nil {
		l.drop(conn)
	}
}

// drop gives a connection up. The lock is held.
func (l *pgLocks) drop(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Close(ctx)
	l.conn = nil
}

func (l *pgLocks) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.drop(l.conn)
	}
	return nil
}
