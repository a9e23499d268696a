package e2e

import (
	"strings"
	"testing"

	"github.com/curfew-id/curfew/e2e/browser"
)

// console signs the seeded administrator in to the console: password and authenticator.
func (h *house) console(p *browser.Page) {
	p.Go(h.Info.Issuer + "/admin")
	h.signIn(p, theAdmin)
	p.WaitURL(h.Info.Issuer + "/admin")
	p.WaitText("Overview")
}

// TestConsole looks at every page of the console as an administrator comes by it.
func TestConsole(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	person := browser.New(t, browser.Options{})
	h.demo(person, theUser)
	p := browser.New(t, browser.Options{})
	script := axe(t)
	see := func(name string) { t.Helper(); accessible(t, script, p, name) }
	h.console(p)
	see("console-overview")

	p.Go(h.Info.Issuer + "/admin/users?q=user@")
	p.WaitText(theUser)
	see("console-users")
	p.Click(".table a")
	p.WaitText("Profile")
	see("console-user")

	p.Go(h.Info.Issuer + "/admin/sessions?q=" + theUser)
	p.WaitText(theUser)
	see("console-sessions")
	p.Click("#live .row-name a")
	p.WaitText("What an end will hit")
	see("console-session")
	p.Click("#live form.actions button")
	p.WaitText("End this session?")
	see("console-session-end")
	p.Click("main form button")
	p.WaitText("The session has ended")
	p.WaitText("answered")
	see("console-session-ended")

	p.Go(h.Info.Issuer + "/admin/new-application")
	see("console-app-stacks")
	p.Click("a.stack")
	see("console-app-new")
	p.Fill("input[name=client_name]", "Example Notes")
	p.Fill("textarea[name=redirect_uris]", "https://notes.example.com/auth/callback")
	p.Click("main form button.button-main")
	p.WaitText("Shown this once")
	see("console-app-secret")
	for path, words := range map[string]string{"/admin/applications": "Example Notes", "/admin/templates": "Claim templates", "/admin/template": "Dry run",
		"/admin/keys": "ES256", "/admin/policies": "Who may act as whom", "/admin/webhooks": "New endpoint", "/admin/audit": "session.ended",
		"/admin?span=30d": "30 days"} {
		p.Go(h.Info.Issuer + path)
		p.WaitText(words)
		see("console" + strings.ReplaceAll(strings.SplitN(path, "?", 2)[0], "/", "-"))
	}

	// What happens elsewhere is seen without a click.
	p.Go(h.Info.Issuer + "/admin/sessions?q=" + theUser)
	p.WaitText("ended by an administrator")
	again := browser.New(t, browser.Options{})
	h.account(again, theUser)
	p.WaitText("End session") // the page asks again by itself
}
