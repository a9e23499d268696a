package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// admin is the superuser of every cluster made here.
const admin = "curfew"

// Options shape a server. The zero value is right for tests.
type Options struct {
	// Fsync makes commits reach the disk, as in production. Tests leave it off, benchmarks turn it on. Off,
	// a commit still survives the death of the server, only not that of the machine.
	Fsync bool
	// Settings are further settings by their names in postgresql.conf.
	Settings map[string]string
}

// Server is a running PostgreSQL that belongs to this process.
type Server struct {
	bin      string
	acct     account
	dir      *directory
	watchdog *watchdog
	opts     Options
	password string
	port     int

	mu      sync.Mutex
	process *process // nil when stopped
	stopped bool
}

// Start makes a new cluster and runs a server on it. The context bounds the starting, not the server's life.
// The error is ErrNotInstalled where there is no PostgreSQL.
func Start(ctx context.Context, opts Options) (*Server, error) {
	bin, err := findBinaries(os.Getenv("PATH"), debianBin)
	if err != nil {
		return nil, err
	}
	acct, err := chooseAccount()
	if err != nil {
		return nil, err
	}
	dir, err := claimDirectory(os.TempDir(), acct)
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, acct: acct, dir: dir, opts: opts, password: rand.Text()}
	if s.watchdog, err = startWatchdog(acct, bin, dir.path); err != nil {
		return nil, errors.Join(err, dir.remove())
	}
	if err := s.initdb(); err != nil {
		s.Stop()
		return nil, err
	}
	if err := s.run(ctx); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// initdb makes the cluster. The C locale, so that text sorts by its bytes on every machine, as in SQLite.
func (s *Server) initdb() error {
	secret := filepath.Join(s.dir.path, "password")
	if err := os.WriteFile(secret, []byte(s.password+"\n"), 0o600); err != nil {
		return fmt.Errorf("write password: %w", err)
	}
	defer os.Remove(secret)
	if err := s.acct.own(secret); err != nil {
		return fmt.Errorf("hand over password: %w", err)
	}
	cmd := s.acct.command(s.dir.path, filepath.Join(s.bin, "initdb"), "--pgdata", s.dir.data(),
		"--username", admin, "--pwfile", secret, "--auth", "scram-sha-256",
		"--encoding", "UTF8", "--locale", "C", "--no-sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// settings are the server's, each as name=value.
func (s *Server) settings() []string {
	onOff := map[bool]string{true: "on", false: "off"}[s.opts.Fsync]
	list := []string{
		"port=" + strconv.Itoa(s.port),
		"listen_addresses=127.0.0.1",
		"unix_socket_directories=",
		"max_connections=200",
		"shared_buffers=32MB",
		"fsync=" + onOff,
		"full_page_writes=" + onOff,
		"timezone=UTC",
		"log_timezone=UTC",
	}
	for name, value := range s.opts.Settings {
		list = append(list, name+"="+value)
	}
	return list
}

// DSN returns the address of a database of this server, for its superuser. "postgres" always exists.
func (s *Server) DSN(db string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(admin, s.password),
		Host:     "127.0.0.1:" + strconv.Itoa(s.port),
		Path:     "/" + db,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Pid returns the process id of the postmaster, 0 when the server is stopped.
func (s *Server) Pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return 0
	}
	return s.process.pid()
}

// Restart ends every connection, stops the server and starts it again at the same address with the same
// data. A server that has died in the meantime is started again all the same.
func (s *Server) Restart(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return errors.New("restart PostgreSQL: the server was stopped")
	}
	if s.process != nil {
		s.process.stop()
		s.process = nil
	}
	p, err := s.boot(ctx)
	if err != nil {
		return fmt.Errorf("restart PostgreSQL: %w", err)
	}
	s.process = p
	return nil
}

// Stop ends the server and removes all it wrote. Calling it again is harmless.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	s.stopped = true
	if s.process != nil {
		s.process.stop()
		s.process = nil
	}
	s.watchdog.release()
	_ = s.dir.remove() // what is left is swept by the next start
}
