package account

import (
	"errors"
	"slices"

	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/ui/page"
)

func (h *Handlers) showProfile(v *visit) error {
	return h.profilePage(v, user.Profile{Name: v.person.Name, Locale: v.person.Locale}, nil)
}

func (h *Handlers) profilePage(v *visit, p user.Profile, faults page.Errors) error {
	return v.show(page.AccountProfile{Frame: v.frame(), Form: page.Form{Action: page.PathAccount, Errors: faults},
		Name: p.Name, Locale: p.Locale, Email: v.person.Email, Verified: v.person.EmailVerified, ChangeURL: pathEmail}, faults)
}

func (h *Handlers) saveProfile(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	p := user.Profile{Name: form.Get("name"), Locale: form.Get("locale")}
	if p.Locale != "" && !slices.Contains(h.Pages.Languages(), p.Locale) {
		return errBadForm // no option of the list
	}
	err = h.Users.UpdateProfile(v.r.Context(), v.userID(), p)
	if errors.Is(err, user.ErrName) {
		return h.profilePage(v, p, page.Fault("name", page.NameTooLong))
	}
	if err != nil {
		return err
	}
	return h.done(v, page.PathAccount, page.ProfileSaved, "")
}
