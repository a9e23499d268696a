package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/internal/pgtest"
)

// build compiles the command: `go run` would hide its exit code behind its own.
func build(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "run")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

func withoutServer() (env []string) {
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, pgtest.EnvDSN) {
			env = append(env, kv)
		}
	}
	return env
}

func TestRun(t *testing.T) {
	bin := build(t)
	for _, c := range []struct {
		name, env  string
		args       []string
		wantCode   int
		wantOutput string // the beginning
	}{
		{"server", "", []string{"--", "sh", "-c", `echo $CURFEW_TEST_POSTGRES; kill -0 $CURFEW_TEST_POSTGRES_PID`}, 0, "postgres://curfew:"},
		{"exit code", "", []string{"--", "sh", "-c", "exit 7"}, 7, ""},
		{"signal", "", []string{"--", "sh", "-c", "kill -TERM $$"}, 143, ""},
		{"named server", "postgres://named", []string{"--", "sh", "-c", "echo $CURFEW_TEST_POSTGRES"}, 0, "postgres://named"},
		{"measuring", "postgres://named", []string{"-fsync", "--", "sh", "-c", "echo $CURFEW_TEST_POSTGRES"}, 0, "postgres://curfew:"},
		{"no such command", "", []string{"--", "/nonexistent"}, 1, "pgtest: "},
		{"no command", "", nil, 2, "usage: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.Command(bin, c.args...)
			cmd.Env = withoutServer()
			if c.env != "" {
				cmd.Env = append(cmd.Env, pgtest.EnvDSN+"="+c.env)
			}
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != c.wantCode {
				t.Errorf("exit code %d, want %d\n%s", code, c.wantCode, out)
			}
			if !strings.HasPrefix(string(out), c.wantOutput) {
				t.Errorf("output %q, want it to begin with %q", out, c.wantOutput)
			}
		})
	}
}
