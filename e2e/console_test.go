package e2e

import (
	"testing"

	"github.com/curfew-id/curfew/storage/storagetest"
)

// area is a part of the console that one journey goes through, from page to page as an owner comes by them.
type area struct {
	name    string
	below   []string // prefixes of the paths in ui/admin's table
	journey func(t *testing.T, o *operator)
}

var areas = []area{
	{"users", []string{"/admin/users"}, usersJourney},
	{"accounts", []string{"/admin/new-user", "/admin/users/{user}/edit", "/admin/users/{user}/invite", "/admin/users/{user}/delete"}, accountsJourney},
	{"sessions", []string{"/admin", "/admin/sessions", "/admin/end-all", "/admin/users/{user}/end"}, sessionsJourney},
	{"applications", []string{"/admin/applications", "/admin/new-application"}, applicationsJourney},
	{"templates", []string{"/admin/template"}, templatesJourney},
	{"acting", []string{"/admin/policies", "/admin/users/{user}/impersonate"}, actingJourney},
	{"keys", []string{"/admin/keys"}, keysJourney},
	{"API keys", []string{"/admin/api-keys", "/admin/new-api-key"}, apiKeysJourney},
	{"webhooks", []string{"/admin/webhooks", "/admin/new-webhook"}, webhooksJourney},
	{"audit", []string{"/admin/audit", "/admin/verify-audit"}, auditJourney},
}

// TestConsole does in every area of the console what it is there for: on both engines, with scripts and without. Every page and
// question is looked at, once. What scripts do alone, showing what happens elsewhere, they do on both engines.
func TestConsole(t *testing.T) {
	t.Parallel()
	for _, a := range areas {
		for _, run := range []struct {
			name        string
			database    func(testing.TB) string
			plain, look bool
		}{{"sqlite", storagetest.SQLite, false, true}, {"postgres without scripts", storagetest.Postgres, true, false}, {"postgres", storagetest.Postgres, false, false}} {
			if run.name == "postgres" && a.name != "sessions" {
				continue
			}
			t.Run(a.name+" on "+run.name, func(t *testing.T) {
				t.Parallel()
				o := startOperator(t, run.database(t), run.plain, run.look)
				a.journey(t, o)
				o.covers(a)
			})
		}
	}
}
