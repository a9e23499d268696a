package pgtest

import (
	"fmt"
	"os"
	"os/exec"
)

// watchdogScript waits for the end of its input, then stops the server in $2 with $1/pg_ctl and removes $2.
// Immediately, without a last checkpoint: nobody will read this data again.
const watchdogScript = `cat >/dev/null
"$1/pg_ctl" -D "$2/data" -m immediate -w -t 20 stop >/dev/null 2>&1
rm -rf "$2"`

// watchdog ends a server whose process is gone. It hangs on a pipe rather than on a parent-death signal:
// that one follows the thread that forked, exists on Linux only, and leaves the directory behind.
type watchdog struct {
	cmd   *exec.Cmd
	leash *os.File // the writing end, held by this process alone; closing it lets the watchdog go
}

func startWatchdog(acct account, bin, dir string) (*watchdog, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start watchdog: %w", err)
	}
	defer r.Close()
	// It must not stand in the directory it removes, and must not hold this process's output: `go test`
	// waits for whoever does.
	cmd := acct.command("/", "/bin/sh", "-c", watchdogScript, "sh", bin, dir)
	cmd.Stdin = r
	if err := cmd.Start(); err != nil {
		w.Close()
		return nil, fmt.Errorf("start watchdog: %w", err)
	}
	return &watchdog{cmd, w}, nil
}

// release lets the watchdog do its work and waits until it is done.
func (w *watchdog) release() {
	w.leash.Close()
	_ = w.cmd.Wait()
}
