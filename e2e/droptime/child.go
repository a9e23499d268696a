package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// childEnv tells a program, this one or its test, that it is to be a replica.
const childEnv = "CURFEW_DROPTIME_REPLICA"

// task is what a replica is told, on its standard input. The input's end is the word to stop.
type task struct {
	DatabaseURL string
	MasterKey   []byte
	Issuer      string
	// ClockOff is how far the clock of the replica's machine is wrong.
	ClockOff time.Duration
	// Connections bounds those to the database, 0 for what is usual.
	Connections int
	// Log is what the replica writes to its standard error: of this level and above.
	Log string
}

// replica is one process of curfew.
type replica struct {
	cmd    *exec.Cmd
	leash  io.Closer
	addr   string
	exited chan error
}

// startReplica runs this program as a replica and waits until it listens.
func startReplica(t task) (*replica, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self)
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
	r := &replica{cmd: cmd, leash: in, exited: make(chan error, 1)}
	err = json.NewEncoder(in).Encode(t)
	line := ""
	if err == nil {
		line, err = bufio.NewReader(out).ReadString('\n')
	}
	go func() { r.exited <- cmd.Wait() }()
	if err != nil {
		return nil, fmt.Errorf("start a replica: %w", errors.Join(err, r.stop()))
	}
	r.addr = line[:len(line)-1]
	return r, nil
}

// kill ends the replica as a power cut would: SIGKILL.
func (r *replica) kill() error { return r.cmd.Process.Kill() }

// stop lets the replica finish and waits for it; one that does not is killed.
func (r *replica) stop() error {
	_ = r.leash.Close()
	select {
	case err := <-r.exited:
		return err
	case <-time.After(20 * time.Second):
		_ = r.kill()
		return <-r.exited
	}
}
