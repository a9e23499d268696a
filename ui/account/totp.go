package account

import (
	"errors"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// showTOTP shows the seed of an authenticator that is being set up: the same one, however often the page is loaded.
func (h *Handlers) showTOTP(v *visit, c *change, faults page.Errors) error {
	list, err := h.Factors.List(v.r.Context(), v.userID())
	if err != nil {
		return err
	}
	if has(list, factor.KindTOTP) { // set up already; another takes the place of this one when it is removed
		return v.goTo(c.back())
	}
	key, err := h.totpKey(v, c)
	if err != nil {
		return err
	}
	qr, err := key.QR()
	if err != nil {
		return err
	}
	return v.show(page.TOTPEnroll{Frame: v.frame(), Form: page.Form{Action: c.path(), Errors: faults}, QR: qr,
		Secret: key.Seed, CancelURL: page.PathSecurity, Console: c.Act == actConsole}, faults)
}

func (h *Handlers) totpKey(v *visit, c *change) (factor.TOTPKey, error) {
	if c.FactorID != "" {
		key, err := h.Factors.PendingTOTP(v.r.Context(), v.userID(), v.person.Email, c.FactorID)
		if !errors.Is(err, factor.ErrNotFound) {
			return key, err
		}
		// Begun anew in another window, which made this seed worthless.
	}
	key, err := h.Factors.EnrollTOTP(v.r.Context(), v.userID(), v.person.Email, "")
	if err != nil {
		return key, err
	}
	c.FactorID = key.FactorID
	return key, h.save(v, c)
}

// answerTOTP takes the first code, which shows that the authenticator has the seed.
func (h *Handlers) answerTOTP(v *visit, c *change, form *httpx.Params) error {
	if c.FactorID == "" {
		return v.goTo(c.path())
	}
	typed, faults := code(form)
	if faults == nil {
		who, err := h.who(v)
		if err != nil {
			return err
		}
		faults, err = h.faults("code", h.Factors.ConfirmTOTP(v.r.Context(), who, c.FactorID, typed))
		if err != nil {
			return err
		}
	}
	if faults != nil {
		return h.showTOTP(v, c, faults)
	}
	h.tell(v, delivery.FactorsChanged, v.person.EmailValue)
	// That one code counts once has been seen to; who else closed the change does not matter.
	if err := h.finish(v, h.Store, c); err != nil && !errors.Is(err, storage.ErrConflict) {
		return err
	}
	if v.person.Role != "" {
		if err := h.stepUpWith(v, factor.KindTOTP); err != nil {
			return err
		}
	}
	if c.Act == actConsole {
		return h.showRecoveryCodes(v, c.back())
	}
	return h.done(v, page.PathSecurity, page.TOTPAdded, "")
}

func (h *Handlers) removeTOTP(v *visit) error { return h.removeKind(v, factor.KindTOTP) }
