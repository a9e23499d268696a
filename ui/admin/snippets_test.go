package admin

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/ui/page"
)

// hostile is as much of a program as the registry lets an address be.
const hostile = "http://127.0.0.1:8091/auth/cb'\";$(touch${IFS}pwned)`touch${IFS}pwned`+\"+alert(1)+\"</script><script>alert(1)</script>{{.}}[[.ClientID]]"

// hostileScope is the same of a scope.
const hostileScope = "openid '$(touch${IFS}pwned)`touch${IFS}pwned`'</script><script>alert(1)</script>"

// literals are the strings of a program in JavaScript.
var literals = regexp.MustCompile(`"(?:[^"\\\n]|\\.)*"`)

func hostileClient(stack string) *client.Client {
	c := &client.Client{ID: "cli_1", Metadata: client.Metadata{ClientName: hostile, RedirectURIs: []string{hostile}, PostLogoutRedirectURIs: []string{hostile},
		TokenEndpointAuthMethod: client.AuthBasic, Scope: hostileScope}}
	switch stack {
	case "browser", "spa":
		c.TokenEndpointAuthMethod = client.AuthNone
	case "native":
		c.TokenEndpointAuthMethod, c.ApplicationType = client.AuthNone, "native"
	case "curl":
		c.GrantTypes = []string{client.GrantClientCredentials}
	}
	return c
}

// What was registered is data in every language: a string of the program and nothing else.
func TestWhatWasRegisteredStaysData(t *testing.T) {
	h := &Handlers{Options: Options{Issuer: issuer}}
	if m := hostileClient("go").Metadata; m.Complete() != nil {
		t.Fatal("the registry has become stricter: make it as hostile as it allows")
	}
	quotedURI, err := quoted(hostile)
	if err != nil {
		t.Fatal(err)
	}
	for _, stack := range page.StackNames() {
		c := hostileClient(stack)
		if c.GrantTypes == nil {
			c.GrantTypes = []string{client.GrantCode}
		}
		if !slices.Contains(stacksOf(c), stack) {
			t.Errorf("%s is not offered for its own kind", stack)
		}
		p, err := h.snippet(stack, c, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range p.Files {
			switch filepath.Ext(f.Name) {
			case ".go":
				wantGoStrings(t, f.Code, map[string]bool{hostile: stack == "go", issuer: true})
			case ".js", ".mjs":
				if bare := literals.ReplaceAllString(f.Code, ""); !strings.Contains(f.Code, quotedURI) || strings.Contains(f.Code, "</script>") ||
					strings.Contains(bare, "alert") || strings.Contains(bare, "pwned") {
					t.Errorf("%s/%s:\n%s", stack, f.Name, f.Code)
				}
			case ".html":
				if strings.Contains(f.Code, "alert") {
					t.Errorf("%s/%s:\n%s", stack, f.Name, f.Code)
				}
			case ".sh":
				runShell(t, f.Code)
			}
		}
	}
}

func wantGoStrings(t *testing.T, code string, want map[string]bool) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "main.go", code, parser.AllErrors)
	if err != nil {
		t.Errorf("%v in\n%s", err, code)
		return
	}
	found := map[string]bool{}
	for n := range ast.Preorder(file) {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			s, _ := strconv.Unquote(lit.Value)
			found[s] = true
		}
	}
	for s, there := range want {
		if found[s] != there {
			t.Errorf("the program has %q: %t", s, found[s])
		}
	}
}

// runShell runs a script whose curl only says what it was called with.
func runShell(t *testing.T, code string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write("curl", "#!/bin/sh\ncat\nprintf '<%s>\\n' \"$@\"\n")
	write("token.sh", code)
	cmd := exec.Command("sh", "token.sh")
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "CLIENT_SECRET=a secret"}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "<scope="+hostileScope+">") || !strings.Contains(string(out), `user = "cli_1:a secret"`) {
		t.Errorf("%v: %s", err, out)
	}
	if files, _ := os.ReadDir(dir); len(files) != 2 {
		t.Errorf("the script made %v", files)
	}
	if out, err := exec.Command("sh", filepath.Join(dir, "token.sh")).CombinedOutput(); err == nil {
		t.Errorf("without a secret: %s", out)
	}
}

