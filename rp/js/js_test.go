package js_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/rp/js"
)

// What needs no browser is tested by the test runner of Node.js; e2e has the rest.
func TestNode(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("Node.js is not installed: apt-get install nodejs")
	}
	files, err := filepath.Glob("test/*.test.js")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests: %v", err)
	}
	cmd := exec.CommandContext(t.Context(), node, append([]string{"--test", "--test-reporter=tap"}, files...)...)
	out, err := cmd.CombinedOutput()
	if err != nil || !regexp.MustCompile(`(?m)^# pass [1-9]`).Match(out) {
		t.Errorf("%v\n%s", err, out)
	}
}

var (
	imported = regexp.MustCompile(`(?m)^(?:import|export)\b[^;]*? from "([^"]+)"|import\("([^"]+)"\)`)
	// What a strict policy forbids, and what puts text into a page as markup.
	forbidden = regexp.MustCompile(`\beval\(|new Function|innerHTML|outerHTML|insertAdjacent|document\.write|\.style\b|localStorage\.`)
)

// The embedded module is complete, imports nothing but itself, and gets along with a strict policy.
func TestModule(t *testing.T) {
	err := fs.WalkDir(js.FS, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(name, ".js") {
			return err
		}
		b, err := fs.ReadFile(js.FS, name)
		if err != nil {
			return err
		}
		if found := forbidden.Find(b); found != nil {
			t.Errorf("%s has %q", name, found)
		}
		for _, m := range imported.FindAllStringSubmatch(string(b), -1) {
			path := m[1] + m[2]
			if !strings.HasPrefix(path, "./") {
				t.Errorf("%s imports %q", name, path)
			} else if _, err := fs.Stat(js.FS, path[2:]); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"curfew.js", "curfew.d.ts", "package.json", "README.md"} {
		if _, err := fs.Stat(js.FS, name); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat("test"); err != nil {
		t.Error(err)
	}
	if _, err := fs.Stat(js.FS, "test"); err == nil {
		t.Error("the tests are embedded")
	}
}
