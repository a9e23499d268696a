package account

import (
	"errors"

	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/ui/page"
)

// removeKind takes every factor of a kind away. Where there is none left (a second click) nothing happens.
func (h *Handlers) removeKind(v *visit, kind factor.Kind) error {
	list, err := h.Factors.List(v.r.Context(), v.userID())
	if err != nil {
		return err
	}
	removed := false
	for _, i := range list {
		if i.Kind != kind {
			continue
		}
		err := h.Factors.Remove(v.r.Context(), v.userID(), i.ID)
		if errors.Is(err, factor.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		removed = true
	}
	if !removed {
		return v.goTo(page.PathSecurity)
	}
	h.tell(v, delivery.FactorsChanged, v.person.EmailValue)
	return h.done(v, page.PathSecurity, page.FactorRemoved, "")
}

// sendCodesTo makes a target the only one that codes of a kind are sent to. The new one comes first: with the last second
// step the recovery codes would go.
func (h *Handlers) sendCodesTo(v *visit, kind factor.Kind, target string) error {
	ctx := v.r.Context()
	if err := h.Factors.EnableCodes(ctx, v.userID(), kind, target); err != nil {
		return err
	}
	list, err := h.Factors.List(ctx, v.userID())
	if err != nil {
		return err
	}
	for _, i := range list {
		if i.Kind != kind || i.Label == target {
			continue
		}
		if err := h.Factors.Remove(ctx, v.userID(), i.ID); err != nil && !errors.Is(err, factor.ErrNotFound) {
			return err
		}
	}
	return nil
}
