package api_test

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/storage"
)

// What goes wrong inside is logged and not told.
func TestLostDatabaseTellsNothing(t *testing.T) {
	store, err := storage.Open(t.Context(), filepath.Join(t.TempDir(), "lost.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, store)
	userID := w.person(t, "lost@example.com")
	token := w.tokenOf(t, w.service, strings.Join(api.Scopes, " "))
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/v1/users", "/v1/users/" + userID, "/v1/sessions", "/v1/oauth_applications"} {
		got := w.send(t, token, "GET", path, "").want(t, 500)
		if got.text("code") != "internal" || got.text("request_id") == "" || strings.Contains(got.raw, "sql") || strings.Contains(got.raw, "closed") {
			t.Errorf("%s: %s", path, got.raw)
		}
	}
}

// Changes that name no version are all made, whoever is faster.
func TestConcurrentChangesAreAllMade(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.person(t, "busy@example.com")
		token := w.tokenOf(t, w.service, api.ScopeUsersWrite)
		var wg sync.WaitGroup
		fields := []string{"name", "first_name", "last_name", "locale"}
		for _, field := range fields {
			wg.Go(func() {
				if got := w.send(t, token, "PATCH", "/v1/users/"+userID, `{"`+field+`":"de"}`); got.status != 200 {
					t.Errorf("%s: %s", field, got.raw)
				}
			})
		}
		wg.Wait()
		got := w.do(t, "GET", "/v1/users/"+userID, "").want(t, 200)
		for _, field := range fields {
			if got.text(field) != "de" {
				t.Errorf("%s was lost: %s", field, got.raw)
			}
		}
	})
}
