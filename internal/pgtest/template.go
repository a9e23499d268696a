package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
)

// templates are the names of those that this process knows to be there.
var templates struct {
	sync.Mutex
	made map[string]bool
}

// template makes a database to copy, unless the server has it. It gets its name when it is whole, so that a process
// which dies meanwhile leaves nothing that others take for a template.
func template(dsn, name string, prepare func(dsn string) error) error {
	templates.Lock()
	defer templates.Unlock()
	if templates.made[name] {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	// One process at a time, or each package's would make its own. The lock goes with the connection.
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtext($1))", name); err != nil {
		return err
	}
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil {
		return err
	}
	if !there {
		if err := build(ctx, conn, dsn, name, prepare); err != nil {
			return err
		}
	}
	if templates.made == nil {
		templates.made = map[string]bool{}
	}
	templates.made[name] = true
	return nil
}

func build(ctx context.Context, conn *pgx.Conn, dsn, name string, prepare func(dsn string) error) error {
	unnamed := "curfew_test_" + strings.ToLower(rand.Text())
	at, err := withDatabase(dsn, unnamed)
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, createFrom(unnamed, "template0")); err != nil {
		return err
	}
	err = prepare(at)
	if err == nil {
		// Nobody may be connected to what is copied: not autovacuum either.
		_, err = conn.Exec(ctx, fmt.Sprintf("ALTER DATABASE %s WITH ALLOW_CONNECTIONS false", unnamed))
	}
	if err == nil {
		_, err = conn.Exec(ctx, fmt.Sprintf("ALTER DATABASE %s RENAME TO %s", unnamed, name))
	}
	if err != nil {
		_, dropped := conn.Exec(ctx, fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", unnamed))
		err = errors.Join(err, dropped)
	}
	return err
}
