package pgtest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// TestMain lets this test binary be the process that dies with a server running.
func TestMain(m *testing.M) {
	if os.Getenv("PGTEST_VICTIM") == "" {
		os.Exit(m.Run())
	}
	s, err := Start(context.Background(), Options{})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(s.Pid(), s.dir.path)
	select {}
}

func TestServerDiesWithItsProcess(t *testing.T) {
	victim := exec.Command(os.Args[0])
	victim.Env = append(os.Environ(), "PGTEST_VICTIM=1")
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	var dir string
	if _, err := fmt.Sscan(line, &pid, &dir); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	if !alive(pid) {
		t.Fatalf("postmaster %d never lived", pid)
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait()
	for range 200 {
		_, err := os.Stat(dir)
		if os.IsNotExist(err) && !alive(pid) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("postmaster alive: %v, and what is in its directory: %v", alive(pid), entries(dir))
}

func TestStartSweepsWhatTheDeadLeft(t *testing.T) {
	base := t.TempDir()
	stale := filepath.Join(base, "curfew-pgtest-"+strconv.Itoa(os.Getuid())+"-stale")
	if err := os.MkdirAll(filepath.Join(stale, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(stale, ownerFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	first, err := claimDirectory(base, account{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); !os.IsNotExist(err) {
		t.Errorf("stale directory is still there: %v", err)
	}
	second, err := claimDirectory(base, account{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(first.path); err != nil {
		t.Errorf("a directory in use was swept: %v", err)
	}
	for _, d := range []*directory{first, second} {
		if err := d.remove(); err != nil {
			t.Error(err)
		}
	}
}

func entries(dir string) (names []string) {
	list, _ := os.ReadDir(dir)
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}
