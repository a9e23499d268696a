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

// showPhone asks for a number, then for the code that went to it.
func (h *Handlers) showPhone(v *visit, c *change, faults page.Errors) error {
	if !h.SMS {
		return errNotFound
	}
	p := page.PhoneEnroll{Frame: v.frame(), Form: page.Form{Action: c.path(), Errors: faults}, Phone: c.Typed,
		CancelURL: page.PathSecurity}
	if sent := c.awaited(factor.KindSMS); sent != nil {
		p.Sent, p.Resend = sent.Target, h.resendForm(c)
	}
	return v.show(p, faults)
}

func (h *Handlers) answerPhone(v *visit, c *change, form *httpx.Params) error {
	if !h.SMS {
		return errNotFound
	}
	if c.awaited(factor.KindSMS) == nil {
		return h.sendToPhone(v, c, form.Get("phone"))
	}
	typed, faults := code(form)
	if faults == nil {
		var err error
		if faults, err = h.faults("code", h.check(v, c, factor.KindSMS, typed)); err != nil {
			return err
		}
	}
	if faults != nil {
		return h.showPhone(v, c, faults)
	}
	if err := h.keepPhone(v, c); err != nil {
		return err
	}
	h.tell(v, delivery.FactorsChanged, v.person.EmailValue)
	return h.done(v, page.PathSecurity, page.PhoneAdded, "")
}

func (h *Handlers) sendToPhone(v *visit, c *change, typed string) error {
	c.Typed = typed
	if typed == "" {
		return h.showPhone(v, c, page.Fault("phone", page.Required))
	}
	number, err := user.NormalizePhone(typed)
	if err == nil {
		err = h.send(v, c, factor.KindSMS, factor.PurposeVerify, number)
	}
	faults, err := h.faults("phone", err)
	if err != nil {
		return err
	}
	if faults != nil {
		return h.showPhone(v, c, faults)
	}
	return v.goTo(c.path())
}

// keepPhone makes a number that was proved the user's. A number that another account has can be a factor of both (a family
// shares a phone), but only one of them is told to apps as theirs.
func (h *Handlers) keepPhone(v *visit, c *change) error {
	err := h.finishWith(v, c, func(tx *storage.Store) error {
		return h.Users.SetPhone(v.r.Context(), tx, v.userID(), c.Sent.Target)
	})
	if errors.Is(err, user.ErrTaken) {
		err = h.finish(v, h.Store, c)
	}
	if err != nil {
		return err
	}
	return h.sendCodesTo(v, factor.KindSMS, c.Sent.Target)
}

func (h *Handlers) removePhone(v *visit) error {
	err := again(func() error { return h.Users.RemovePhone(v.r.Context(), h.Store, v.userID()) })
	if err != nil {
		return err
	}
	return h.removeKind(v, factor.KindSMS)
}
