package admin

import (
	"errors"
	"net/http"
	"sync"
	"testing"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

func TestDeleteAUser(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.app("cli_app", "Example Notes")
		u := w.person("user@example.com", "", "Anna")
		theirs := w.signIn(u)
		w.signIn(u)
		w.takePart(theirs.current, "cli_app")
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		at := userURL(u.ID)
		b.get(at).has(".button-danger", "Delete")
		b.get(at+"/delete").want(http.StatusOK).has("h1", "Delete this user?").has("dd", "2 sessions end").has(".row-name", "Example Notes").has("dd", "The audit")
		b.post(at + "/delete").want(http.StatusOK) // the first click
		w.live(theirs, true)
		b.sure(at+"/delete").leads(page.PathAdminUsers).has(".notice", "deleted")
		b.get(at).want(http.StatusNotFound)
		b.sure(at + "/delete").want(http.StatusNotFound)
		theirs.get("/admin").want(http.StatusSeeOther)
		if _, err := w.Store.User(t.Context(), u.ID); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("they are there: %v", err)
		}
		kinds := map[string]int{}
		for _, e := range w.events(u.ID) {
			kinds[e.Kind]++
		}
		if kinds[string(audit.SessionEnded)] != 2 || kinds[string(audit.UserDeleted)] != 1 || kinds[string(audit.UserCreated)] != 1 {
			t.Errorf("the audit has %v", kinds)
		}
		told, err := w.Store.SessionDeliveries(t.Context(), theirs.current.ID)
		w.must(err)
		if len(told) != 1 || told[0].Receiver != "cli_app" {
			t.Errorf("owed because of the session: %+v", told)
		}
	})
}

func TestNobodyDeletesThemself(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.person("owner@example.com", actor.RoleOwner, "")
		b := w.signIn(owner)
		b.get(userURL(owner.ID)).want(http.StatusOK).has("a", "Edit").without("/delete\"")
		b.get(userURL(owner.ID) + "/delete").want(http.StatusBadRequest)
		b.sure(userURL(owner.ID) + "/delete").want(http.StatusBadRequest)
		w.row(owner)
		b.editUserForm(owner, "name", "Me").leads(userURL(owner.ID))
	})
}

// Two owners delete each other at once: one stays.
func TestTheLastOwnerStays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owners := []*storage.User{w.person("first@example.com", actor.RoleOwner, ""), w.person("second@example.com", actor.RoleOwner, "")}
		browsers := []*browser{w.signIn(owners[0]), w.signIn(owners[1])}
		var ready, done sync.WaitGroup
		ready.Add(1)
		for i, b := range browsers {
			done.Go(func() {
				ready.Wait()
				b.sure(userURL(owners[1-i].ID) + "/delete")
			})
		}
		ready.Done()
		done.Wait()
		left, err := w.Store.Users(t.Context(), storage.UserFilter{Role: actor.RoleOwner})
		w.must(err)
		if len(left) != 1 {
			t.Errorf("%d owners, answers %d and %d", len(left), browsers[0].code, browsers[1].code)
		}
	})
}

func TestTheLastOwnerIsNamed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		last := w.person("last@example.com", actor.RoleOwner, "")
		err := w.Users.Delete(t.Context(), w.Store, w.Door, last.ID, "test")
		if !errors.Is(err, user.ErrLastOwner) {
			t.Error(err)
		}
		w.row(last)
	})
}
