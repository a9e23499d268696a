package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/curfew-id/curfew/internal/httpx"
)

// children are the processes that this program is, when it starts itself with one of these words.
var children = map[string]func() error{"serve": serve, "floor": floor}

// task is what a child is told, on its standard input. The input's end is the word to stop.
type task struct {
	DatabaseURL string
	MasterKey   []byte
	Issuer      string
	Address     string // to listen on
	Profile     string
}

var executable = os.Executable

// child is a process of ours that serves HTTP.
type child struct {
	cmd   *exec.Cmd
	leash io.Closer
	addr  string
}

// start runs this program as one of its children and waits until it listens.
func start(word string, t task) (*child, error) {
	self, err := executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, word)
	cmd.Env = append(os.Environ(), childEnv+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &child{cmd: cmd, leash: in}
	if err := json.NewEncoder(in).Encode(t); err != nil {
		return nil, fmt.Errorf("tell %s what to do: %w (%v)", word, err, c.stop())
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("start %s: %w (%v)", word, err, c.stop())
	}
	c.addr = line[:len(line)-1]
	return c, nil
}

// childEnv tells a test binary that it is to be a child.
const childEnv = "CURFEW_BENCH_CHILD"

func (c *child) pid() int { return c.cmd.Process.Pid }

// stop lets the child finish and waits for it; one that does not is killed.
func (c *child) stop() error {
	_ = c.leash.Close()
	late := time.AfterFunc(20*time.Second, func() { _ = c.cmd.Process.Kill() })
	defer late.Stop()
	return c.cmd.Wait()
}

// listen serves a child's handler until the parent lets it go.
func listen(ctx context.Context, addr string, h http.Handler) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return httpx.Serve(ctx, httpx.ServeOptions{ShutdownTimeout: 5 * time.Second},
		httpx.Listener{Name: "bench", Net: l, Handler: h})
}
