package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const testIssuer = "https://id.example.com"

// install is a configuration by environment, for commands and servers on one database.
type install struct {
	t   *testing.T
	env []string
}

func newInstall(t *testing.T, database string, env ...string) *install {
	return &install{t, append(append(os.Environ(), "CURFEW_ISSUER="+testIssuer, "CURFEW_DATABASE_URL="+database,
		"CURFEW_KEY_ENCRYPTION_KEY="+newKey(), "CURFEW_LISTEN=127.0.0.1:0", "CURFEW_METRICS_LISTEN=127.0.0.1:0"), env...)}
}

// run runs a command to its end and returns what it printed.
func (i *install) run(args ...string) string {
	i.t.Helper()
	cmd := exec.CommandContext(i.t.Context(), "curfew", args...)
	cmd.Env = i.env
	out, err := cmd.Output()
	if err != nil {
		said := ""
		if e, ok := err.(*exec.ExitError); ok {
			said = string(e.Stderr)
		}
		i.t.Fatalf("curfew %s: %v\n%s", strings.Join(args, " "), err, said)
	}
	return string(out)
}

// object runs a command with --json and returns its answer.
func (i *install) object(args ...string) (doc map[string]any) {
	i.t.Helper()
	if err := json.Unmarshal([]byte(i.run(append(args, "--json")...)), &doc); err != nil {
		i.t.Fatalf("curfew %v: %v", args, err)
	}
	return doc
}

// process is a running `curfew serve`.
type process struct {
	t               *testing.T
	cmd             *exec.Cmd
	public, metrics string // URLs

	listening chan struct{} // closed when both addresses are known
	ended     chan struct{} // closed after err is set
	err       error

	mu   sync.Mutex
	logs bytes.Buffer
}

// start runs `curfew serve`; up waits until it listens.
func (i *install) start() *process {
	i.t.Helper()
	p := &process{t: i.t, cmd: exec.Command("curfew", "serve"), listening: make(chan struct{}), ended: make(chan struct{})}
	p.cmd.Env = i.env
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		i.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		i.t.Fatal(err)
	}
	go func() {
		p.read(stderr)
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	i.t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // most have ended
		<-p.ended
		if i.t.Failed() {
			i.t.Logf("the server's log:\n%s", p.log())
		}
	})
	return p
}

func (p *process) read(stderr io.Reader) {
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		p.mu.Lock()
		p.logs.Write(append(lines.Bytes(), '\n'))
		p.mu.Unlock()
		var line struct{ Msg, Listener, Address string }
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Msg != "listening" {
			continue
		}
		switch line.Listener {
		case "public":
			p.public = "http://" + line.Address
		case "metrics":
			p.metrics = "http://" + line.Address
			close(p.listening)
		}
	}
}

func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.logs.String()
}

func (p *process) up() *process {
	p.t.Helper()
	select {
	case <-p.listening:
	case <-p.ended:
		p.t.Fatalf("curfew serve ended: %v", p.err)
	case <-time.After(time.Minute):
		p.t.Fatal("curfew serve does not listen")
	}
	return p
}

// stop asks the server to stop.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
}

// gone waits for the end, which must be a clean one.
func (p *process) gone() {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(time.Minute):
		p.t.Fatal("curfew serve does not end")
	}
	if p.err != nil {
		p.t.Errorf("curfew serve: %v", p.err)
	}
}

// client keeps no connections: every request shows whether a new one is accepted.
var testClient = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// fetch sends a request; status 0 is no answer.
func fetch(t *testing.T, req *http.Request) (status int, body string) {
	t.Helper()
	resp, err := testClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(b)
}

func get(t *testing.T, address string) (int, string) {
	t.Helper()
	return fetch(t, request(t, http.MethodGet, address, ""))
}

func request(t *testing.T, method, address, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// token gets an access token by client credentials.
func (p *process) token(clientID, secret, scope string) string {
	p.t.Helper()
	token, answer := p.askToken(clientID, secret, scope)
	if token == "" {
		p.t.Fatalf("token: %s", answer)
	}
	return token
}

// askToken returns no token if the server gives none.
func (p *process) askToken(clientID, secret, scope string) (token, answer string) {
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}
	req := request(p.t, http.MethodPost, p.public+"/oauth/token", form.Encode())
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(clientID, secret)
	_, body := fetch(p.t, req)
	var doc struct {
		AccessToken string `json:"access_token"`
	}
	_ = json.Unmarshal([]byte(body), &doc) // an answer that is none holds no token
	return doc.AccessToken, body
}

// call sends a request to the management API.
func (p *process) call(token, method, path, body string) (int, string) {
	p.t.Helper()
	req := request(p.t, method, p.public+path, body)
	req.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return fetch(p.t, req)
}

// eventually waits for something to come true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}
