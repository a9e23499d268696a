package foreign

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/curfew-id/curfew/cmd/curfew/server"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/op/webhook"
)

// journal keeps what is logged.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// never is a mailer that must have nothing to do.
type never struct{ *testing.T }

func (n never) SendMail(context.Context, delivery.Mail) error {
	n.Error("curfew has sent a mail itself")
	return nil
}

var sentCode = regexp.MustCompile(`\b[0-9]{6}\b`)

// Where mail is left to an endpoint, somebody signs in by the code that its receiver was told and delivers; curfew sends nothing,
// and the code stands neither in the database nor in a log nor in what the log of deliveries shows. While nobody takes the mail,
// the log says so.
func TestSignInByACodeThatTheReceiverDelivers(t *testing.T) {
	mailed := make(chan map[string]any, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var e struct {
			Type string
			Data map[string]any
		}
		if err := json.NewDecoder(r.Body).Decode(&e); err != nil || e.Type != "email.created" {
			t.Errorf("%s: %v", e.Type, err)
		}
		mailed <- e.Data
	}))
	t.Cleanup(receiver.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	issuer, logged := "http://localhost:"+port, new(journal)
	data := t.TempDir()
	s, err := server.Open(t.Context(), server.Options{Issuer: issuer, DatabaseURL: filepath.Join(data, "curfew.db"), MasterKey: make([]byte, 32), Migrate: true,
		Mailer: never{t}, MailByWebhook: true, AllowPrivate: httpx.Loopback(),
		Log: slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	web := &http.Server{Handler: s.Handler, ReadHeaderTimeout: 5 * time.Second}
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	running.Go(func() { _ = web.Serve(l) })
	t.Cleanup(func() {
		_ = web.Close()
		cancel()
		running.Wait()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	e, _, err := s.Webhooks.Create(t.Context(), s.Store, webhook.Fields{URL: receiver.URL, Events: []webhook.Event{webhook.EmailCreated}}, webhook.HMAC, "test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Users.Create(t.Context(), s.Store, user.NewUser{Email: person, Kind: audit.UserCreated, By: "test"}); err != nil {
		t.Fatal(err)
	}

	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar, Timeout: time.Minute}
	do := func(res *http.Response, err error) (at *url.URL, body string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s: %v: %s", res.Request.URL, res.Status, err, b)
		}
		return res.Request.URL, string(b)
	}
	signIn, _ := do(browser.Get(issuer + "/account"))
	do(browser.PostForm(signIn.String()+"/identify", url.Values{"email": {person}}))
	do(browser.PostForm(signIn.String()+"/method", url.Values{"method": {"email_code"}}))
	var mail map[string]any
	select {
	case mail = <-mailed:
	case <-time.After(time.Minute):
		t.Fatalf("the receiver was told of no mail: %s", logged)
	}
	text, _ := mail["body_plain"].(string)
	code := sentCode.FindString(text)
	if mail["to_email_address"] != person || mail["slug"] != "sign_in_code" || mail["delivered_by_curfew"] != false || code == "" {
		t.Fatalf("%v", mail)
	}
	do(browser.PostForm(signIn.String()+"/code", url.Values{"code": {code}}))
	if at, body := do(browser.Get(issuer + "/account")); !strings.HasPrefix(at.Path, "/account") || !strings.Contains(body, person) {
		t.Fatalf("not signed in: %s", at)
	}

	list, err := s.Webhooks.Log(t.Context(), e.ID, "", "", 10)
	if err != nil || len(list) == 0 {
		t.Fatalf("%d deliveries: %v", len(list), err)
	}
	for _, d := range list { // the code, and that there was a sign-in
		shown, err := s.Webhooks.Payload(t.Context(), e, d.MessageID)
		if err != nil || strings.Contains(string(shown), code) || strings.Contains(string(shown), "body") || !strings.Contains(string(shown), person) {
			t.Errorf("%v: %s", err, shown)
		}
	}
	if strings.Contains(logged.String(), code) {
		t.Error("the code is logged")
	}
	files, err := os.ReadDir(data)
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(data, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(code+" ")) || bytes.Contains(b, []byte("body_plain")) {
			t.Errorf("the mail stands in %s", f.Name())
		}
	}

	// With the endpoint gone, whoever asks for a code sees the same page and gets none: that is for the operator to hear.
	if err := s.Webhooks.Delete(t.Context(), s.Store, e, "test"); err != nil {
		t.Fatal(err)
	}
	jar, _ = cookiejar.New(nil)
	browser.Jar = jar
	signIn, _ = do(browser.Get(issuer + "/account"))
	do(browser.PostForm(signIn.String()+"/identify", url.Values{"email": {person}}))
	do(browser.PostForm(signIn.String()+"/method", url.Values{"method": {"email_code"}}))
	for deadline := time.Now().Add(time.Minute); !strings.Contains(logged.String(), webhook.ErrNobodyDelivers.Error()); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing is said of a mail that nobody delivers")
		}
	}
}
