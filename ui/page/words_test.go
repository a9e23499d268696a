package page_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/curfew-id/curfew/ui/locale"
	"github.com/curfew-id/curfew/ui/page"
	"github.com/curfew-id/curfew/ui/template"
)

var (
	called  = regexp.MustCompile(`\.(T|N|HTML|Strong|word)\(? ?"([a-z_]+(?:\.[a-z_]+)+)"`)
	literal = regexp.MustCompile(`"([a-z_]+(?:\.[a-z_]+)+)"`)
)

// used returns every key that something names, and whether it counts.
func used(t *testing.T) map[string]bool {
	t.Helper()
	keys := map[string]bool{"locale.dir": true, "locale.name": true}
	take := func(text []byte) {
		for _, m := range called.FindAllSubmatch(text, -1) {
			key := string(m[2])
			if string(m[1]) == "N" {
				keys[key+".one"], keys[key+".other"] = true, true
				continue
			}
			keys[key] = true
		}
	}
	err := fs.WalkDir(template.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := template.Files.ReadFile(path)
		take(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{".", "../locale"} {
		files, err := filepath.Glob(dir + "/[a-z]*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("sources in %s: %v, %v", dir, files, err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if !regexp.MustCompile(`_test\.go$`).MatchString(f) {
				take(text)
			}
		}
	}
	for _, k := range page.Keys() {
		keys[string(k)] = true
	}
	for _, m := range page.Methods() {
		keys["way."+string(m)] = true
	}
	for _, s := range page.StandardScopes() {
		keys["scope."+s] = true
	}
	for _, k := range page.ErrorKinds() {
		keys["error."+string(k)+".title"], keys["error."+string(k)+".text"] = true, true
	}
	for _, s := range page.ReceiptStates() {
		keys["receipt."+string(s)] = true
	}
	for _, e := range page.Ends() {
		keys["end."+string(e)+".why"], keys["end."+string(e)+".notice"] = true, true
	}
	for _, k := range page.EventWords() {
		keys[k] = true
	}
	for _, b := range page.Bys() {
		keys["history.by."+string(b)] = true
	}
	for _, m := range page.Methods() {
		keys["history.method."+string(m)] = true
	}
	for k := range consoleWords() {
		keys[k] = true
	}
	for _, k := range []string{"nav.profile", "nav.security", "nav.apps", "nav.sessions", "nav.history"} {
		keys[k] = true
	}
	return keys
}

func TestEveryWordIsThereAndUsed(t *testing.T) {
	keys := used(t)
	if len(keys) < 100 {
		t.Fatalf("only %d keys found in the templates", len(keys))
	}
	set, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, texts := range set.All() {
		for k := range keys {
			if !texts.Has(k) {
				t.Errorf("%s: %s is used and not there", texts.Lang, k)
			}
		}
		for _, k := range texts.Keys() {
			if !keys[k] {
				t.Errorf("%s: %s is there and not used", texts.Lang, k)
			}
		}
	}
}

// Keys is written by hand, so it is compared with the constants it lists.
func TestKeysListsEveryConstant(t *testing.T) {
	source, err := os.ReadFile("messages.go")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, k := range page.Keys() {
		listed[string(k)] = true
	}
	found := literal.FindAllSubmatch(source, -1)
	if len(found) != len(listed) {
		t.Errorf("%d constants, %d keys", len(found), len(listed))
	}
	for _, m := range found {
		if !listed[string(m[1])] {
			t.Errorf("Keys does not list %s", m[1])
		}
	}
}

// consoleWords are the keys that the console puts together from what it shows.
func consoleWords() map[string]bool {
	keys := map[string]bool{"role.none": true}
	add := func(prefix string, names []string) {
		for _, n := range names {
			if n != "" {
				keys[prefix+n] = true
			}
		}
	}
	add("role.", page.Roles())
	add("status.", page.Statuses())
	add("admin.channel.", page.Channels())
	add("admin.factor.", page.FactorKinds())
	add("admin.app.kind.", page.AppKinds())
	add("admin.stack.", page.StackNames())
	add("admin.span.", page.Spans())
	add("admin.figure.", page.FigureNames())
	add("admin.cause.", page.CauseNames())
	add("admin.verify.span.", page.VerifySpans())
	add("admin.users.seen.", page.SeenSpans())
	for _, n := range page.Nexts() {
		add("admin.user.next.", []string{n, n + ".more"})
	}
	add("admin.template.", page.TemplateKinds())
	webhookWords(add)
	add("admin.api_key.scope.", page.APIScopes())
	add("admin.api_key.ttl.", page.APIKeyTTLs())
	add("admin.api_key.state.", page.APIKeyStates())
	for _, g := range page.APIScopeGroups() {
		add("admin.api_key.group.", []string{g.Name})
	}
	for _, n := range page.StackNames() {
		keys["admin.stack."+n+".more"], keys["admin.stack."+n+".see"] = true, true
	}
	for _, t := range page.Tiers() {
		keys["admin.meta."+t], keys["admin.meta."+t+".hint"] = true, true
	}
	for _, a := range page.Acts() {
		for _, part := range []string{"title", "lead", "button"} {
			keys["admin.act."+string(a)+"."+part] = true
		}
	}
	for _, s := range page.Sections() {
		keys[string(s.Label)] = true
	}
	for _, k := range slices.Concat(page.ConsoleNotices(), page.ConsoleFaults(), page.WebhookFaults(), page.UserFaults(), page.APIKeyFaults()) {
		keys[string(k)] = true
	}
	return keys
}

func webhookWords(add func(prefix string, names []string)) {
	for _, g := range page.WebhookGroups() {
		add("admin.hook.group.", []string{g.Name})
	}
	letters := []string{"email.created", "sms.created"}
	for prefix, names := range map[string][]string{"event.": page.WebhookEvents(), "ours.": letters, "theirs.": letters, "unheard.": letters,
		"outcome.": page.WebhookOutcomes(), "failure.": page.WebhookFailures(), "reason.": page.WebhookReasons(),
		"scheme.": page.WebhookSchemes(), "rotate.": page.WebhookSchemes(), "overlap.": page.WebhookOverlaps(),
		"stack.": page.WebhookStacks()} {
		add("admin.hook."+prefix, names)
	}
	for _, name := range page.WebhookOutcomes() {
		add("admin.hook.outcome.", []string{name + ".more"})
	}
	for _, name := range page.WebhookSchemes() {
		add("admin.hook.scheme.", []string{name + ".more"})
	}
}
