package pgtest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// ErrNotInstalled says that this machine has no PostgreSQL server, and what to install.
var ErrNotInstalled = errors.New("PostgreSQL is not installed: apt-get install postgresql (looked for initdb in PATH and /usr/lib/postgresql/*/bin)")

// debianBin is where Debian keeps the server's programs, which it leaves out of PATH.
const debianBin = "/usr/lib/postgresql/*/bin"

// findBinaries returns the directory that holds initdb, pg_ctl and postgres: the first one of path (a list
// like PATH), or the highest version that matches the glob pattern.
func findBinaries(path, pattern string) (string, error) {
	for _, dir := range filepath.SplitList(path) {
		if filepath.IsAbs(dir) && complete(dir) {
			return dir, nil
		}
	}
	found, err := filepath.Glob(pattern)
	if err != nil {
		return "", err
	}
	best, bestVersion := "", -1.0
	for _, dir := range found {
		if v := versionOf(dir); v > bestVersion && complete(dir) {
			best, bestVersion = dir, v
		}
	}
	if best == "" {
		return "", ErrNotInstalled
	}
	return best, nil
}

// complete reports whether dir holds every program that a throw-away server needs.
func complete(dir string) bool {
	for _, name := range []string{"initdb", "pg_ctl", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// versionOf reads the version from a directory such as /usr/lib/postgresql/17/bin, 0 where there is none.
// Compared as a number: 9.6 is older than 17.
func versionOf(dir string) float64 {
	v, err := strconv.ParseFloat(filepath.Base(filepath.Dir(dir)), 64)
	if err != nil {
		return 0
	}
	return v
}

// cleanEnv is this process's environment without what would reach into the server's programs: PGDATA and its
// like, and the locale.
func cleanEnv() []string {
	var env []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "PG") && !strings.HasPrefix(kv, "LC_") && !strings.HasPrefix(kv, "LANG") {
			env = append(env, kv)
		}
	}
	return append(env, "LC_ALL=C")
}
