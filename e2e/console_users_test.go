package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/user"
)

// Somebody is found, looked at, helped, disabled and given a role.
func usersJourney(t *testing.T, o *operator) {
	for i := range 52 { // more than a page has
		if _, err := o.Server.Users.Create(t.Context(), o.Server.Store, user.NewUser{Email: fmt.Sprintf("ada%d@example.com", i),
			Name: fmt.Sprintf("Ada Number %d", i), Kind: audit.UserCreated, By: "cli"}); err != nil {
			t.Fatal(err)
		}
	}
	o.open("/admin/users")
	o.WaitText("ada51@example.com")
	if n := o.rows(".table tbody tr"); n != 50 {
		t.Errorf("%d users to a page", n)
	}
	o.Click(".pager a[rel=next]")
	o.WaitText(theUser)
	if o.says("ada51@example.com") {
		t.Error("the second page has the first one's users")
	}
	o.see("users")
	o.Click(".pager a")
	o.WaitText("ada51@example.com")
	o.narrowUsers(t)

	person := o.person()
	o.account(person, theUser)
	o.enroll(person)
	o.open("/admin/users?q=user@example.com")
	o.Click(".table a")
	o.WaitText("Signs in with")
	at := "/admin/users/" + o.userID(theUser)
	if !strings.HasSuffix(o.URL(), at) {
		t.Errorf("%s is shown at %s", theUser, o.URL())
	}
	o.see("user")

	o.sure("/reset", "Send a mail to reset the password?", "The mail is on its way.")
	mail := o.person()
	mail.Go(o.link(theUser, "/reset/"))
	if !mail.Has("input[name=password]") {
		t.Error("the link of the mail opens nothing")
	}

	o.WaitText("Authenticator app")
	o.Click("form[action*='/factors/'] button")
	o.WaitText("Remove this factor?")
	submitDanger(o.Page)
	o.WaitText("The factor is removed.")
	if text := strings.Join(o.texts("section[aria-labelledby=factors] .row-name"), ", "); strings.Contains(text, "Authenticator app") {
		t.Errorf("left are %s", text)
	}
	o.metadataJourney(t)

	person.Go(o.Info.Issuer + "/account")
	person.WaitText("About you")
	o.sure("/disable", "Disable this account?", "The account is disabled, and every session has ended.")
	o.gone(person)
	signIn(person, theUser, o.Info.User(theUser).Password)
	fault(t, person, "Address and password don’t match.")
	o.post("/enable")
	o.WaitText("The account is active again.")
	person.Go(o.Info.Issuer + "/account")
	signIn(person, theUser, o.Info.User(theUser).Password)
	person.WaitText("About you")

	o.pick("role", "support")
	o.sure("/role", "Change the role?", "The role is changed.")
	o.gone(person)
	if got := o.texts(".lead .tag"); got[len(got)-1] != "Support" {
		t.Errorf("the tags say %q", got)
	}
	history := strings.Join(o.texts("section[aria-labelledby=history] .row-name a"), ", ")
	for _, words := range []string{"Account disabled", "Account enabled", "Account changed", "Factor turned on", "Factor turned off", "Signed in"} {
		if !strings.Contains(history, words) {
			t.Errorf("the history does not say %q: %s", words, history)
		}
	}
	if o.Has("section[aria-labelledby=history] a[rel=next]") {
		o.Click("section[aria-labelledby=history] a[rel=next]")
		o.WaitText("Account created")
	}
}

// narrowUsers searches and filters.
func (o *operator) narrowUsers(t *testing.T) {
	o.Fill("main input[name=q]", "ada7@")
	o.show()
	o.WaitText("Ada Number 7")
	if n := o.rows(".table tbody tr"); n != 1 {
		t.Errorf("%d users begin with ada7@", n)
	}
	for _, by := range []struct{ name, value, shows string }{{"role", "owner", theAdmin}, {"second", "yes", theAdmin}, {"status", "disabled", "Nobody found"},
		{"seen", "7d", theAdmin}} {
		o.open("/admin/users")
		o.pick(by.name, by.value)
		o.show()
		o.WaitText(by.shows)
		if o.value("main select[name="+by.name+"]") != by.value || o.says("ada51@example.com") {
			t.Errorf("users whose %s is %s", by.name, by.value)
		}
	}
}

// metadataJourney corrects a mistake, and takes a member away again.
func (o *operator) metadataJourney(t *testing.T) {
	o.metadata("public", `{"plan": }`)
	o.WaitText("Line 1, column 10: this is not JSON.")
	if o.value("form:has(input[value=public]) textarea") != `{"plan": }` {
		t.Error("what was typed is lost")
	}
	o.see("user-faulty")
	o.metadata("public", `{"plan": "pro", "seats": 3}`)
	o.WaitText("Saved.")
	o.metadata("public", `{"seats": null}`)
	o.WaitText("Saved.")
	o.metadata("private", `{"debt": 12}`)
	o.WaitText("Saved.")
	var got struct {
		Public  map[string]any `json:"public_metadata"`
		Private map[string]any `json:"private_metadata"`
	}
	if code := o.api("GET", "/v1/users/"+o.userID(theUser), nil, &got); code != http.StatusOK || len(got.Public) != 1 || got.Public["plan"] != "pro" || got.Private["debt"] != 12.0 {
		t.Errorf("metadata: %d, %+v", code, got)
	}
}
