package signin

import (
	"cmp"
	"slices"

	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/ui/page"
)

var methods = map[factor.Kind]page.Method{
	factor.KindPassword: page.MethodPassword, factor.KindEmail: page.MethodEmailCode, factor.KindSMS: page.MethodSMSCode,
	factor.KindTOTP: page.MethodTOTP, factor.KindRecovery: page.MethodRecovery,
}

// kindOf is the kind of a posted method, "" for none that there is.
func kindOf(m string) factor.Kind {
	for kind, method := range methods {
		if string(method) == m {
			return kind
		}
	}
	return ""
}

// sent tells whether a kind needs a code to be sent before it can be asked for.
func sent(k factor.Kind) bool { return k == factor.KindEmail || k == factor.KindSMS }

// secondPage asks for the factor that was chosen, or else for the authenticator's code, or else the first there is. Where
// that is one that has to be sent for, which a GET must not do, it lets choose.
func (h *Handlers) secondPage(v *visit, faults page.Errors) (page.Page, error) {
	list, err := h.Flows.SecondFactors(v.ctx, v.flow, v.flow.UserID)
	if err != nil {
		return nil, err
	}
	kind := v.flow.Method
	if !slices.Contains(list, kind) {
		kind = ""
		if slices.Contains(list, factor.KindTOTP) {
			kind = factor.KindTOTP
		} else if len(list) > 0 {
			kind = list[0]
		}
	}
	switch {
	case kind == factor.KindTOTP:
		return h.totpPage(v, faults)
	case kind == factor.KindRecovery:
		return h.recoveryPage(v, faults)
	case kind == factor.KindPassword:
		return h.passwordPage(v, faults)
	case sent(kind) && v.flow.Challenge != nil && v.flow.Challenge.Kind == kind:
		return h.codePage(v, faults)
	}
	return h.chooseFactorPage(v, faults)
}

func (h *Handlers) chooseFactorPage(v *visit, faults page.Errors) (page.Page, error) {
	name, err := h.name(v)
	if err != nil {
		return nil, err
	}
	p := page.ChooseFactor{Base: v.base(), App: v.app(), Email: name, ChangeURL: v.url("identify"), Error: faults[""]}
	p.Notice = v.stronger()
	p.Methods, err = h.alternatives(v, "")
	return p, err
}

// stronger says why somebody who is signed in is asked for more.
func (v *visit) stronger() page.Message {
	if v.current != nil && v.current.UserID == v.flow.UserID {
		return page.Msg(page.StrongerSignIn)
	}
	return page.Message{}
}

// alternatives are the other ways to answer the step. As a first factor they are the same for everybody.
func (h *Handlers) alternatives(v *visit, except factor.Kind) (list []page.Alternative, err error) {
	kinds, hints := []factor.Kind{factor.KindPassword, factor.KindEmail}, map[factor.Kind]string{}
	if v.step == authflow.StepSecondFactor {
		if kinds, err = h.Flows.SecondFactors(v.ctx, v.flow, v.flow.UserID); err != nil {
			return nil, err
		}
		for _, k := range kinds {
			if sent(k) {
				if _, hints[k], err = h.target(v, k); err != nil {
					return nil, err
				}
			}
		}
	}
	for _, k := range kinds {
		if k != except {
			list = append(list, page.Alternative{Method: methods[k], Action: v.url("method"), Hint: hints[k]})
		}
	}
	order := page.Methods()
	slices.SortStableFunc(list, func(a, b page.Alternative) int {
		return cmp.Compare(slices.Index(order, a.Method), slices.Index(order, b.Method))
	})
	return list, nil
}

// method takes another way to answer the step, and sends the code if it needs one.
func (h *Handlers) method(v *visit) error {
	kind := kindOf(v.form.Get("method"))
	if ok, err := h.asks(v, kind); err != nil || !ok {
		return err
	}
	if sent(kind) {
		return h.sendCode(v, kind)
	}
	v.flow.Method, v.flow.Challenge = kind, nil
	return h.Flows.Save(v.ctx, v.flow)
}
