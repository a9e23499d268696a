package e2e

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/e2e/browser"
)

// A claim template is tried and saved, and the next token has what it says of the user, whose metadata was written here, too.
func templatesJourney(t *testing.T, o *operator) {
	person := o.person()
	o.demo(person, theUser)
	o.open("/admin/users/" + o.userID(theUser))
	o.metadata("public", `{"plan": "pro"}`)
	o.WaitText("Saved.")
	if strings.Contains(o.token(t, person), `"plan"`) {
		t.Error("the plan is in a token that no template puts it into")
	}

	o.open("/admin/templates")
	o.WaitText("No claim templates")
	o.see("templates-none")
	o.Click("main .head a.button-main")
	o.write("textarea[name=claims]", `{"plan": "{{user.nothing.such}}"}`)
	submit(o.Page)
	fault(t, o.Page, "Not accepted")
	o.see("template-faulty")
	o.write("textarea[name=claims]", `{"plan": "{{user.public_metadata.plan || 'free'}}"}`)
	o.Click("button[value=dry_run]")
	o.WaitText("Of 2 users")
	o.WaitText(`"plan"`)
	o.see("template-dry-run")
	submit(o.Page)
	o.WaitText("Saved.")
	o.see("templates")
	if got := o.token(t, person); !strings.Contains(got, `"plan":"pro"`) {
		t.Errorf("the token says %s", got)
	}

	o.Click(".table a")
	o.WaitText("All applications")
	if claims := o.value("textarea[name=claims]"); !strings.Contains(claims, "user.public_metadata.plan") {
		t.Errorf("the template is %s", claims)
	}
	o.see("template")
	o.Click("form[action*='/template/delete'] button")
	o.WaitText("Delete this template?")
	submitDanger(o.Page)
	o.WaitText("Deleted.")
	if strings.Contains(o.token(t, person), `"plan"`) {
		t.Error("the template counts after it was deleted")
	}
}

// token is what the next access token of the demo's client says, in the session of somebody's browser.
func (o *operator) token(t *testing.T, p *browser.Page) string {
	t.Helper()
	rp{o.house}.authorize(p)
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(rp{o.house}.redeem(t, p).access, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	return string(claims)
}
