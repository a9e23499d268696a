package server_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/curfew-id/curfew/cmd/curfew/server"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/internal/pgtest"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// What the server does is told at once, what another process does within seconds, and mail that is left to an endpoint goes
// there.
func TestServerSendsWebhooks(t *testing.T) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": storagetest.SQLite, "postgres": func(t testing.TB) string { return pgtest.New(t) }} {
		t.Run(name, func(t *testing.T) { sendsWebhooks(t, url(t)) })
	}
}

func sendsWebhooks(t *testing.T, url string) {
	type event struct {
		Type string
		Data map[string]any
	}
	told := make(chan event, 100)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var e event
		if err := json.NewDecoder(r.Body).Decode(&e); err != nil || r.Header.Get(webhook.HeaderSignature) == "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		told <- e
	}))
	t.Cleanup(app.Close)
	s, err := server.Open(t.Context(), server.Options{Issuer: "http://localhost:1", DatabaseURL: url, MasterKey: make([]byte, 32), Migrate: true,
		MailByWebhook: true, AllowPrivate: httpx.Loopback(), Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	must(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
		must(t, s.Close())
	})
	_, _, err = s.Webhooks.Create(t.Context(), s.Store, webhook.Fields{URL: app.URL,
		Events: []webhook.Event{webhook.UserCreated, webhook.EmailCreated}}, webhook.HMAC, "test")
	must(t, err)

	elsewhere := storagetest.Open(t, url)
	webhook.Record(elsewhere, api.Documents())
	for _, act := range []struct {
		do     func() error
		told   string
		within time.Duration
	}{
		{func() error {
			_, err := s.Users.Create(t.Context(), s.Store, user.NewUser{Email: "here@example.com", Kind: audit.SignedUp})
			return err
		}, "user.created", time.Second},
		{func() error {
			_, err := user.New(elsewhere, s.Clock).Create(t.Context(), elsewhere, user.NewUser{Email: "there@example.com", Kind: audit.UserCreated})
			return err
		}, "user.created", 4 * time.Second},
		{func() error {
			return s.Outbox.Mail(delivery.Mail{Kind: delivery.SignInCode, To: "here@example.com", Subject: "Code", Text: "049312"})
		}, "email.created", 4 * time.Second},
	} {
		began := time.Now()
		must(t, act.do())
		select {
		case e := <-told:
			if e.Type != act.told || e.Type == "email.created" && e.Data["body_plain"] != "049312" {
				t.Errorf("%+v", e)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s was not told", act.told)
		}
		if took := time.Since(began); took > act.within {
			t.Errorf("%s took %s, want %s at most", act.told, took, act.within)
		}
	}
}
