package e2e

import (
	"testing"

	"github.com/curfew-id/curfew/op/delivery"
)

// Somebody is added and invited, invited again, changed and deleted.
func accountsJourney(t *testing.T, o *operator) {
	const address = "new.person@example.com"
	invited := func() {
		t.Helper()
		o.message("an invitation", func(m delivery.Received) bool { return m.To == address })
	}
	o.open("/admin/users")
	o.Click("main .head a.button-main")
	o.WaitText("New user")
	o.see("user-new")
	o.Fill("input[name=email_address]", theUser)
	submit(o.Page)
	if !o.Has(".fault") {
		t.Error("an address that is taken is accepted")
	}
	o.see("user-new-faulty")
	o.Fill("input[name=email_address]", address)
	o.Fill("input[name=full_name]", "New Person")
	submit(o.Page)
	o.WaitText("The account is there, and the mail is on its way.")
	invited()
	o.sure("/invite", "Send the mail to set the password?", "The mail is on its way.")
	invited()

	o.Click("a[href$='/edit']")
	o.WaitText("Edit profile")
	o.see("user-edit")
	o.Fill("input[name=full_name]", "Newer Person")
	submit(o.Page)
	o.WaitText("Saved.")
	o.WaitText("Newer Person")
	o.Click("a[href$='/delete']")
	o.WaitText("Delete this user?")
	o.see("user-delete")
	submitDanger(o.Page)
	o.WaitText("The user is deleted, and every session has ended.")
	if o.says(address) {
		t.Error("the user is still in the list")
	}
}
