package admin

import (
	"errors"

	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// sessionsCounted is how far a page counts what ends with a user.
const sessionsCounted = 500

func (h *Handlers) askDeleteUser(v *visit) error {
	u, err := h.another(v)
	if err != nil {
		return err
	}
	return h.deletion(v, u, nil)
}

// deletion shows what deleting a user hits.
func (h *Handlers) deletion(v *visit, u *user.Person, faults page.Errors) error {
	at := userURL(u.ID)
	p := page.AdminUserDelete{Console: v.console(page.PathAdminUsers), Form: page.Form{Action: at + "/delete", Errors: faults}, Email: u.Email,
		CancelURL: at}
	if p.Email == "" {
		p.Email = u.ID
	}
	views, err := h.Store.SessionViews(v.r.Context(), storage.SessionViewFilter{UserID: u.ID, Status: storage.StatusActive, Limit: sessionsCounted + 1}, p.Now)
	if err != nil {
		return err
	}
	p.Sessions, p.More = min(len(views), sessionsCounted), len(views) > sessionsCounted
	if p.Told, err = h.toldOfUser(v, u.ID); err != nil {
		return err
	}
	return v.show(p, faults)
}

// deleteUser is the API's DELETE: every session ends through the door before the user goes.
func (h *Handlers) deleteUser(v *visit) error {
	u, err := h.another(v)
	if err != nil {
		return err
	}
	form, err := v.form()
	if err != nil {
		return err
	}
	if form.Get("confirm") != "yes" {
		return h.deletion(v, u, nil)
	}
	err = h.onUser(v, u.ID, func(tx *storage.Store, _ *storage.User) error {
		return h.Users.Delete(v.r.Context(), tx, h.Door, u.ID, v.by())
	})
	if errors.Is(err, user.ErrLastOwner) {
		return h.deletion(v, u, page.Fault("", page.UserLastOwner))
	}
	if err != nil {
		return err
	}
	return v.done(page.PathAdminUsers, page.UserGone)
}
