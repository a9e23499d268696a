package admin

import (
	"errors"
	"slices"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// another is changeable for what nobody does to themself: they would lock themselves out.
func (h *Handlers) another(v *visit) (*user.Person, error) {
	u, err := h.changeable(v)
	if err == nil && u.ID == v.by() {
		return nil, errBadForm
	}
	return u, err
}

func (h *Handlers) disableUser(v *visit) error {
	u, err := h.another(v)
	if err != nil {
		return err
	}
	sure, err := v.confirmed(page.PathAdminUsers, func() (page.AdminConfirm, error) { return h.aboutUser(page.ActDisable, u), nil })
	if err != nil || !sure {
		return err
	}
	err = h.onUser(v, u.ID, func(tx *storage.Store, _ *storage.User) error {
		return h.Users.Disable(v.r.Context(), tx, h.Door, u.ID, v.by())
	})
	if err != nil {
		return err
	}
	return v.done(userURL(u.ID), page.UserDisabled)
}

func (h *Handlers) enableUser(v *visit) error {
	u, err := h.another(v)
	if err != nil {
		return err
	}
	err = h.onUser(v, u.ID, func(tx *storage.Store, _ *storage.User) error {
		return h.Users.Enable(v.r.Context(), tx, u.ID, v.by())
	})
	if err != nil {
		return err
	}
	return v.done(userURL(u.ID), page.UserEnabled)
}

// resetPassword sends the user the mail in which they set another password. The old one counts until they do: whoever holds the
// account now and does not have the mailbox is thrown out by ending the sessions.
func (h *Handlers) resetPassword(v *visit) error {
	u, err := h.changeable(v)
	if err != nil {
		return err
	}
	if u.EmailValue == "" || !u.EmailVerified || u.Status != storage.UserActive {
		return errBadForm
	}
	sure, err := v.confirmed(page.PathAdminUsers, func() (page.AdminConfirm, error) { return h.aboutUser(page.ActReset, u), nil })
	if err != nil || !sure {
		return err
	}
	ctx := v.r.Context()
	who := factor.Who{UserID: u.ID, Identifier: u.EmailValue, Address: httpx.ClientAddr(ctx)}
	token, err := h.Factors.StartReset(ctx, who, u.EmailValue, "")
	var throttled *factor.Throttled
	if errors.As(err, &throttled) {
		return v.done(userURL(u.ID), page.MailTooOften)
	}
	if err != nil {
		return err
	}
	m, err := delivery.Write(delivery.ResetPassword, u.Locale, u.EmailValue, delivery.Facts{Service: h.Service, Host: h.host,
		URL: h.Issuer + "/reset/" + token, TTL: factor.ResetTTL})
	if err != nil {
		return err
	}
	err = h.onUser(v, u.ID, func(tx *storage.Store, row *storage.User) error { // before the mail: none goes out that is not on record
		if row.Status != storage.UserActive {
			return errBadForm
		}
		return audit.Write(ctx, tx, audit.Event{Kind: audit.PasswordResetBegun, At: h.Clock.Now(), UserID: u.ID, By: v.by()})
	})
	if err == nil {
		err = h.Outbox.Mail(m)
	}
	if err != nil {
		return err
	}
	return v.done(userURL(u.ID), page.ResetMailSent)
}

func (h *Handlers) removeFactor(v *visit) error {
	u, err := h.changeable(v)
	if err != nil {
		return err
	}
	ctx := v.r.Context()
	list, err := h.Factors.List(ctx, u.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(f factor.Info) bool { return f.ID == v.r.PathValue("factor") && f.Kind != factor.KindPassword })
	if i < 0 {
		return errNotFound
	}
	sure, err := v.confirmed(page.PathAdminUsers, func() (page.AdminConfirm, error) { return h.aboutUser(page.ActRemoveFactor, u), nil })
	if err != nil || !sure {
		return err
	}
	err = h.onUser(v, u.ID, func(tx *storage.Store, _ *storage.User) error {
		// Whatever op/factor takes for an act of the user is the administrator's.
		return h.Factors.RemoveIn(audit.WithActor(ctx, v.by()), tx, u.ID, list[i].ID)
	})
	if err != nil && !errors.Is(err, factor.ErrNotFound) {
		return err
	}
	return v.done(userURL(u.ID), page.FactorTaken)
}

func (h *Handlers) endUser(v *visit) error {
	u, err := h.changeable(v)
	if err != nil {
		return err
	}
	sure, err := v.confirmed(page.PathAdminUsers, func() (page.AdminConfirm, error) {
		p := h.aboutUser(page.ActEndUser, u)
		var err error
		p.Told, err = h.toldOfUser(v, u.ID)
		return p, err
	})
	if err != nil || !sure {
		return err
	}
	err = h.onUser(v, u.ID, func(tx *storage.Store, _ *storage.User) error {
		// The epoch first: true at once, and for a session that is being started right now, too.
		return h.Door.EndUser(v.r.Context(), tx, u.ID, logout.Cause{Status: storage.StatusRevoked, Reason: logout.Revoked, By: v.by()})
	})
	if err != nil {
		return err
	}
	return v.done(userURL(u.ID), page.SessionsEnded)
}

// changeRole gives a user another role. Their sessions end: those of the new role may not live as long as they would.
func (h *Handlers) changeRole(v *visit) error {
	u, err := h.another(v)
	if err != nil {
		return err
	}
	form, err := v.form()
	if err != nil {
		return err
	}
	role := form.Get("role")
	if !slices.Contains(actor.Roles, role) {
		return errBadForm
	}
	if role == u.Role {
		return v.goTo(userURL(u.ID))
	}
	if form.Get("confirm") != "yes" {
		p := h.aboutUser(page.ActRole, u)
		p.Console, p.Action, p.Hidden = v.console(page.PathAdminUsers), v.r.URL.Path, []page.Param{{Name: "role", Value: role}}
		return v.show(p, nil)
	}
	next := *u.User
	next.Role = role
	if err := h.Users.Update(v.r.Context(), h.Store, h.Door, &next, v.by()); err != nil {
		return err
	}
	return v.done(userURL(u.ID), page.RoleChanged)
}

func (h *Handlers) aboutUser(act page.Act, u *user.Person) page.AdminConfirm {
	return page.AdminConfirm{Act: act, Object: u.Email, CancelURL: userURL(u.ID)}
}
