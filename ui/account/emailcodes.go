package account

import (
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/ui/page"
)

// emailCodesOn makes codes by mail a second step.
func (h *Handlers) emailCodesOn(v *visit) error {
	list, err := h.Factors.List(v.r.Context(), v.userID())
	if err != nil {
		return err
	}
	if !v.person.EmailVerified || has(list, factor.KindEmail) {
		return v.goTo(page.PathSecurity)
	}
	if err := h.Factors.EnableCodes(v.r.Context(), v.userID(), factor.KindEmail, v.person.EmailValue); err != nil {
		return err
	}
	h.tell(v, delivery.FactorsChanged, v.person.EmailValue)
	return h.done(v, page.PathSecurity, page.EmailCodeOn, "")
}

func (h *Handlers) emailCodesOff(v *visit) error { return h.removeKind(v, factor.KindEmail) }
