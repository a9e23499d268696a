package account

import (
	"errors"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// showEmail asks for a new address, then for the code that went to it.
func (h *Handlers) showEmail(v *visit, c *change, faults page.Errors) error {
	form := page.Form{Action: c.path(), Errors: faults}
	if c.awaited(factor.KindEmail) == nil {
		return v.show(page.EmailChange{Frame: v.frame(), Form: form, Email: c.Typed, Current: v.person.Email,
			CancelURL: page.PathAccount}, faults)
	}
	return v.show(page.VerifyEmail{Base: v.base(), Form: form, Sent: c.Typed, ChangeURL: pathEmail,
		Resend: h.resendForm(c)}, faults)
}

func (h *Handlers) answerEmail(v *visit, c *change, form *httpx.Params) error {
	if c.awaited(factor.KindEmail) == nil {
		return h.sendToEmail(v, c, form.Get("email"))
	}
	typed, faults := code(form)
	if faults == nil {
		var err error
		if faults, err = h.faults("code", h.check(v, c, factor.KindEmail, typed)); err != nil {
			return err
		}
	}
	if faults == nil {
		err := h.keepEmail(v, c)
		if errors.Is(err, user.ErrTaken) {
			// Only who reads the mailbox comes this far, so nobody learns from us whose address it is.
			c.Sent = nil
			if err := h.save(v, c); err != nil {
				return err
			}
			return h.showEmail(v, c, page.Fault("email", page.EmailTaken))
		}
		if err != nil {
			return err
		}
		return h.done(v, page.PathAccount, page.EmailVerified, "")
	}
	return h.showEmail(v, c, faults)
}

// sendToEmail sends a code to an address, whether or not somebody has it: the answer tells nothing.
func (h *Handlers) sendToEmail(v *visit, c *change, typed string) error {
	c.Typed = typed
	if typed == "" {
		return h.showEmail(v, c, page.Fault("email", page.Required))
	}
	address, err := user.NormalizeEmail(typed)
	if err == nil && address == v.person.EmailValue {
		return v.goTo(page.PathAccount)
	}
	if err == nil {
		err = h.send(v, c, factor.KindEmail, factor.PurposeVerify, address)
	}
	faults, err := h.faults("email", err)
	if err != nil {
		return err
	}
	if faults != nil {
		return h.showEmail(v, c, faults)
	}
	return v.goTo(c.path())
}

// keepEmail makes a proved address the user's own. The one before is told, so that its owner notices if it was not them;
// codes for signing in follow the address.
func (h *Handlers) keepEmail(v *visit, c *change) error {
	ctx, before := v.r.Context(), v.person.EmailValue
	err := h.finishWith(v, c, func(tx *storage.Store) error {
		_, err := h.Users.ChangeEmail(ctx, tx, v.userID(), c.Typed)
		return err
	})
	if err != nil {
		return err
	}
	h.tell(v, delivery.FactorsChanged, before)
	list, err := h.Factors.List(ctx, v.userID())
	if err != nil || !has(list, factor.KindEmail) {
		return err
	}
	return h.sendCodesTo(v, factor.KindEmail, c.Sent.Target)
}
