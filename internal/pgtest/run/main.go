package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/curfew-id/curfew/internal/pgtest"
)

func main() {
	fsync := flag.Bool("fsync", false, "make commits reach the disk, for benchmarks")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: run [-fsync] -- COMMAND [ARGUMENTS]")
		os.Exit(2)
	}
	code, err := run(*fsync, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

// run returns the command's exit code, or an error where it could not be run at all.
func run(fsync bool, args []string) (int, error) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	env := os.Environ()
	if fsync || os.Getenv(pgtest.EnvDSN) == "" {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		server, err := pgtest.Start(ctx, pgtest.Options{Fsync: fsync})
		if err != nil {
			return 0, err
		}
		defer server.Stop()
		env = append(env, pgtest.EnvDSN+"="+server.DSN("postgres"), pgtest.EnvPid+"="+strconv.Itoa(server.Pid()))
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			_ = cmd.Process.Signal(s) // the server outlives the command, whatever ends it
		case err := <-done:
			return exitCode(err)
		}
	}
}

// exitCode is the command's, or as a shell would give it where a signal ended the command.
func exitCode(err error) (int, error) {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case !errors.As(err, &exit):
		return 0, err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return exit.ExitCode(), nil
}
