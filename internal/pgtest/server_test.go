package pgtest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

func start(t *testing.T, opts Options) *Server {
	t.Helper()
	s, err := Start(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func TestServerKeepsItsDataOverARestart(t *testing.T) {
	ctx := context.Background()
	s := start(t, Options{Settings: map[string]string{"work_mem": "5MB"}})
	before, dsn := s.Pid(), s.DSN("postgres")
	conn := connect(t, dsn)
	if _, err := conn.Exec(ctx, "CREATE TABLE kept AS SELECT 42 AS n"); err != nil {
		t.Fatal(err)
	}
	for setting, want := range map[string]string{
		"fsync": "off", "max_connections": "200", "listen_addresses": "127.0.0.1", "work_mem": "5MB",
		"synchronous_commit": "on", // or a killed server would lose what it had acknowledged
	} {
		if got := ask[string](t, conn, "SHOW "+setting); got != want {
			t.Errorf("%s = %s, want %s", setting, got, want)
		}
	}
	if err := s.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if err := conn.Ping(ctx); err == nil {
		t.Error("a connection survived the restart")
	}
	if s.Pid() == before || s.DSN("postgres") != dsn {
		t.Errorf("pid %d -> %d, address %s -> %s", before, s.Pid(), dsn, s.DSN("postgres"))
	}
	if got := ask[int](t, connect(t, dsn), "SELECT n FROM kept"); got != 42 {
		t.Errorf("n = %d after the restart", got)
	}
}

func TestRestartAfterACrashLosesNothingAcknowledged(t *testing.T) {
	ctx := context.Background()
	s := start(t, Options{})
	conn := connect(t, s.DSN("postgres"))
	if _, err := conn.Exec(ctx, "CREATE TABLE kept AS SELECT 42 AS n"); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(s.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if got := ask[int](t, connect(t, s.DSN("postgres")), "SELECT n FROM kept"); got != 42 {
		t.Errorf("n = %d after the crash", got)
	}
}

func TestServerForMeasuringFlushesCommits(t *testing.T) {
	conn := connect(t, start(t, Options{Fsync: true}).DSN("postgres"))
	for _, setting := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		if got := ask[string](t, conn, "SHOW "+setting); got != "on" {
			t.Errorf("%s = %s, want on", setting, got)
		}
	}
}

func TestServerWantsItsPassword(t *testing.T) {
	s := start(t, Options{})
	dsn := strings.Replace(s.DSN("postgres"), s.password, "guess", 1)
	conn, err := pgx.Connect(context.Background(), dsn)
	if err == nil {
		conn.Close(context.Background())
		t.Error("connected with a wrong password")
	}
}

func TestStopLeavesNothing(t *testing.T) {
	s := start(t, Options{})
	pid, dir := s.Pid(), s.dir.path
	s.Stop()
	s.Stop()
	if alive(pid) {
		t.Errorf("postmaster %d is alive", pid)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", dir, err)
	}
	if s.Pid() != 0 {
		t.Errorf("pid %d of a stopped server", s.Pid())
	}
	if err := s.Restart(context.Background()); err == nil {
		t.Error("a stopped server was restarted")
	}
}

func TestMissingPostgreSQLSaysWhatToInstall(t *testing.T) {
	_, err := findBinaries(t.TempDir(), filepath.Join(t.TempDir(), "*", "bin"))
	if !errors.Is(err, ErrNotInstalled) {
		t.Fatalf("err = %v", err)
	}
	if msg := err.Error(); !strings.Contains(msg, "apt-get install postgresql") || strings.Contains(msg, "\n") {
		t.Errorf("not one line that says what to install: %q", msg)
	}
}

func TestFindBinariesTakesTheHighestVersion(t *testing.T) {
	root := t.TempDir()
	for _, version := range []string{"9.6", "15", "17"} {
		dir := filepath.Join(root, version, "bin")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		names := []string{"initdb", "pg_ctl", "postgres"}
		if version == "17" {
			names = names[:1] // a client-only package
		}
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := findBinaries("", filepath.Join(root, "*", "bin"))
	if want := filepath.Join(root, "15", "bin"); got != want || err != nil {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

// alive reports whether the process exists and is not only waiting to be collected by its parent.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || !strings.Contains(string(stat), ") Z ")
}
