package admin

import (
	"errors"
	"strconv"
	"strings"

	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

func (h *Handlers) editUser(v *visit) error {
	u, err := h.changeable(v)
	if err != nil {
		return err
	}
	return v.show(h.userForm(v, u), nil)
}

// userForm is a profile as it can be edited: what the API's PATCH takes, without what has forms of its own.
func (h *Handlers) userForm(v *visit, u *user.Person) page.AdminUserForm {
	return page.AdminUserForm{Console: v.console(page.PathAdminUsers), Form: page.Form{Action: userURL(u.ID) + "/edit"}, Email: u.Email,
		Name: u.Name, GivenName: u.GivenName, FamilyName: u.FamilyName, Locale: u.Locale, SessionLimit: number(u.SessionLimit),
		ExternalID: u.ExternalID, Version: u.Version, CancelURL: userURL(u.ID)}
}

func (h *Handlers) saveUser(v *visit) error {
	u, err := h.changeable(v)
	if err != nil {
		return err
	}
	form, err := v.form()
	if err != nil {
		return err
	}
	p := typedUser(form, h.userForm(v, u))
	p.SessionLimit = strings.TrimSpace(form.Get("session_limit"))
	if typed := form.Get("external_id"); typed != u.ExternalID { // which stays as it came, from elsewhere, to the last blank
		p.ExternalID = strings.TrimSpace(typed)
	}
	if p.Version, err = strconv.ParseInt(form.Get("version"), 10, 64); err != nil || p.Locale != u.Locale && !h.speaks(p.Locale) {
		return errBadForm
	}
	if p.Version != u.Version { // somebody changed the user since this page was read
		p.Version, p.Errors = u.Version, page.Fault("", page.ChangedMeanwhile)
		return v.show(p, p.Errors)
	}
	next := *u.User
	if p.Errors = putUser(p, &next); p.Errors != nil {
		return v.show(p, p.Errors)
	}
	err = h.Users.Update(v.r.Context(), h.Store, h.Door, &next, v.by())
	switch {
	case errors.Is(err, user.ErrExternalIDTaken):
		p.Errors = page.Fault("external_id", page.ExternalIDTaken)
	case errors.Is(err, storage.ErrConflict):
		p.Errors = page.Fault("", page.ChangedMeanwhile)
	case err != nil:
		return err
	default:
		return v.done(userURL(u.ID), page.Saved)
	}
	return v.show(p, p.Errors)
}

// putUser writes what was typed into a row, by the rules of op/user.
func putUser(p page.AdminUserForm, row *storage.User) page.Errors {
	faults := nameFaults(p)
	if faults == nil {
		row.Name, _ = user.NormalizeName(p.Name)
		row.GivenName, _ = user.NormalizeName(p.GivenName)
		row.FamilyName, _ = user.NormalizeName(p.FamilyName)
	}
	row.Locale, row.ExternalID, row.SessionLimit = p.Locale, p.ExternalID, 0
	if user.CheckExternalID(p.ExternalID) != nil {
		faults = withFault(faults, "external_id", page.IDNotAccepted, user.MaxExternalID)
	}
	if p.SessionLimit != "" {
		n, err := strconv.ParseInt(p.SessionLimit, 10, 64)
		if err != nil || n < 0 || n > user.MaxSessionLimit {
			faults = withFault(faults, "session_limit", page.UserLimit, user.MaxSessionLimit)
		}
		row.SessionLimit = n
	}
	return faults
}