func TestQuotedIsAStringInEachLanguage(t *testing.T) {
	for _, s := range []string{"", "plain", `a"b\c` + "`", "line\nend\r\u2028\u2029", "nul\x00 tab\t bell\a", "</script>", "\ufeff bidi \u202e.", "日本 😀", "\xff"} {
		q, err := quoted(s)
		if err != nil {
			t.Fatal(err)
		}
		inGo, err := strconv.Unquote(q)
		var inJS string
		if err := json.Unmarshal([]byte(q), &inJS); err != nil {
			t.Errorf("%s: %v", q, err)
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); err != nil || inGo != want || inJS != want || strings.ContainsAny(q, "<>\n\r\u2028\u2029\ufeff\u202e") {
			t.Errorf("%s is %q in Go (%v) and %q in JavaScript, want %q", q, inGo, err, inJS, want)
		}
	}
}

// A pattern of ServeMux that came from an address must match that address alone.
func TestRoutesOfTheGoProgram(t *testing.T) {
	for uri, want := range map[string][]string{
		"https://a.example.com/auth/callback":     {"/auth/"},
		"https://a.example.com/x/y/cb":            {"/x/y/"},
		"https://a.example.com/{id}/cb":           {"/%7Bid%7D/"},
		"https://a.example.com/cb":                {"/cb", "/login", "/logout", "/backchannel-logout", "/frontchannel-logout"},
		"https://a.example.com/login":             {"/login", "/logout", "/backchannel-logout", "/frontchannel-logout"},
		"https://a.example.com":                   {"/{$}", "/login", "/logout", "/backchannel-logout", "/frontchannel-logout"},
		"http://localhost:8091/a%20b/../callback": {"/", "/"},
	} {
		h := &Handlers{Options: Options{Issuer: issuer}}
		p := h.program("go", &client.Client{Metadata: client.Metadata{RedirectURIs: []string{uri}}})
		if strings.Contains(uri, "..") { // wherever that leads, ServeMux takes it
			want = p.Mounts
		}
		if !slices.Equal(p.Mounts, want) {
			t.Errorf("%s: %q, want %q", uri, p.Mounts, want)
		}
		mux := http.NewServeMux()
		for _, pattern := range append([]string{"/"}, p.Mounts...) {
			mux.Handle(pattern, http.NotFoundHandler()) // panics
		}
	}
}

// Script in what an application is called stays words on every page.
func TestScriptInApplications(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const evil = `<script>alert(1)</script>"><img src=x onerror=alert(1)>'`
		b := w.signIn(w.person("owner@example.com", actor.RoleOwner, ""))
		b.post(pathNewApp, "stack", "go", "client_name", evil, "redirect_uris", hostile, "scope", hostileScope).want(http.StatusOK)
		c := w.named(evil)
		at := appURL(c.ID)
		for _, path := range []string{at, at + "?stack=node", at + "?stack=oidc", at + "?stack=%3Cscript%3E", at + "/edit", page.PathAdminApps} {
			b.get(path).want(http.StatusOK)
			doc, err := html.Parse(strings.NewReader(b.body))
			w.must(err)
			for n := range doc.Descendants() {
				if n.Type == html.ElementNode && (n.Data == "img" || n.Data == "script" && n.FirstChild != nil) {
					t.Errorf("%s: %s %v", path, n.Data, n.Attr)
				}
			}
		}
		b.post(pathNewApp, "stack", "go", "client_name", "two\nlines", "redirect_uris", examples["go"]).want(http.StatusUnprocessableEntity)
	})
}
