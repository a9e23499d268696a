package signin

import (
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/ui/page"
)

func (h *Handlers) totpPage(v *visit, faults page.Errors) (page.Page, error) {
	name, err := h.name(v)
	if err != nil {
		return nil, err
	}
	p := page.TOTP{Base: v.base(), Form: page.Form{Action: v.url("totp"), Errors: faults}, App: v.app(), Email: name,
		ChangeURL: v.url("identify")}
	p.Notice = v.stronger()
	p.Alternatives, err = h.alternatives(v, factor.KindTOTP)
	return p, err
}

// totp takes the code of an authenticator.
func (h *Handlers) totp(v *visit) error {
	if ok, err := h.asks(v, factor.KindTOTP); err != nil || !ok {
		return err
	}
	v.flow.Method = factor.KindTOTP // a refusal shows its page again
	typed := v.form.Get("code")
	if typed == "" {
		return refuse("code", page.Required)
	}
	if _, ok := factor.NormalizeCode(typed); !ok {
		return refuse("code", page.CodeMalformed)
	}
	who, err := h.who(v.r, v.flow.UserID, v.flow.Email)
	if err != nil {
		return err
	}
	if err := h.Factors.CheckTOTP(v.ctx, who, typed); err != nil {
		return h.unproved(v, factor.KindTOTP, "code", page.CodeWrong, err)
	}
	return h.proved(v, factor.KindTOTP, "code", page.CodeWrong)
}
