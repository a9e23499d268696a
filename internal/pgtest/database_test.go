package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), dsn)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// ask runs a query with one answer.
func ask[T any](t *testing.T, conn *pgx.Conn, query string, args ...any) T {
	t.Helper()
	var answer T
	if err := conn.QueryRow(context.Background(), query, args...).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return answer
}

func TestNewGivesEachTestItsOwnEmptyDatabase(t *testing.T) {
	var names []string
	for range 2 {
		// Left open on purpose: a test that leaks a connection must not keep its database alive.
		t.Run("one", func(t *testing.T) {
			conn, err := pgx.Connect(context.Background(), New(t))
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, ask[string](t, conn, "SELECT current_database()"))
			if n := ask[int](t, conn, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"); n != 0 {
				t.Errorf("new database has %d tables", n)
			}
			if _, err := conn.Exec(context.Background(), "CREATE TABLE left_behind (id BIGINT)"); err != nil {
				t.Fatal(err)
			}
			if got := ask[string](t, conn, "SELECT datcollate FROM pg_database WHERE datname = current_database()"); got != "C" {
				t.Errorf("collation = %q, want C", got)
			}
		})
	}
	conn := connect(t, New(t))
	for _, name := range names {
		if ask[bool](t, conn, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name) {
			t.Errorf("%s outlived its test", name)
		}
	}
	if names[0] == names[1] {
		t.Errorf("two tests shared %s", names[0])
	}
}

func TestNewInParallel(t *testing.T) {
	for range 8 {
		t.Run("one", func(t *testing.T) {
			t.Parallel()
			if got := ask[int](t, connect(t, New(t)), "SELECT 1"); got != 1 {
				t.Errorf("got %d", got)
			}
		})
	}
}

func TestWithDatabase(t *testing.T) {
	got, err := withDatabase("postgres://someone@127.0.0.1:5432/postgres?sslmode=disable", "other")
	if want := "postgres://someone@127.0.0.1:5432/other?sslmode=disable"; got != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	// The key=value form would lose the database silently.
	if got, err := withDatabase("host=127.0.0.1 dbname=postgres", "other"); err == nil {
		t.Errorf("key=value form accepted as %q", got)
	}
}

func TestCopyIsPreparedOnce(t *testing.T) {
	var prepared atomic.Int32
	name := "curfew_template_" + strings.ToLower(rand.Text())
	t.Cleanup(func() {
		if err := execute(shared.dsn, "DROP DATABASE "+name); err != nil {
			t.Error(err)
		}
	})
	prepare := func(dsn string) error {
		prepared.Add(1)
		return execute(dsn, "CREATE TABLE given AS SELECT 42 AS n")
	}
	t.Run("tests", func(t *testing.T) {
		for range 4 {
			t.Run("one", func(t *testing.T) {
				t.Parallel()
				conn := connect(t, Copy(t, name, prepare))
				if got := ask[int](t, conn, "SELECT sum(n) FROM given"); got != 42 {
					t.Errorf("sum %d: not a copy of one's own", got)
				}
				if _, err := conn.Exec(context.Background(), "INSERT INTO given VALUES (1)"); err != nil {
					t.Error(err)
				}
			})
		}
	})
	templates.Lock()
	delete(templates.made, name) // as another process sees it
	templates.Unlock()
	connect(t, Copy(t, name, prepare))
	if n := prepared.Load(); n != 1 {
		t.Errorf("prepared %d times", n)
	}
}

// A template that could not be made is not there, and neither is what it was being made of.
func TestTemplateThatFails(t *testing.T) {
	server(t)
	name, failed, half := "curfew_template_"+strings.ToLower(rand.Text()), errors.New("failed"), ""
	err := template(shared.dsn, name, func(dsn string) error {
		u, err := url.Parse(dsn)
		half = strings.TrimPrefix(u.Path, "/")
		return errors.Join(failed, err)
	})
	if !errors.Is(err, failed) {
		t.Fatalf("err = %v", err)
	}
	conn := connect(t, shared.dsn)
	if n := ask[int](t, conn, "SELECT count(*) FROM pg_database WHERE datname IN ($1, $2)", name, half); n != 0 || half == "" {
		t.Errorf("%d databases are left of %s and %q", n, name, half)
	}
}
