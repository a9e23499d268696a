package foreign

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/cmd/curfew/dev"
	"github.com/curfew-id/curfew/e2e/browser"
	"github.com/curfew-id/curfew/op/session"
)

// house is a running `curfew dev` on the machine's own clock: the relying parties read no other.
type house struct {
	*dev.Dev
	t *testing.T
}

// start serves a fresh curfew until the test ends.
func start(t *testing.T) *house { return startWith(t, session.Options{}) }

func startWith(t *testing.T, sessions session.Options) *house {
	t.Helper()
	d, err := dev.Start(t.Context(), dev.Options{Data: t.TempDir(), Listen: "127.0.0.1:0", DemoListen: "127.0.0.1:0",
		Sessions: sessions})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return &house{Dev: d, t: t}
}

// application is a registered relying party.
type application struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret,omitempty"`
}

// register registers a relying party over the management API, as its developer would.
func (h *house) register(metadata map[string]any) (a application) {
	h.t.Helper()
	h.manage("/v1/oauth_applications", metadata, &a)
	if a.ClientID == "" {
		h.t.Fatal("the new application has no client_id")
	}
	return a
}

// revoke ends a session over the management API.
func (h *house) revoke(sessionID string) {
	h.t.Helper()
	var got struct{ Status string }
	h.manage("/v1/sessions/"+sessionID+"/revoke", nil, &got)
	if got.Status != "revoked" {
		h.t.Fatalf("the session is %q after it was revoked", got.Status)
	}
}

// manage posts to the management API.
func (h *house) manage(path string, body, answer any) {
	h.t.Helper()
	h.manageBy(http.MethodPost, path, body, answer)
}

// manageBy calls the management API with a token of demo-service's that is new enough to live through the call.
func (h *house) manageBy(method, path string, body, answer any) {
	h.t.Helper()
	c := h.Info.Client("demo-service")
	var token struct {
		AccessToken string `json:"access_token"`
	}
	h.post("/oauth/token", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.ClientID+":"+c.ClientSecret)),
		"application/x-www-form-urlencoded", strings.NewReader(url.Values{"grant_type": {"client_credentials"}}.Encode()), &token)
	var sent bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&sent).Encode(body); err != nil {
			h.t.Fatal(err)
		}
	}
	h.send(method, path, "Bearer "+token.AccessToken, "application/json", &sent, answer)
}

func (h *house) post(path, authorization, contentType string, body io.Reader, answer any) {
	h.t.Helper()
	h.send(http.MethodPost, path, authorization, contentType, body, answer)
}

func (h *house) send(method, path, authorization, contentType string, body io.Reader, answer any) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.Info.Issuer+path, body)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", authorization)
	req.Header.Set("Content-Type", contentType)
	exchange(h.t, req, answer)
}

// exchange sends a request and decodes the answer, which must be a success.
func exchange(t *testing.T, req *http.Request, answer any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(req.Context(), 30*time.Second)
	defer cancel()
	res, err := http.DefaultClient.Do(req.WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode >= 300 {
		t.Fatalf("%s %s: %s: %s", req.Method, req.URL, res.Status, b)
	}
	if err := json.Unmarshal(b, answer); err != nil {
		t.Fatalf("%s %s: %v in %s", req.Method, req.URL, err, b)
	}
}

const person = "user@example.com"

// signIn goes through the hosted pages as the person that `curfew dev` has made, and lets an application have what it asks
// for.
func (h *house) signIn(p *browser.Page, application string) {
	h.t.Helper()
	h.enter(p)
	h.consent(p, application)
}

// enter says who the person is. The browser must stand, or be about to, where somebody is asked that.
func (h *house) enter(p *browser.Page) {
	h.t.Helper()
	const next = "main form button[type=submit], main form button:not([type])"
	p.WaitURL(h.Info.Issuer + "/signin/")
	p.Fill("input[name=email]", person)
	p.Click(next)
	p.Fill("input[name=password]", h.Info.User(person).Password)
	p.Click(next)
}

// consent lets an application have what it asks for.
func (h *house) consent(p *browser.Page, application string) {
	h.t.Helper()
	p.WaitText(application)
	p.Click("button[value=allow]")
}

// serve is the origin of a relying party: another site than the provider, as in real life.
func serve(t *testing.T) (origin string, mux *http.ServeMux) {
	t.Helper()
	mux = http.NewServeMux()
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL, mux
}

// sessionOf reads the session that a token is about. What it reads was verified by whoever gave it to the test.
func sessionOf(t *testing.T, jwt string) string {
	t.Helper()
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		t.Fatalf("not a JWT: %s", jwt)
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		SessionID string `json:"sid"`
	}
	if err := json.Unmarshal(b, &claims); err != nil {
		t.Fatal(err)
	}
	if claims.SessionID == "" {
		t.Fatalf("no sid in %s", b)
	}
	return claims.SessionID
}
