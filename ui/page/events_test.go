package page_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/curfew-id/curfew/ui/locale"
	"github.com/curfew-id/curfew/ui/page"
)

// constants returns the values of the constants of a type in a package.
func constants(t *testing.T, dir, name string) (values []string) {
	t.Helper()
	files, err := filepath.Glob(dir + "/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("sources in %s: %v, %v", dir, files, err)
	}
	constant := regexp.MustCompile(`(?m)^\t(?:const )?[A-Z]\w*\s+` + name + `\s+= "([a-z_.]+)"`)
	for _, f := range files {
		source, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range constant.FindAllSubmatch(source, -1) {
			values = append(values, string(m[1]))
		}
	}
	return values
}

// Whatever the audit knows to tell, it tells in words, in each language, in one of the areas.
func TestEveryKindOfEventHasATitle(t *testing.T) {
	kinds, listed := constants(t, "../../op/audit", "Kind"), page.EventKinds()
	if len(kinds) < 50 {
		t.Fatalf("only %d kinds found in op/audit", len(kinds))
	}
	set, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kinds {
		if n := len(slices.DeleteFunc(slices.Clone(listed), func(have string) bool { return have != k })); n != 1 {
			t.Errorf("%s stands in %d areas", k, n)
		}
		for _, texts := range set.All() {
			if !texts.Has("event." + k) {
				t.Errorf("%s: %s has no title", texts.Lang, k)
			}
		}
	}
	for _, k := range listed {
		if !slices.Contains(kinds, k) {
			t.Errorf("%s is no kind of event", k)
		}
	}
	titles := map[string]string{}
	for _, texts := range set.All() {
		for _, k := range kinds {
			title := texts.Lang + texts.T("event."+k)
			if other := titles[title]; other != "" {
				t.Errorf("%s: %s and %s are called the same", texts.Lang, k, other)
			}
			titles[title] = k
		}
	}
}

// A person is told of nothing that has no words for them.
func TestEveryDeedHasWords(t *testing.T) {
	words := page.EventWords()
	for _, d := range page.Deeds() {
		if !slices.Contains(words, "event."+string(d)) {
			t.Errorf("%s has no words", d)
		}
	}
}

// Every reason for which a session ends has words for administrators.
func TestEveryReasonHasWords(t *testing.T) {
	reasons := constants(t, "../../op/logout", "Reason")
	if len(reasons) < 15 {
		t.Fatalf("only %d reasons found in op/logout", len(reasons))
	}
	for _, r := range reasons {
		if _, known := page.EventReasonKey(r); !known {
			t.Errorf("%s has no words", r)
		}
	}
}
