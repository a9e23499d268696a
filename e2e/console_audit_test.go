package e2e

import (
	"database/sql"
	"strings"
	"testing"
)

// What happened is found and looked at, and the log proves whole, until somebody with the database edits it.
func auditJourney(t *testing.T, o *operator) {
	person := o.person()
	o.toDemo(person)
	signIn(person, theUser, "not the password")
	fault(t, person, "Address and password don’t match.")
	givePassword(person, o.Info.User(theUser).Password)
	allow(person)
	o.inDemo(person, theUser)

	o.open("/admin/audit")
	o.WaitText("Signed in")
	o.see("audit")
	o.Fill("main input[name=q]", theUser)
	o.pick("kind", "sign_in.failed")
	o.show()
	o.WaitText("Sign-in failed")
	if n := o.rows(".rows .row"); n != 1 {
		t.Errorf("%d failed sign-ins", n)
	}
	o.see("audit-filtered")
	today := o.clock.Now().UTC()
	o.open("/admin/audit")
	o.Click("details.filter-more > summary")
	o.Fill("main input[name=app]", "demo")
	o.show()
	o.WaitText("Application allowed")
	if kinds := strings.Join(o.texts(".row-kind"), " "); strings.Contains(kinds, "session.started") || !strings.Contains(kinds, "consent.granted") {
		t.Errorf("the events of the demo are %s", kinds)
	}
	o.open("/admin/audit?to=" + today.AddDate(0, 0, -1).Format("2006-01-02"))
	o.WaitText("No events")
	o.Click("a[href='/admin/audit']")

	o.seal(t)
	o.open("/admin/audit?kind=sign_in.failed")
	o.Click(".row-name a")
	o.WaitText("What happened")
	o.WaitText("A signed checkpoint vouches for it.")
	event := o.URL()[strings.LastIndex(o.URL(), "/")+1:]
	o.see("event")

	o.open("/admin/verify-audit")
	o.WaitText("Nothing verified yet")
	o.see("verify")
	o.show()
	o.live("Nothing was edited, deleted or moved.")
	o.see("verified")
	o.exec(t, `UPDATE audit_events SET ip_address = '203.0.113.99' WHERE id = '`+event+`'`)
	o.open("/admin/verify-audit")
	o.show()
	o.live("The log is not as it was written")
	if got := o.texts("section[aria-labelledby=faults] a code"); len(got) != 1 || got[0] != event {
		t.Errorf("the places are %q, want %s", got, event)
	}
	o.see("broken")
	o.open("/admin/audit")
	o.WaitText("Broken")
}

// seal gives every event its place and has a checkpoint vouch for them, without waiting until it is time.
func (o *operator) seal(t *testing.T) {
	t.Helper()
	if _, err := o.Server.Audit.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := o.Server.Audit.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// exec does what only somebody with the database can do.
func (o *operator) exec(t *testing.T, statement string) {
	t.Helper()
	driver, at := "pgx", o.database
	if !strings.Contains(at, "://") {
		driver, at = "sqlite", "file:"+at+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, at)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	result, err := db.ExecContext(t.Context(), statement)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		t.Fatalf("%d rows were changed, %v", n, err)
	}
}
