package apiclient_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/cmd/curfew/server"
	"github.com/curfew-id/curfew/e2e/apiclient"
	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/pgtest"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/apikey"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// The generated client manages users, sessions and applications of a whole server, by an API key.
func TestGeneratedClientManages(t *testing.T) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": storagetest.SQLite, "postgres": func(t testing.TB) string { return pgtest.New(t) }} {
		t.Run(name, func(t *testing.T) { manages(t, url(t)) })
	}
}

func manages(t *testing.T, database string) {
	ctx := t.Context()
	s, err := server.Open(ctx, server.Options{Issuer: "http://localhost:1", DatabaseURL: database, MasterKey: make([]byte, 32), Migrate: true,
		Mailer: delivery.NewMailbox(clock.System{}), Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	must(t, err)
	web := httptest.NewServer(s.Handler)
	t.Cleanup(func() {
		web.Close()
		must(t, s.Close())
	})
	_, key, err := s.APIKeys.Create(ctx, s.Store, apikey.NewKey{Name: "test", Scopes: api.Scopes, By: "cli", Kind: storage.MadeByCLI})
	must(t, err)
	c, err := apiclient.NewClientWithResponses(web.URL, apiclient.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+key)
		return nil
	}))
	must(t, err)

	// A user, made once however often it is asked for.
	once, name := "first", "Ada"
	var userID string
	for range 2 {
		made, err := c.CreateUserWithResponse(ctx, &apiclient.CreateUserParams{IdempotencyKey: &once}, apiclient.NewUser{Email: "ada@example.com", Name: &name})
		must(t, err)
		if made.JSON201 == nil || *made.JSON201.EmailAddress != "ada@example.com" || userID != "" && made.JSON201.Id != userID {
			t.Fatalf("%s", made.Body)
		}
		userID = made.JSON201.Id
	}
	query := "ad"
	found, err := c.ListUsersWithResponse(ctx, &apiclient.ListUsersParams{Query: &query})
	must(t, err)
	if found.JSON200 == nil || len(found.JSON200.Data) != 1 || found.JSON200.Data[0].Id != userID {
		t.Fatalf("%s", found.Body)
	}
	taken, err := c.CreateUserWithResponse(ctx, &apiclient.CreateUserParams{}, apiclient.NewUser{Email: "ADA@example.com"})
	must(t, err)
	if p := taken.ApplicationproblemJSONDefault; p == nil || p.Code != "taken" || p.Status != http.StatusConflict {
		t.Errorf("%s", taken.Body)
	}

	// An application and its new secret.
	uris, client := []string{"https://app.example.com/cb"}, "Shop"
	app, err := c.CreateOauthApplicationWithResponse(ctx, &apiclient.CreateOauthApplicationParams{}, apiclient.ApplicationFields{ClientName: &client, RedirectUris: &uris})
	must(t, err)
	if app.JSON201 == nil || app.JSON201.ClientSecret == nil {
		t.Fatalf("%s", app.Body)
	}
	fresh, err := c.RotateOauthApplicationSecretWithResponse(ctx, app.JSON201.Id, nil)
	must(t, err)
	if fresh.JSON200 == nil || *fresh.JSON200.ClientSecret == *app.JSON201.ClientSecret {
		t.Errorf("%s", fresh.Body)
	}

	// A session is seen and ended.
	now := storage.At(s.Clock.Now())
	row := &storage.Session{UserID: userID, ID: id.New(id.Session), Kind: storage.KindBrowser, AuthenticatedAt: now, CreatedAt: now, LastActiveAt: now,
		IdleTTL: time.Hour.Microseconds(), ExpiresAt: storage.At(now.Add(time.Hour))}
	must(t, s.Store.StartSession(ctx, row))
	list, err := c.ListSessionsWithResponse(ctx, &apiclient.ListSessionsParams{UserId: &userID})
	must(t, err)
	if list.JSON200 == nil || len(list.JSON200.Data) != 1 || list.JSON200.Data[0].Status != "active" {
		t.Fatalf("%s", list.Body)
	}
	ended, err := c.RevokeSessionWithResponse(ctx, row.ID, nil)
	must(t, err)
	if ended.JSON200 == nil || ended.JSON200.Status != "revoked" {
		t.Errorf("%s", ended.Body)
	}
	gone, err := c.DeleteUserWithResponse(ctx, userID, &apiclient.DeleteUserParams{})
	must(t, err)
	missing, err := c.GetUserWithResponse(ctx, userID)
	must(t, err)
	if gone.JSON200 == nil || !gone.JSON200.Deleted || missing.StatusCode() != http.StatusNotFound {
		t.Errorf("%s %s", gone.Body, missing.Body)
	}
}

// The client has a method for each operation of today's description that it was made for; go generate makes it anew.
func TestClientIsOfToday(t *testing.T) {
	b, err := os.ReadFile("../../op/api/testdata/openapi.json")
	must(t, err)
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string   `json:"operationId"`
			Tags        []string `json:"tags"`
		}
	}
	must(t, json.Unmarshal(b, &doc))
	made, n := reflect.TypeFor[*apiclient.Client](), 0
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if !slices.ContainsFunc(op.Tags, func(tag string) bool {
				return slices.Contains([]string{"users", "sessions", "oauth_applications"}, tag)
			}) {
				continue
			}
			n++
			var name strings.Builder
			for word := range strings.SplitSeq(op.OperationID, "-") {
				name.WriteString(strings.ToUpper(word[:1]) + word[1:])
			}
			_, ok := made.MethodByName(name.String())
			if _, withBody := made.MethodByName(name.String() + "WithBody"); !ok && !withBody {
				t.Errorf("%s %s: no method %s; run go generate ./e2e/apiclient", method, path, name.String())
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d operations", n)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
