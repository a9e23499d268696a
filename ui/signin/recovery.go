package signin

import (
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/ui/page"
)

func (h *Handlers) recoveryPage(v *visit, faults page.Errors) (page.Page, error) {
	name, err := h.name(v)
	if err != nil {
		return nil, err
	}
	p := page.RecoveryCode{Base: v.base(), Form: page.Form{Action: v.url("recovery"), Errors: faults}, App: v.app(), Email: name,
		ChangeURL: v.url("identify")}
	p.Alternatives, err = h.alternatives(v, factor.KindRecovery)
	return p, err
}

// recovery takes one of the codes kept on paper.
func (h *Handlers) recovery(v *visit) error {
	if ok, err := h.asks(v, factor.KindRecovery); err != nil || !ok {
		return err
	}
	v.flow.Method = factor.KindRecovery // a refusal shows its page again
	if !v.form.Has("code") {
		return refuse("code", page.Required)
	}
	who, err := h.who(v.r, v.flow.UserID, v.flow.Email)
	if err != nil {
		return err
	}
	if err := h.Factors.CheckRecoveryCode(v.ctx, who, v.form.Get("code")); err != nil {
		return h.unproved(v, factor.KindRecovery, "code", page.CodeWrong, err)
	}
	return h.proved(v, factor.KindRecovery, "code", page.CodeWrong)
}
