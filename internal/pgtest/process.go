package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// startTries is how often a start is tried: another process can take the free port first, and a crashed
// server's children keep its memory for a moment.
const startTries = 5

// process is one run of the postmaster.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when it has ended
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// stop ends the process and its connections (PostgreSQL's "fast" shutdown) and waits for it.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-p.exited:
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Signal(syscall.SIGQUIT)
		<-p.exited
	}
}

// run starts the server on a free port.
func (s *Server) run(ctx context.Context) error {
	var last error
	for range startTries {
		port, err := freePort()
		if err != nil {
			return err
		}
		s.port = port
		p, err := s.launch(ctx)
		if err == nil {
			s.process = p
			return nil
		}
		if last = err; ctx.Err() != nil {
			break
		}
	}
	return fmt.Errorf("start PostgreSQL: %w", last)
}

// boot starts the server on the port that it has.
func (s *Server) boot(ctx context.Context) (*process, error) {
	var last error
	for range startTries {
		p, err := s.launch(ctx)
		if err == nil {
			return p, nil
		}
		last = err
		select {
		case <-ctx.Done():
			return nil, last
		case <-time.After(500 * time.Millisecond):
		}
	}
	return nil, last
}

// launch starts the postmaster once and waits until it answers.
func (s *Server) launch(ctx context.Context) (*process, error) {
	log, err := os.OpenFile(s.dir.log(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	defer log.Close()
	args := []string{"-D", s.dir.data()}
	for _, setting := range s.settings() {
		args = append(args, "-c", setting)
	}
	cmd := s.acct.command(s.dir.path, filepath.Join(s.bin, "postgres"), args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd, make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(p.exited)
	}()
	if err := s.answers(ctx, p); err != nil {
		p.stop()
		said, _ := os.ReadFile(s.dir.log())
		return nil, fmt.Errorf("%w\n%s", err, said)
	}
	return p, nil
}

// answers waits until the server takes a connection.
func (s *Server) answers(ctx context.Context, p *process) error {
	for {
		conn, err := pgx.Connect(ctx, s.DSN("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-p.exited:
			return errors.New("the server ended while it was starting")
		case <-ctx.Done():
			return fmt.Errorf("the server did not answer in time: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
