package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/curfew-id/curfew/cmd/curfew/dev"
	"github.com/curfew-id/curfew/e2e/browser"
	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/storage"
)

// newcomer is somebody who registers applications in the console, in a browser that runs no scripts, and runs what the page
// shows, on the machine's own clock: the programs read no other.
type newcomer struct {
	*house
	console *browser.Page
}

func startNewcomer(t *testing.T) *newcomer {
	t.Helper()
	h := start(t, "", func(o *dev.Options) { o.Clock = clock.System{} })
	n := &newcomer{house: h, console: browser.New(t, browser.Options{NoScript: true})}
	h.console(n.console)
	return n
}

// snippet is what the page of an application shows.
type snippet struct {
	name, secret, install, run string
	files                      map[string]string
}

// setUp goes through the guided set-up of a stack with these values, and takes the rest as it is proposed.
func (n *newcomer) setUp(stack, name string, values map[string]string) (s snippet) {
	n.t.Helper()
	p := n.console
	p.Go(n.Info.Issuer + "/admin/new-application")
	p.Click("a.stack[href$='stack=" + stack + "']")
	p.Fill("[name=client_name]", name)
	for field, value := range values {
		p.Fill("[name="+field+"]", value)
	}
	submit(p)
	p.WaitText("It is registered")
	read := func(id string) string {
		return browser.Eval[string](p, "document.querySelector('"+id+" code')?.textContent ?? ''")
	}
	s = snippet{name: name, secret: read("#secret-value"), install: read("#snippet-install"), run: read("#snippet-run"),
		files: browser.Eval[map[string]string](p, "Object.fromEntries([...document.querySelectorAll('[data-file]')].map((e) => [e.dataset.file, e.textContent]))")}
	if len(s.files) == 0 {
		n.t.Fatal("the page shows no program")
	}
	return s
}

// write puts the files of a program where it is run.
func (s snippet) write(t *testing.T, dir string) {
	t.Helper()
	for name, code := range s.files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(code), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// sessionID is that of the user's newest live session.
func (n *newcomer) sessionID() string {
	n.t.Helper()
	u, _, err := n.Server.Store.UserByIdentifier(n.t.Context(), "email", theUser)
	if err != nil {
		n.t.Fatal(err)
	}
	list, err := n.Server.Store.SessionViews(n.t.Context(), storage.SessionViewFilter{UserID: u.ID, Status: storage.StatusActive, Limit: 1}, n.Server.Clock.Now())
	if err != nil || len(list) == 0 {
		n.t.Fatalf("no session: %v", err)
	}
	return list[0].ID
}

// revoke ends the user's session over the management API.
func (n *newcomer) revoke() {
	n.t.Helper()
	c := n.Info.Client("demo-service")
	req, err := http.NewRequestWithContext(n.t.Context(), http.MethodPost, n.Info.Issuer+"/oauth/token",
		strings.NewReader(url.Values{"grant_type": {"client_credentials"}}.Encode()))
	if err != nil {
		n.t.Fatal(err)
	}
	req.SetBasicAuth(c.ClientID, c.ClientSecret)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var token struct {
		AccessToken string `json:"access_token"`
	}
	n.answer(req, &token)
	req, err = http.NewRequestWithContext(n.t.Context(), http.MethodPost, n.Info.Issuer+"/v1/sessions/"+n.sessionID()+"/revoke", nil)
	if err != nil {
		n.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token.AccessToken)
	var got struct{ Status string }
	if n.answer(req, &got); got.Status != "revoked" {
		n.t.Fatalf("the session is %q", got.Status)
	}
}

func (n *newcomer) answer(req *http.Request, to any) {
	n.t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		n.t.Fatal(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	if res.StatusCode >= 300 || json.Unmarshal(b, to) != nil {
		n.t.Fatalf("%s %s: %s: %s", req.Method, req.URL, res.Status, b)
	}
}

// enter signs the user in where the page has led, and lets the application have what it asks for.
func (n *newcomer) enter(p *browser.Page, application string) {
	n.t.Helper()
	signIn(p, theUser, n.Info.User(theUser).Password)
	p.WaitText(application)
	allow(p)
}

// freeAddress is a loopback address that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// program is a process of the test's.
type program struct {
	t   *testing.T
	in  io.WriteCloser
	out *bufio.Scanner

	mu   sync.Mutex
	errs strings.Builder
}

func (p *program) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.errs.Write(b)
}

func (p *program) complaints() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.errs.String()
}

// launch starts a program that ends with the test.
func launch(t *testing.T, cmd *exec.Cmd) *program {
	t.Helper()
	p := &program{t: t}
	var err error
	if p.in, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out, cmd.Stderr = bufio.NewScanner(out), p
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // one that has ended by itself is gone
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said: %s", cmd.Path, p.complaints())
		}
	})
	return p
}

// line reads one line that begins with a word, and returns the rest of it.
func (p *program) line(word string) string {
	p.t.Helper()
	for p.out.Scan() {
		if rest, ok := strings.CutPrefix(p.out.Text(), word+" "); ok {
			return rest
		}
	}
	p.t.Fatalf("no line begins with %s: %v: %s", word, p.out.Err(), p.complaints())
	return ""
}

func (p *program) say(line string) {
	p.t.Helper()
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		p.t.Fatal(err)
	}
}

// waitFor waits until something listens at an address.
func waitFor(t *testing.T, address string, p *program) {
	t.Helper()
	for range 200 {
		if c, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			_ = c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("nothing listens at %s: %s", address, p.complaints())
}

// module makes a directory into a module with the versions of this repository, and builds the program in it.
func module(t *testing.T, s snippet) (binary string) {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s.write(t, dir)
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(mod), "module github.com/curfew-id/curfew", "module hello", 1) +
		"\nrequire github.com/curfew-id/curfew v0.0.0\nreplace github.com/curfew-id/curfew => " + root + "\n"
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"go.mod": []byte(text), "go.sum": sum} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"vet", "."}, {"build", "-o", "hello", "."}} {
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", args[0], err, out)
		}
	}
	return filepath.Join(dir, "hello")
}

// site serves the files of a program and what it installs, at the address it was registered with.
func site(t *testing.T, address string, s snippet, installed http.Handler) {
	t.Helper()
	dir := t.TempDir()
	s.write(t, dir)
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServerFS(os.DirFS(dir)))
	mux.Handle("/curfew-js/", installed)
	mux.Handle("/oidc-client-ts.min.js", installed)
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	srv := &httptest.Server{Listener: l, Config: &http.Server{Handler: mux}}
	srv.Start()
	t.Cleanup(srv.Close)
}

// nodeModules is where the packages of the snippets are.
func nodeModules(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("snippets/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, ".package-lock.json")); err != nil {
		t.Fatal("the packages of e2e/snippets are not installed: make tools")
	}
	return dir
}
