package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/e2e/browser"
	"github.com/curfew-id/curfew/rp/js"
)

// The snippets of the console are run as a newcomer would run them: registered by the form, taken out of the page, signed in
// with, signed out from, and told of an end. One person does all of it, one stack after the other.
func TestSnippets(t *testing.T) {
	t.Parallel()
	n := startNewcomer(t)
	for _, stack := range []struct {
		name string
		run  func(t *testing.T, n *newcomer)
	}{{"go", goSnippet}, {"node", nodeSnippet}, {"browser", browserSnippet}, {"spa", spaSnippet}, {"native", nativeSnippet}, {"curl", curlSnippet}} {
		t.Run(stack.name, func(t *testing.T) {
			of := *n
			h := *n.house
			of.house, h.t = &h, t
			stack.run(t, &of)
		})
	}
}

func goSnippet(t *testing.T, n *newcomer) {
	address := freeAddress(t)
	s := n.setUp("go", "Go Notes", map[string]string{"redirect_uris": "http://" + address + "/auth/callback"})
	cmd := exec.Command(module(t, s))
	cmd.Env = append(os.Environ(), "CLIENT_SECRET="+s.secret)
	waitFor(t, address, launch(t, cmd))
	if s.run != "CLIENT_SECRET='"+s.secret+"' go run ." {
		t.Errorf("it is run by %s", s.run)
	}
	n.server(t, s, address)
}

