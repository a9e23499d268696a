package foreign

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// packages says what is missing for the relying parties from npm, if anything.
func packages(dir string) error {
	if _, err := exec.LookPath("node"); err != nil {
		return errors.New("Node.js is not installed: make tools")
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json")); err != nil {
		return fmt.Errorf("the packages of e2e/foreign/%s are not installed: make tools", dir)
	}
	return nil
}

func needPackages(t *testing.T) {
	t.Helper()
	if err := packages("npm"); err != nil {
		t.Fatal(err)
	}
}

func TestMissingToolsAreNamed(t *testing.T) {
	if _, err := exec.LookPath("node"); err == nil {
		if err := packages("nowhere"); err == nil || !strings.Contains(err.Error(), "make tools") {
			t.Errorf("without packages: %v", err)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if err := packages("npm"); err == nil || !strings.Contains(err.Error(), "make tools") {
		t.Errorf("without Node.js: %v", err)
	}
}

// nodeParty is npm/relying-party.js at work, or another script that speaks as it does.
type nodeParty struct {
	t      *testing.T
	origin string
	jwk    json.RawMessage
	in     io.Writer
	out    *bufio.Reader
	errors *bytes.Buffer // safe to read when the process has closed its output
}

// newNodeParty starts one, which ends with the test, or with whatever ends that: its input closes.
func newNodeParty(t *testing.T) *nodeParty { return startNode(t, "relying-party.js") }

// startNode starts a script of npm that speaks as relying-party.js does.
func startNode(t *testing.T, script string) *nodeParty {
	t.Helper()
	needPackages(t)
	n := &nodeParty{t: t, errors: new(bytes.Buffer)}
	cmd := exec.Command("node", script)
	cmd.Dir, cmd.Stderr = "npm", n.errors
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // a process that has ended by itself has closed it
		late := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		defer late.Stop()
		if err := cmd.Wait(); err != nil || n.errors.Len() > 0 {
			t.Errorf("%s: %v\n%s", script, err, n.errors)
		}
	})
	n.in, n.out = in, bufio.NewReader(out)
	var said struct {
		Origin string
		JWK    json.RawMessage
	}
	n.read(&said)
	n.origin, n.jwk = said.Origin, said.JWK
	return n
}

// connect tells it what it was registered as.
func (n *nodeParty) connect(issuer, method string, a application) {
	n.t.Helper()
	n.tell(map[string]string{"issuer": issuer, "token_endpoint_auth_method": method, "client_id": a.ClientID,
		"client_secret": a.ClientSecret})
}

// tell is connect for any kind of registration.
func (n *nodeParty) tell(registered map[string]string) {
	n.t.Helper()
	if err := json.NewEncoder(n.in).Encode(registered); err != nil {
		n.t.Fatal(err)
	}
	var said struct{ PKCE bool }
	if n.read(&said); !said.PKCE {
		n.t.Error("discovery does not say that PKCE is there")
	}
}

func (n *nodeParty) read(v any) {
	n.t.Helper()
	line, err := n.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, v)
	}
	if err != nil {
		n.t.Fatalf("the relying party said %q: %v", line, err) // the clean-up adds why
	}
}

// nodeAnswer is what openid-client made of an answer: claims, an introspection, or an error.
type nodeAnswer struct {
	Error     string
	Message   string
	Subject   string `json:"sub"`
	SessionID string `json:"sid"`
	ClientID  string `json:"client_id"`
	Email     string
	Active    bool
	Scope     string
}

// do lets it do something with its tokens.
func (n *nodeParty) do(action string) (a nodeAnswer) {
	n.t.Helper()
	req, err := http.NewRequestWithContext(n.t.Context(), http.MethodPost, n.origin+"/"+action, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	exchange(n.t, req, &a)
	return a
}

// must is do for what has to succeed.
func (n *nodeParty) must(action string) nodeAnswer {
	n.t.Helper()
	a := n.do(action)
	if a.Error != "" {
		n.t.Fatalf("%s: %s: %s", action, a.Error, a.Message)
	}
	return a
}

// refused is do for what has to be refused with an error code.
func (n *nodeParty) refused(action, code string) {
	n.t.Helper()
	if a := n.do(action); a.Error != code {
		n.t.Errorf("%s: %+v, want %s", action, a, code)
	}
}
