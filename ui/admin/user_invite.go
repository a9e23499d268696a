package admin

import (
	"context"
	"errors"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// invitable tells whether somebody can be sent the mail that begins an account: they were never in it, and have no password. The
// address need not be verified: the mail does that.
func (h *Handlers) invitable(ctx context.Context, u *user.Person) (bool, error) {
	if u.EmailValue == "" || u.Status != storage.UserActive || u.LastSignInAt.Set() {
		return false, nil
	}
	rows, err := h.Store.Factors(ctx, u.ID, string(factor.KindPassword))
	return len(rows) == 0, err
}

// inviteUser sends the mail again, to who let the first one run out.
func (h *Handlers) inviteUser(v *visit) error {
	u, err := h.changeable(v)
	if err != nil {
		return err
	}
	can, err := h.invitable(v.r.Context(), u)
	if err != nil {
		return err
	}
	if !can {
		return errBadForm
	}
	sure, err := v.confirmed(page.PathAdminUsers, func() (page.AdminConfirm, error) { return h.aboutUser(page.ActInvite, u), nil })
	if err != nil || !sure {
		return err
	}
	err = h.invite(v, u)
	var throttled *factor.Throttled
	switch {
	case errors.As(err, &throttled):
		return v.done(userURL(u.ID), page.MailTooOften)
	case errors.Is(err, factor.ErrHasPassword):
		return errBadForm
	case err != nil:
		return err
	}
	return v.done(userURL(u.ID), page.InvitationSent)
}

// invite sends the mail in which somebody sets the first password of their account.
func (h *Handlers) invite(v *visit, u *user.Person) error {
	ctx := v.r.Context()
	who := factor.Who{UserID: u.ID, Identifier: u.EmailValue, Address: httpx.ClientAddr(ctx)}
	token, err := h.Factors.StartInvitation(ctx, who, u.EmailValue)
	if err != nil {
		return err
	}
	m, err := delivery.Write(delivery.Invited, u.Locale, u.EmailValue, delivery.Facts{Service: h.Service, Host: h.host,
		URL: h.Issuer + "/reset/" + token, TTL: factor.InvitationTTL})
	if err != nil {
		return err
	}
	err = h.onUser(v, u.ID, func(tx *storage.Store, _ *storage.User) error { // before the mail: none goes out that is not on record
		return audit.Write(ctx, tx, audit.Event{Kind: audit.PasswordResetBegun, At: h.Clock.Now(), UserID: u.ID, By: v.by(),
			Data: map[string]any{"invitation": "sent"}})
	})
	if err == nil {
		err = h.Outbox.Mail(m)
	}
	return err
}
