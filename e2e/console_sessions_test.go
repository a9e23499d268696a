package e2e

import (
	"strings"
	"testing"
	"time"
)

// Sessions are watched and ended: one, all of a user, everybody's. The figures of the front page say so.
func sessionsJourney(t *testing.T, o *operator) {
	o.see("overview")
	signIns, ends := o.figure(t, "Sign-ins"), o.figure(t, "Ended sessions")
	o.open("/admin?span=30d")
	if !o.Has(".tabs a[href$='span=30d'][aria-current]") {
		t.Error("the span is not shown")
	}

	o.open("/admin/sessions?q=" + theUser)
	o.WaitText("No sessions")
	person, other := o.person(), o.person()
	o.demo(person, theUser)
	o.live("End session") // somebody has signed in, elsewhere
	o.live("Demo")
	person.Click("header form button")
	person.WaitText("You have signed out")
	o.live("signed out")
	o.see("sessions")

	o.demoAgain(person)
	person.Go(o.Info.Issuer + "/account")
	person.WaitText("About you")
	o.open("/admin/sessions?status=active&q=" + theUser)
	o.Click("#live .row-name a")
	o.WaitText("What an end will hit")
	o.WaitText("Back channel · dead by")
	o.see("session")
	o.Click("#live form.actions button")
	o.WaitText("End this session?")
	o.WaitText("Back channel · dead by")
	o.see("session-end")
	submitDanger(o.Page)
	o.WaitText("The session has ended. The receipts below come in by themselves.")
	o.gone(person)
	o.live(", answered in ")
	o.see("session-ended")
	person.Go(o.Info.DemoURL)
	person.WaitText("Sign in with curfew")

	o.account(person, theUser)
	o.account(other, theUser)
	user := "/admin/users/" + o.userID(theUser)
	o.open(user)
	o.sure(user+"/end", "End all sessions of this user?", "The sessions have ended.")
	o.gone(person)
	o.gone(other)

	o.clock.Advance(time.Minute) // live sessions and users are counted now and then
	o.open("/admin")
	for began := time.Now(); ; o.open("/admin") {
		signed, ended := o.figure(t, "Sign-ins"), o.figure(t, "Ended sessions")
		if signed == signIns+4 && ended == ends+4 && o.figure(t, "Live sessions") == 1 && o.says("by an administrator") {
			break
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("figures: sign-ins %d after %d, ends %d after %d", signed, signIns, ended, ends)
		}
	}
	o.see("overview-moved")

	o.account(person, theUser)
	o.open("/admin/sessions")
	o.WaitText(theUser)
	o.post("/admin/end-all")
	o.WaitText("End every session of everybody?")
	o.see("sessions-end")
	submitDanger(o.Page)
	o.gone(o.Page)
	o.gone(person)
}

// figure is a number of the front page.
func (o *operator) figure(t *testing.T, name string) (n int) {
	t.Helper()
	for _, text := range o.texts(".total") {
		if rest, ok := strings.CutPrefix(text, name); ok {
			for _, digit := range rest {
				if digit >= '0' && digit <= '9' {
					n = n*10 + int(digit-'0')
				}
			}
			return n
		}
	}
	t.Fatalf("no figure of %s", name)
	return 0
}
