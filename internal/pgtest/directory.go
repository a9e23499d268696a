package pgtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// ownerFile lies in every server's directory and is locked by the process that started the server for as
// long as that process lives. The kernel releases the lock when it dies, so an unlocked file means a stale
// directory, without any guessing from process ids.
const ownerFile = "owner"

// directory is a server's place on disk.
type directory struct {
	path  string
	owner *os.File // locked until close
}

// claimDirectory removes what dead processes left under base and makes a new directory there.
func claimDirectory(base string, acct account) (*directory, error) {
	// One process at a time sweeps and claims, or one could sweep a directory that another has made but not
	// locked yet. A file per user: in a sticky directory nobody may open another user's.
	prefix := fmt.Sprintf("curfew-pgtest-%d", os.Getuid())
	gate, err := lockFile(filepath.Join(base, prefix+".lock"), syscall.LOCK_EX)
	if err != nil {
		return nil, fmt.Errorf("lock temporary directories: %w", err)
	}
	defer gate.Close()
	if err := sweep(filepath.Join(base, prefix+"-*")); err != nil {
		return nil, err
	}
	path, err := os.MkdirTemp(base, prefix+"-")
	if err != nil {
		return nil, fmt.Errorf("make server directory: %w", err)
	}
	owner, err := lockFile(filepath.Join(path, ownerFile), syscall.LOCK_EX)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock server directory: %w", err), os.RemoveAll(path))
	}
	if err := acct.own(path); err != nil {
		owner.Close()
		return nil, errors.Join(fmt.Errorf("hand over server directory: %w", err), os.RemoveAll(path))
	}
	return &directory{path, owner}, nil
}

// sweep removes the directories whose owner is gone. A server that still runs in one (its watchdog was
// killed too) sees within a minute that its lock file is gone, and stops by itself.
func sweep(pattern string) error {
	found, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	for _, path := range found {
		owner, err := lockFile(filepath.Join(path, ownerFile), syscall.LOCK_EX|syscall.LOCK_NB)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			continue
		}
		if err == nil {
			owner.Close()
		}
		// What cannot be removed now (its watchdog is removing it at this moment) is the next start's.
		_ = os.RemoveAll(path)
	}
	return nil
}

// lockFile opens path, creating it where it is missing, and locks it until it is closed.
func lockFile(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), how); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// data is the cluster's own directory.
func (d *directory) data() string { return filepath.Join(d.path, "data") }

// log is where the server's messages go.
func (d *directory) log() string { return filepath.Join(d.path, "log") }

// remove deletes the directory and gives up the lock on it.
func (d *directory) remove() error {
	return errors.Join(os.RemoveAll(d.path), d.owner.Close())
}
