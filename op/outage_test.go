package op_test

import (
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/pgtest"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// Losing the database loses nothing that was acknowledged: what was signed in stays so, what was ended stays ended, and
// the server goes on by itself when the database is back.
func TestDatabaseOutage(t *testing.T) {
	server, err := pgtest.Start(t.Context(), pgtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	k := newKit(t, storagetest.Open(t, server.DSN("postgres")))
	u := k.person("user@example.com")
	b, gone := k.signedIn(u), k.signedIn(u)
	web, spa, ended := b.signInTo("web"), b.signInTo("spa"), gone.signInTo("web")
	code := b.code("other")
	k.end(gone.current().Session)
	next := k.refresh("spa", spa.RefreshToken).tokens(t)

	k.must(server.Restart(t.Context())) // every connection is cut
	// again asks until the server has found new connections, and sees that meanwhile it says nothing of them.
	again := func(ask func() answer) answer {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			a := ask()
			if a.StatusCode < 500 {
				return a
			}
			if time.Now().After(deadline) {
				t.Fatal("it has not recovered")
			}
			if strings.Contains(a.body, "conn") || strings.Contains(a.body, "SQLSTATE") || strings.Contains(a.body, "127.0.0.1") {
				t.Error(a.body)
			}
		}
	}
	again(func() answer { return k.refresh("web", web.RefreshToken) }).tokens(t)
	again(func() answer { return k.refresh("web", ended.RefreshToken) }).wantError(t, 400, "invalid_grant")
	again(func() answer { return k.refresh("spa", next.RefreshToken) }).tokens(t)
	again(func() answer { return k.redeem("other", code) }).tokens(t)
	again(func() answer { return k.redeem("other", code) }).wantError(t, 400, "invalid_grant")
	if got := again(func() answer { return b.authorize("web", "prompt", "none") }).outcome(t); got != "code" {
		t.Errorf("the browser is signed out: %s", got)
	}
}
