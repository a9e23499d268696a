package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// EnvDSN names the environment variable with the address of a server to test on, as a role that may
	// create databases.
	EnvDSN = "CURFEW_TEST_POSTGRES"
	// EnvPid names the environment variable with the process id of that server's postmaster, for
	// benchmarks that count the database's processor time.
	EnvPid = "CURFEW_TEST_POSTGRES_PID"
)

// patience is how long a test waits for the server to start, or to create or drop a database. Generous: a
// build machine with few processors compiles beside it.
const patience = 2 * time.Minute

// shared is the one server of this test process.
var shared struct {
	once   sync.Once
	server *Server // nil when EnvDSN names one; referred to for as long as the process lives
	dsn    string
	err    error
}

// New returns the address of a new, empty database that belongs to one test and is dropped, with the
// connections still open to it, when the test ends. It fails the test where there is no PostgreSQL.
func New(tb testing.TB) string {
	tb.Helper()
	// From template0, which nobody can be connected to: concurrent tests would refuse each other template1.
	return create(tb, "template0")
}

// Copy is New with what prepare has put into a database. That is done once for each name on a server, so the
// name has to change with what prepare does; the template stays for the tests of other packages.
func Copy(tb testing.TB, name string, prepare func(dsn string) error) string {
	tb.Helper()
	server(tb)
	if err := template(shared.dsn, name, prepare); err != nil {
		tb.Fatalf("make database template %s: %v", name, err)
	}
	return create(tb, name)
}

// server starts the shared server where none is named, or fails the test.
func server(tb testing.TB) {
	tb.Helper()
	shared.once.Do(func() {
		if shared.dsn = os.Getenv(EnvDSN); shared.dsn != "" {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if shared.server, shared.err = Start(ctx, Options{}); shared.err == nil {
			shared.dsn = shared.server.DSN("postgres")
		}
	})
	if shared.err != nil {
		tb.Fatalf("this test needs PostgreSQL: %v", shared.err)
	}
}

// create makes a database for one test.
func create(tb testing.TB, template string) string {
	tb.Helper()
	server(tb)
	name := "curfew_test_" + strings.ToLower(rand.Text())
	dsn, err := withDatabase(shared.dsn, name)
	if err != nil {
		tb.Fatalf("read %s: %v", EnvDSN, err)
	}
	if err := execute(shared.dsn, createFrom(name, template)); err != nil {
		tb.Fatalf("create test database: %v", err)
	}
	tb.Cleanup(func() {
		if err := execute(shared.dsn, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			tb.Errorf("drop test database: %v", err)
		}
	})
	return dsn
}

func createFrom(name, template string) string {
	return "CREATE DATABASE " + name + " TEMPLATE " + template + " ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
}

// withDatabase returns dsn, a URL, with another database.
func withDatabase(dsn, name string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return "", err
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return "", fmt.Errorf("%q is not a postgres:// address", u.Redacted())
	}
	u.Path = "/" + name
	return u.String(), nil
}

// execute runs one statement on a connection of its own.
func execute(dsn, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}
