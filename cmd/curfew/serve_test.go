package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/pgtest"
	"github.com/curfew-id/curfew/storage"
)

// TestServe runs the server as a process of its own on PostgreSQL.
func TestServe(t *testing.T) {
	dsn := pgtest.New(t)
	logo := filepath.Join(t.TempDir(), "logo.svg")
	if err := os.WriteFile(logo, []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), 0o600); err != nil {
		t.Fatal(err)
	}
	i := newInstall(t, dsn, "CURFEW_SHUTDOWN_TIMEOUT=4s", "CURFEW_BRANDING_LOGO="+logo, "CURFEW_BRANDING_NAME=Example")
	i.run("migrate")
	client := i.object("client", "create", "--id", "service", "--grant", "client_credentials", "--scope", "users:read oauth_applications:read sessions:read")
	secret, _ := client["client_secret"].(string)
	p := i.start().up()

	t.Run("looked at", func(t *testing.T) { lookAt(t, p) })
	t.Run("same documents", func(t *testing.T) { sameDocuments(t, i, p, dsn, secret) })
	t.Run("stopped", func(t *testing.T) { stopInFlight(t, p, secret) })
	if strings.Contains(p.log(), secret) {
		t.Error("the client's secret is in the log")
	}
}

func lookAt(t *testing.T, p *process) {
	for _, c := range []struct {
		url    string
		status int
		body   string
	}{
		{p.public + "/healthz", 200, "ok\n"},
		{p.public + "/readyz", 200, "ready\n"},
		{p.public + "/.well-known/openid-configuration", 200, `"issuer":"` + testIssuer + `"`},
		{p.public + "/.well-known/jwks.json", 200, `"ES256"`},
		{p.metrics + "/metrics", 200, "curfew_build_info{"},
		{p.metrics + "/readyz", 404, ""},
		{p.public + "/metrics", 404, ""},
	} {
		if status, body := get(t, c.url); status != c.status || !strings.Contains(body, c.body) {
			t.Errorf("%s: %d %.200q, want %d with %q", c.url, status, body, c.status, c.body)
		}
	}
	// A request is counted and logged after it was answered.
	eventually(t, "the request to /healthz is counted", func() bool {
		_, metrics := get(t, p.metrics+"/metrics")
		return strings.Contains(metrics, `curfew_http_requests_total{route="GET /healthz",status="2xx"} 1`)
	})
	eventually(t, "the request to /healthz has one line", func() bool {
		return strings.Count(p.log(), `"route":"GET /healthz"`) == 1
	})
	_, page := get(t, p.public+"/nowhere")
	path := regexp.MustCompile(`/brand/logo-[0-9a-f]{16}\.svg`).FindString(page)
	if status, body := get(t, p.public+path); path == "" || status != 200 || !strings.HasPrefix(body, "<svg") {
		t.Errorf("the logo %q: %d %.100q", path, status, body)
	}
	if status, _ := get(t, p.public+"/brand/other.svg"); status != 404 {
		t.Errorf("/brand/other.svg: %d", status)
	}
}

// sameDocuments compares what commands print with what the management API answers.
func sameDocuments(t *testing.T, i *install, p *process, dsn, secret string) {
	who := i.object("user", "create", "--email", "ann@example.com", "--name", "Ann Example")
	userID, _ := who["id"].(string)
	sessionID := startSession(t, dsn, userID)
	token := p.token("service", secret, "users:read oauth_applications:read sessions:read")
	for path, args := range map[string][]string{
		"/v1/users/" + userID:            {"user", "show", userID},
		"/v1/oauth_applications/service": {"client", "show", "service"},
		"/v1/sessions/" + sessionID:      {"session", "show", sessionID},
	} {
		status, body := p.call(token, http.MethodGet, path, "")
		var want map[string]any
		if err := json.Unmarshal([]byte(body), &want); err != nil || status != 200 {
			t.Errorf("%s: %d %s", path, status, body)
			continue
		}
		if diff := cmp.Diff(want, i.object(args...)); diff != "" {
			t.Errorf("curfew %s is not what %s answers (-API +command):\n%s", strings.Join(args, " "), path, diff)
		}
	}
}

func startSession(t *testing.T, dsn, userID string) string {
	store, err := storage.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	now := clock.System{}.Now()
	n := &storage.Session{UserID: userID, ID: id.New(id.Session), Kind: storage.KindBrowser, AMR: "pwd", IPAddress: "198.51.100.7",
		UserAgent:       "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
		AuthenticatedAt: storage.At(now), CreatedAt: storage.At(now), LastActiveAt: storage.At(now),
		IdleTTL: time.Hour.Microseconds(), ExpiresAt: storage.At(now.Add(24 * time.Hour))}
	if err := store.StartSession(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	return n.ID
}

// stopInFlight asks the server to stop while a request has been sent by half.
func stopInFlight(t *testing.T, p *process, secret string) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.public, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const body = "grant_type=client_credentials&scope=users:read"
	req := request(t, http.MethodPost, p.public+"/oauth/token", "")
	req.SetBasicAuth("service", secret)
	fmt.Fprintf(conn, "POST /oauth/token HTTP/1.1\r\nHost: id.example.com\r\nAuthorization: %s\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", req.Header.Get("Authorization"), len(body), body[:10])
	eventually(t, "the request is being answered", func() bool {
		_, metrics := get(t, p.metrics+"/metrics")
		return strings.Contains(metrics, "\ncurfew_http_requests_in_flight 1\n")
	})

	p.stop()
	eventually(t, "/readyz says that the server stops", func() bool {
		status, body := get(t, p.public+"/readyz")
		return status == 503 && body == "not ready: stopping\n"
	})
	if status, _ := get(t, p.public+"/healthz"); status != 200 {
		t.Errorf("/healthz while load balancers turn away: %d", status)
	}
	eventually(t, "new connections are refused", func() bool {
		status, _ := get(t, p.public+"/healthz")
		return status == 0
	})
	select {
	case <-p.ended:
		t.Fatal("the server ended with a request in flight")
	default:
	}
	if _, err := io.WriteString(conn, body[10:]); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		t.Fatalf("the request in flight was not answered: %v", err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 || !strings.Contains(string(b), `"access_token"`) {
		t.Errorf("the request in flight: %d %s", resp.StatusCode, b)
	}
	p.gone()
}
