package account

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

func TestEmailChange(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.user(email, password)
		b := w.browser().signIn(row)
		b.post(pathEmailOn).leads(page.PathSecurity)
		b.get(page.PathAccount).says(`href="` + pathEmail + `"`)
		b.get(pathEmail).follow().asks("email").says(email)
		change := b.path
		b.submit("", "email", "nobody").want(http.StatusUnprocessableEntity).says("doesn’t look like an e-mail address")
		b.submit("", "email", "New@Example.com").leads(change)
		b.follow().asks("code").says("New@Example.com")

		// It is the address only when it was proved.
		if _, err := w.Users.ByEmail(t.Context(), "new@example.com"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("before the code: %v", err)
		}
		code := w.codeTo("new@example.com", delivery.VerifyEmail)
		b.submit("", "code", another(code)).want(http.StatusUnprocessableEntity)
		b.submit("", "code", code).leads(page.PathAccount)
		b.follow().says("Your e-mail address is confirmed.").says("New@Example.com").without(email)
		b.post(change, "code", code).leads(page.PathSecurity)

		person, err := w.Users.Person(t.Context(), row.ID)
		w.must(err)
		if person.Email != "New@Example.com" || person.EmailValue != "new@example.com" || !person.EmailVerified || person.Version == 1 {
			t.Errorf("person %+v", person)
		}
		if _, err := w.Users.ByEmail(t.Context(), email); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("by the old address: %v", err)
		}
		w.letter(email, delivery.FactorsChanged)
		list, err := w.Factors.List(t.Context(), row.ID)
		w.must(err)
		if len(list) != 2 || list[1].Label != "new@example.com" {
			t.Errorf("codes go to %+v", list)
		}
		if n := w.events(row.ID, audit.IdentifierVerified); n != 1 {
			t.Errorf("%d events", n)
		}
	})
}

// Whether an address has an account is told only to who reads its mail.
func TestEmailOfSomebodyElse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.user(email, password)
		w.user("taken@example.com", password)
		b := w.browser().signIn(row)
		for _, address := range []string{"vacant@example.com", "taken@example.com"} {
			b.get(pathEmail).follow().submit("", "email", address).want(http.StatusSeeOther)
			b.follow().asks("code").says(address)
		}
		b.submit("", "code", w.codeTo("taken@example.com", delivery.VerifyEmail)).
			want(http.StatusUnprocessableEntity).says("This address belongs to another account.")
		if p, err := w.Users.Person(t.Context(), row.ID); err != nil || p.EmailValue != email {
			t.Errorf("person %v, %v", p, err)
		}
		b.submit("", "email", "third@example.com").want(http.StatusSeeOther) // another can be tried
		b.follow().submit("", "code", w.codeTo("third@example.com", delivery.VerifyEmail)).leads(page.PathAccount)
	})
}

func TestEmailStaysTheSame(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser().signIn(w.user(email, password))
		b.get(pathEmail).follow().submit("", "email", " USER@example.com ").leads(page.PathAccount)
		time.Sleep(20 * time.Millisecond)
		if n := len(w.mailbox.List()); n != 0 {
			t.Errorf("%d mails", n)
		}
	})
}

func TestSendingIsThrottled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser().signIn(w.user(email, password))
		for range 5 {
			b.get(pathEmail).follow().submit("", "email", "victim@example.com").want(http.StatusSeeOther)
		}
		b.get(pathEmail).follow().submit("", "email", "victim@example.com").want(http.StatusTooManyRequests).says("Too many tries.")
	})
}
