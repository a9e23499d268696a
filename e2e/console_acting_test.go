package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/e2e/browser"
)

// Who may act as whom is changed, and counts at once; an impersonation is begun here and shows in both histories.
func actingJourney(t *testing.T, o *operator) {
	at := "/admin/users/" + o.userID(theUser)
	o.open("/admin/policies")
	o.WaitText("Who may act as whom")
	o.see("policies")
	was := o.value("textarea[name=document]")
	o.policy(`{"rules": [{"actor_roles": ["king"], "subject_roles": [""]}]}`)
	fault(t, o.Page, "is not a role")
	o.see("policies-faulty")
	o.policy(`{"rules": []}`)
	o.WaitText("Saved.")

	o.open(at)
	o.post("/impersonate")
	o.WaitText("Act as this user?")
	o.see("act")
	o.Fill("input[name=reason]", "The March invoice is missing")
	submitDanger(o.Page)
	fault(t, o.Page, "Not allowed: the policy does not let")
	o.see("act-refused")

	o.open("/admin/policies")
	if !json.Valid([]byte(was)) {
		t.Fatalf("the policy was %s", was)
	}
	o.policy(was)
	o.WaitText("Saved.")
	o.open(at)
	o.post("/impersonate")
	browser.Eval[bool](o.Page, "document.querySelector('main form').noValidate = true")
	submitDanger(o.Page)
	if !o.Has(".fault, [role=alert]") {
		t.Error("no reason is asked for")
	}
	o.Fill("input[name=reason]", "The March invoice is missing")
	submitDanger(o.Page)
	o.WaitText("Act as " + theUser + "?")
	submit(o.Page)
	o.WaitText("You are signed in as " + theUser + " for support.")
	o.WaitText("Acting: " + theAdmin)
	o.Allow("a status of 404")
	o.open("/admin")
	if o.Has("nav.side") {
		t.Error("who acts as somebody is in the console")
	}
	o.Click(".acting-stop")
	o.WaitText("You have stopped")
	o.WaitURL(o.Info.Issuer + "/account")

	o.open(at)
	o.WaitText("Others acting as this user")
	acted := strings.Join(o.texts("section[aria-labelledby=acted-by] .row"), "\n")
	for _, words := range []string{"Impersonation began", "The March invoice is missing", theAdmin} {
		if !strings.Contains(acted, words) {
			t.Errorf("what was done as the user does not say %q: %s", words, acted)
		}
	}
	if history := strings.Join(o.texts("section[aria-labelledby=history] .row-name a"), ", "); !strings.Contains(history, "Impersonation began") || !strings.Contains(history, "Impersonation ended") {
		t.Errorf("the history says %s", history)
	}
	o.see("user-acted")
	o.open("/admin/users/" + o.userID(theAdmin))
	o.WaitText("Acting as others")
	if text := o.Text("section[aria-labelledby=acted]"); !strings.Contains(text, theUser) {
		t.Errorf("the owner's page says %s", text)
	}
}

func (o *operator) policy(document string) {
	o.t.Helper()
	o.write("textarea[name=document]", document)
	submit(o.Page)
}
