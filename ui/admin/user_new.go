package admin

import (
	"errors"
	"slices"
	"strings"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/ui/page"
)

const pathNewUser = page.PathAdmin + "/new-user"

func (h *Handlers) newUser(v *visit) error {
	p := h.newUserForm(v)
	p.Verified, p.Next = true, "mail"
	return v.show(p, nil)
}

func (h *Handlers) newUserForm(v *visit) page.AdminUserForm {
	return page.AdminUserForm{Console: v.console(page.PathAdminUsers), Form: page.Form{Action: pathNewUser}, New: true, Roles: v.may(UsersRole),
		CancelURL: page.PathAdminUsers}
}

// createUser opens an account by the rules of the API's POST /v1/users, which stand in op/user.
func (h *Handlers) createUser(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	p := typedUser(form, h.newUserForm(v))
	p.Email, p.UserRole, p.Verified, p.Next = strings.TrimSpace(form.Get("email_address")), form.Get("role"), ticked(form, "email_verified"), form.Get("next")
	// A role is given by who may give one, whatever the form had.
	if p.UserRole != actor.RoleNone && !p.Roles || !slices.Contains(actor.Roles, p.UserRole) || !slices.Contains(page.Nexts(), p.Next) ||
		!h.speaks(p.Locale) {
		return errBadForm
	}
	if p.Errors = nameFaults(p); p.Email == "" {
		p.Errors = withFault(p.Errors, "email_address", page.Required)
	} else if _, err := user.NormalizeEmail(p.Email); err != nil {
		p.Errors = withFault(p.Errors, "email_address", page.EmailMalformed)
	}
	if p.Errors != nil {
		return v.show(p, p.Errors)
	}
	row, err := h.Users.Create(v.r.Context(), h.Store, user.NewUser{Email: p.Email, Unverified: !p.Verified, Name: p.Name, GivenName: p.GivenName,
		FamilyName: p.FamilyName, Locale: p.Locale, Role: p.UserRole, Kind: audit.UserCreated, By: v.by()})
	if errors.Is(err, user.ErrTaken) { // who reads users may know that there is one
		p.Errors = page.Fault("email_address", page.EmailTaken)
		return v.show(p, p.Errors)
	}
	if err != nil {
		return err
	}
	if p.Next == "none" {
		return v.done(userURL(row.ID), page.UserMade)
	}
	u, err := h.Users.Person(v.r.Context(), row.ID)
	if err != nil {
		return err
	}
	// The account is there whatever becomes of the mail, which can be sent again from its page.
	if err := h.invite(v, u); err != nil {
		h.Log.WarnContext(v.r.Context(), "user not invited", "user_id", u.ID, "error", err)
		return v.done(userURL(u.ID), page.UserNotMailed)
	}
	return v.done(userURL(u.ID), page.UserInvited)
}

// typedUser puts what was typed of a profile into a form.
func typedUser(form *httpx.Params, p page.AdminUserForm) page.AdminUserForm {
	for name, to := range map[string]*string{"full_name": &p.Name, "given_name": &p.GivenName, "family_name": &p.FamilyName, "language": &p.Locale} {
		*to = strings.TrimSpace(form.Get(name))
	}
	return p
}

// nameFaults are what op/user does not take for a name.
func nameFaults(p page.AdminUserForm) (faults page.Errors) {
	for field, name := range map[string]string{"full_name": p.Name, "given_name": p.GivenName, "family_name": p.FamilyName} {
		if _, err := user.NormalizeName(name); err != nil {
			faults = withFault(faults, field, page.NameNotAccepted, user.MaxName)
		}
	}
	return faults
}

func withFault(faults page.Errors, field string, key page.Key, args ...any) page.Errors {
	if faults == nil {
		faults = page.Errors{}
	}
	faults[field] = page.Msg(key, args...)
	return faults
}

// speaks tells whether a language is one that the form offers.
func (h *Handlers) speaks(locale string) bool {
	return locale == "" || slices.Contains(h.Pages.Languages(), locale)
}
