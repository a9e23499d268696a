package account

import (
	"net/http"

	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/ui/page"
)

// newRecoveryCodes makes ten codes and shows them, this once. It answers the POST itself: a page to come back to would
// have to keep them.
func (h *Handlers) newRecoveryCodes(v *visit) error {
	list, err := h.Factors.List(v.r.Context(), v.userID())
	if err != nil {
		return err
	}
	if !hasSecond(list) {
		return v.goTo(page.PathSecurity)
	}
	return h.showRecoveryCodes(v, page.PathSecurity)
}

// showRecoveryCodes makes ten codes; behind them the person goes on to next.
func (h *Handlers) showRecoveryCodes(v *visit, next string) error {
	codes, err := h.Factors.NewRecoveryCodes(v.r.Context(), v.userID())
	if err != nil {
		return err
	}
	h.tell(v, delivery.FactorsChanged, v.person.EmailValue)
	return v.render(http.StatusOK, page.RecoveryCodes{Frame: v.frame(), Codes: codes, DoneURL: next})
}