func nodeSnippet(t *testing.T, n *newcomer) {
	address := freeAddress(t)
	s := n.setUp("node", "Node Notes", map[string]string{"redirect_uris": "http://" + address + "/auth/callback"})
	dir := t.TempDir()
	s.write(t, dir)
	if err := os.Symlink(nodeModules(t), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", "exec env "+s.run)
	cmd.Dir = dir
	waitFor(t, address, launch(t, cmd))
	n.server(t, s, address)
}

// server goes through an application that renders pages.
func (n *newcomer) server(t *testing.T, s snippet, address string) {
	t.Helper()
	p := browser.New(t, browser.Options{AllowErrors: true}) // Express has no icon for the tab
	home := "http://" + address + "/"
	p.Go(home)
	p.Click("a")
	n.enter(p, s.name)
	p.WaitText("Hello usr_")
	p.Go(home)
	p.WaitText("Hello usr_")

	n.revoke()
	began := time.Now()
	for !strings.Contains(browser.Eval[string](p, "document.body.innerText"), "Sign in") {
		if time.Since(began) > 15*time.Second {
			t.Fatal("the application knows nothing of the end")
		}
		p.Go(home)
	}

	p.Click("a")
	signIn(p, theUser, n.Info.User(theUser).Password)
	p.WaitText("Hello usr_")
	p.Click("form button")
	p.WaitURL(home)
	p.WaitText("Sign in")
	p.Click("a")
	p.WaitURL(n.Info.Issuer + "/signin/") // there it has ended, too
}

func browserSnippet(t *testing.T, n *newcomer) {
	address := freeAddress(t)
	s := n.setUp("browser", "Browser Notes", map[string]string{"redirect_uris": "http://" + address + "/"})
	if s.secret != "" {
		t.Error("a browser app has a secret")
	}
	site(t, address, s, http.StripPrefix("/curfew-js/", http.FileServerFS(js.FS)))
	p := n.page(t, s, "http://"+address+"/")
	n.revoke()
	p.WaitText("Signed out: revoked")
	n.signOutOf(p, "http://"+address+"/")
}

func spaSnippet(t *testing.T, n *newcomer) {
	address := freeAddress(t)
	s := n.setUp("spa", "Other Notes", map[string]string{"redirect_uris": "http://" + address + "/"})
	site(t, address, s, http.FileServerFS(os.DirFS(filepath.Join(nodeModules(t), "oidc-client-ts/dist/browser"))))
	p := n.page(t, s, "http://"+address+"/")
	p.Go("http://" + address + "/") // takes up its tokens and renews them
	p.WaitText("Hello usr_")
	n.revoke()
	p.Go("http://" + address + "/")
	p.WaitText("Signed out: the session has ended.")
	n.signOutOf(p, "http://"+address+"/")
}

// page signs in to an application that is a page.
func (n *newcomer) page(t *testing.T, s snippet, home string) *browser.Page {
	t.Helper()
	p := browser.New(t, browser.Options{})
	p.Allow("a status of 400", "a status of 401") // Chromium says so of the refusal
	p.Go(home)
	p.WaitText("Nobody is signed in.")
	p.Click("#sign-in")
	n.enter(p, s.name)
	p.WaitURL(home)
	p.WaitText("Hello usr_")
	return p
}

func (n *newcomer) signOutOf(p *browser.Page, home string) {
	n.t.Helper()
	p.Click("#sign-in")
	signIn(p, theUser, n.Info.User(theUser).Password)
	p.WaitURL(home)
	p.WaitText("Hello usr_")
	p.Click("#sign-out")
	p.WaitURL(home)
	p.WaitText("Nobody is signed in.")
	p.Click("#sign-in")
	p.WaitURL(n.Info.Issuer + "/signin/")
}

func nativeSnippet(t *testing.T, n *newcomer) {
	s := n.setUp("native", "Notes in the terminal", nil)
	binary := module(t, s)
	p := browser.New(t, browser.Options{AllowErrors: true}) // no icon for the tab
	app := launch(t, exec.Command(binary))
	p.Go(app.line("Open"))
	n.enter(p, s.name)
	p.WaitText("Go back to the terminal")
	who := app.line("Hello")
	if !strings.HasPrefix(who, "usr_") {
		t.Errorf("Hello %s", who)
	}
	app.say("")
	if still := app.line("Still"); still != who {
		t.Errorf("%s became %s", who, still)
	}
	n.revoke()
	app.say("")
	app.line("Signed")

	again := launch(t, exec.Command(binary))
	p.Go(again.line("Open"))
	signIn(p, theUser, n.Info.User(theUser).Password)
	p.WaitText("Go back to the terminal")
	again.line("Hello")
	again.say("out")
	p.Go(again.line("Open"))
	p.WaitURL(n.Info.Issuer)
	p.Go(n.Info.Issuer + "/account")
	p.WaitURL(n.Info.Issuer + "/signin/")
}

func curlSnippet(t *testing.T, n *newcomer) {
	s := n.setUp("curl", "Night Job", map[string]string{"scope": "users:read"})
	dir := t.TempDir()
	s.write(t, dir)
	cmd := exec.Command("sh", "-c", s.run)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(out, &token); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.Info.Issuer+"/v1/users", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token.AccessToken)
	var users struct{ Data []struct{ ID string } }
	if n.answer(req, &users); len(users.Data) == 0 {
		t.Error("the token opens nothing")
	}
}

// What the pages say to install is what the programs are run with here.
func TestSnippetsNameTheirVersions(t *testing.T) {
	source, err := os.ReadFile("../ui/admin/snippets.go")
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("snippets/package.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct{ Dependencies map[string]string }
	if err := json.Unmarshal(b, &manifest); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, m := range regexp.MustCompile(`([a-z0-9./-]+)@(v?[0-9]+\.[0-9.]+)`).FindAllStringSubmatch(string(source), -1) {
		named[m[1]] = true
		if strings.HasPrefix(m[2], "v") && !strings.Contains(string(mod), m[1]+" "+m[2]) || !strings.HasPrefix(m[2], "v") && manifest.Dependencies[m[1]] != m[2] {
			t.Errorf("%s@%s is not what the tests run", m[1], m[2])
		}
	}
	for name := range manifest.Dependencies {
		if !named[name] {
			t.Errorf("no snippet says to install %s", name)
		}
	}
	if len(named) < len(manifest.Dependencies)+2 {
		t.Errorf("only %v are named", named)
	}
}
