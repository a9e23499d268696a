package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/e2e/browser"
)

// An application is registered by its stack, changed, given another secret and deleted; the sessions of one are ended.
func applicationsJourney(t *testing.T, o *operator) {
	o.open("/admin/applications")
	o.WaitText("demo-spa")
	o.see("apps")
	o.Click("main .head a.button-main")
	o.WaitText("What are you building?")
	o.see("app-stacks")
	o.Click("a.stack[href$='stack=go']")
	submitUnchecked(o.Page)
	fault(t, o.Page, "Please fill this in.")
	o.see("app-new-faulty")
	o.Fill("input[name=client_name]", "Example Notes")
	o.Fill("textarea[name=redirect_uris]", "https://notes.example.com/auth/callback")
	submit(o.Page)
	o.WaitText("Shown this once")
	first := o.Text("#secret-value")
	o.see("app-secret")
	id := o.texts("section[aria-labelledby=registered] dd code")[0]
	o.open("/admin/applications/" + id)
	o.WaitText("Example Notes")
	if html := browser.Eval[string](o.Page, "document.documentElement.outerHTML"); first == "" || strings.Contains(html, first) {
		t.Error("the secret is shown again")
	}
	if !o.knows(id, first) || o.knows(id, first+"x") {
		t.Error("the secret is not that of the application")
	}

	o.Click("a[href$='/edit']")
	o.WaitText("Advanced")
	o.see("app-edit")
	o.Fill("input[name=client_name]", "Better Notes")
	o.Fill("textarea[name=redirect_uris]", "https://notes.example.com/auth/callback\nhttps://notes.example.com/other")
	submit(o.Page)
	o.WaitText("https://notes.example.com/other")
	o.WaitText("Better Notes")
	o.see("app")

	o.sure("/secret", "Make a new client secret?", "Shown this once")
	second := o.Text("#secret-value")
	if second == first || o.knows(id, first) || !o.knows(id, second) {
		t.Error("the old secret counts, or the new one does not")
	}

	person := o.person()
	o.demo(person, theUser)
	person.Go(o.Info.Issuer + "/account")
	o.open("/admin/applications/demo")
	o.WaitText("In use")
	o.sure("/admin/applications/demo/end", "End all sessions of this application?", "The sessions have ended.")
	o.gone(person)

	o.open("/admin/applications/" + id)
	o.sure("/delete", "Delete this application?", "The application is deleted.")
	if o.says(id) || o.knows(id, second) {
		t.Error("it is still there")
	}
}

// knows tells whether the provider takes a secret for a client's.
func (o *operator) knows(clientID, secret string) bool {
	o.t.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "code": {"no code"}, "code_verifier": {verifier}, "redirect_uri": {"https://notes.example.com/"}}
	var got struct{ Error string }
	o.call("POST", "/oauth/token", "application/x-www-form-urlencoded", form.Encode(), func(r *http.Request) { r.SetBasicAuth(clientID, secret) }, &got)
	if got.Error != "invalid_grant" && got.Error != "invalid_client" {
		o.t.Fatalf("the token endpoint says %q", got.Error)
	}
	return got.Error == "invalid_grant"
}
