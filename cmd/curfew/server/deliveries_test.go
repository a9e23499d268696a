package server_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/curfew-id/curfew/cmd/curfew/server"
	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/pgtest"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// An end in the server itself reaches the app at once, one by another process that shares the database within seconds.
func TestServerTellsApps(t *testing.T) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": storagetest.SQLite, "postgres": func(t testing.TB) string { return pgtest.New(t) }} {
		t.Run(name, func(t *testing.T) { tellsApps(t, url(t)) })
	}
}

func tellsApps(t *testing.T, url string) {
	told := make(chan struct{}, 100)
	app := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("logout_token") != "" {
			told <- struct{}{}
		}
	}))
	t.Cleanup(app.Close)
	s, err := server.Open(t.Context(), server.Options{Issuer: "http://localhost:1", DatabaseURL: url, MasterKey: make([]byte, 32), Migrate: true,
		Mailer: delivery.NewMailbox(clock.System{}), AllowPrivate: httpx.Loopback(), Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	must(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
		must(t, s.Close())
	})

	c, _, err := s.Clients.Register(t.Context(), s.Store, "", client.Metadata{RedirectURIs: []string{"https://app.example.com/cb"},
		BackchannelLogoutURI: app.URL})
	must(t, err)
	u, err := s.Users.Create(t.Context(), s.Store, user.NewUser{Email: "user@example.com", Kind: audit.SignedUp})
	must(t, err)
	elsewhere := storagetest.Open(t, url)
	for _, end := range []struct {
		by     *storage.Store
		within time.Duration
	}{{s.Store, time.Second}, {elsewhere, 4 * time.Second}} {
		n := session(t, s, u.ID, c.ID)
		began := time.Now()
		_, err := logout.NewDoor(end.by, s.Clients, s.Clock).End(t.Context(), end.by, n,
			logout.Cause{Status: storage.StatusRevoked, Reason: logout.Revoked, By: "cli"})
		must(t, err)
		select {
		case <-told:
		case <-time.After(time.Minute):
			t.Fatal("the app was not told")
		}
		if took := time.Since(began); took > end.within {
			t.Errorf("took %s, want %s at most", took, end.within)
		}
	}
}

// session starts one in which an app takes part.
func session(t *testing.T, s *server.Server, userID, clientID string) *storage.Session {
	t.Helper()
	now := s.Clock.Now()
	n := &storage.Session{UserID: userID, ID: id.New(id.Session), Kind: storage.KindBrowser, AuthenticatedAt: storage.At(now),
		CreatedAt: storage.At(now), LastActiveAt: storage.At(now), IdleTTL: time.Hour.Microseconds(), ExpiresAt: storage.At(now.Add(time.Hour))}
	must(t, s.Store.StartSession(t.Context(), n))
	code := &storage.Code{Hash: secret.Bytes(32), ClientID: clientID, UserID: userID, SessionID: n.ID, Scope: "openid",
		FamilyID: id.New(id.Family), CreatedAt: storage.At(now), ExpiresAt: storage.At(now.Add(time.Minute))}
	must(t, s.Store.InsertCode(t.Context(), code))
	_, _, err := s.Store.Redeem(t.Context(), storage.Redemption{Hash: code.Hash, ClientID: clientID, Now: now})
	must(t, err)
	return n
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
