package pgtest

import (
	"context"
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
