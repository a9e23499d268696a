package arch

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestModule applies the rules to the module as it stands.
func TestModule(t *testing.T) {
	module, root := goList(t, "-m", "-f", "{{.Path}}"), goList(t, "-m", "-f", "{{.Dir}}")
	pkgs := listPackages(t, root)
	if len(pkgs) == 0 {
		t.Fatal("go list found no packages")
	}
	report(t, checkPackages(module, pkgs))

	files := 0
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed while walking
			return nil
		case err != nil:
			return err
		case entry.IsDir():
			return enter(name, root, entry.Name())
		case filepath.Ext(name) != ".go":
			return nil
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		files++
		report(t, checkSource(filepath.ToSlash(rel), src))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Fatalf("no Go files under %s", root)
	}
}

func report(t *testing.T, breaches []string) {
	t.Helper()
	for _, b := range breaches {
		t.Error(b)
	}
}

// enter leaves out the directories that the go command leaves out, and foreign code.
func enter(path, root, name string) error {
	if path == root {
		return nil
	}
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "node_modules" || name == "vendor" {
		return filepath.SkipDir
	}
	return nil
}

func goList(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %s: %v", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out))
}

// listPackages reads the packages of the module. One that does not load (-e) is the compiler's to complain
// about, but what it imports still counts.
func listPackages(t *testing.T, root string) (pkgs []Package) {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Name,Dir,Doc,Imports,GoFiles,TestGoFiles,XTestGoFiles", "./...")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			Package
			GoFiles, TestGoFiles, XTestGoFiles []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		if strings.Contains(p.ImportPath, "/node_modules/") {
			continue // some npm packages carry Go
		}
		if len(p.GoFiles) == 0 && p.Doc == "" { // tests alone: go list gives them no Doc, a reader wants none
			p.Doc = "tests"
		}
		pkgs = append(pkgs, p.Package)
	}
}
