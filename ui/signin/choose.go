package signin

import (
	"errors"

	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// accountsPage lets choose between the accounts that are signed in in this browser; without any it asks who it is.
func (h *Handlers) accountsPage(v *visit, faults page.Errors) (page.Page, error) {
	list, err := h.Sessions.OnDevice(v.r)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return h.identifierPage(v, nil)
	}
	base, err := h.welcome(v)
	if err != nil {
		return nil, err
	}
	p := page.ChooseAccount{Base: base, Form: page.Form{Action: v.url("choose"), Errors: faults}, App: v.app(),
		AnotherURL: v.url("identify"), ForgetAction: v.url("forget")}
	for _, c := range list {
		email, err := h.email(v.ctx, c.UserID)
		if err != nil {
			return nil, err
		}
		p.Accounts = append(p.Accounts, page.Account{ID: c.ID, Who: page.Who{Name: c.User.Name, Email: email}, SignedIn: true})
	}
	return p, nil
}

// choose makes one of this browser's accounts the one that answers.
func (h *Handlers) choose(v *visit) error {
	err := h.Flows.Choose(v.w, v.r, v.flow, v.form.Get("account"))
	if errors.Is(err, session.ErrNone) || errors.Is(err, storage.ErrNotFound) { // not this browser's, or ended meanwhile
		return refuse("", page.TryAgain)
	}
	return err
}

// forget takes an account off the list, which ends its session in this browser.
func (h *Handlers) forget(v *visit) error {
	list, err := h.Sessions.OnDevice(v.r)
	if err != nil {
		return err
	}
	for _, c := range list {
		if c.ID != v.form.Get("account") {
			continue
		}
		_, err := h.Door.End(v.ctx, h.Store, c.Session,
			logout.Cause{Status: storage.StatusRemoved, Reason: logout.DeviceForgotten, By: c.UserID})
		if err == nil && v.current != nil && v.current.ID == c.ID {
			h.Sessions.Clear(v.w)
		}
		if err == nil && len(list) > 1 {
			v.w.Header().Set("Location", v.url("choose"))
		}
		return err
	}
	return refuse("", page.TryAgain)
}
