package signin

import (
	"errors"
	"slices"

	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/ui/page"
)

// passwordPage is the same for every address, also for those of users who have no password and of nobody.
func (h *Handlers) passwordPage(v *visit, faults page.Errors) (page.Page, error) {
	if v.step != authflow.StepFirstFactor && v.step != authflow.StepSecondFactor {
		return h.again(v, faults)
	}
	name, err := h.name(v)
	if err != nil {
		return nil, err
	}
	p := page.Password{Base: v.base(), Form: page.Form{Action: v.url("password"), Errors: faults}, App: v.app(), Email: name,
		ChangeURL: v.url("identify"), ForgotURL: pathReset + "?flow=" + v.flow.ID}
	p.Alternatives, err = h.alternatives(v, factor.KindPassword)
	if v.step == authflow.StepFirstFactor && v.current != nil && v.current.UserID == v.flow.UserID {
		p.Notice = page.Msg(page.SignInAgain)
	}
	return p, err
}

func (h *Handlers) password(v *visit) error {
	if ok, err := h.asks(v, factor.KindPassword); err != nil || !ok {
		return err
	}
	if !v.form.Has("password") {
		return refuse("password", page.Required)
	}
	who, err := h.who(v.r, v.flow.UserID, v.flow.Email)
	if err != nil {
		return err
	}
	if err := h.Factors.CheckPassword(v.ctx, who, v.form.Get("password")); err != nil {
		return h.unproved(v, factor.KindPassword, "password", page.PasswordWrong, err)
	}
	return h.proved(v, factor.KindPassword, "password", page.PasswordWrong)
}

// asks tells whether the step that the flow is at can be answered with this kind. An answer to another step, such as one
// posted a second time, is no answer: it goes back to the flow.
func (h *Handlers) asks(v *visit, kind factor.Kind) (bool, error) {
	switch v.step {
	case authflow.StepFirstFactor:
		return kind == factor.KindPassword || kind == factor.KindEmail, nil
	case authflow.StepSecondFactor:
		list, err := h.Flows.SecondFactors(v.ctx, v.flow, v.flow.UserID)
		return slices.Contains(list, kind), err
	}
	return false, nil
}

// proved records the proof. A user who may not sign in looks like one whose proof was wrong.
func (h *Handlers) proved(v *visit, kind factor.Kind, field string, wrong page.Key) error {
	known, err := h.Sessions.IsKnownDevice(v.ctx, v.r, v.flow.UserID)
	if err != nil {
		return err
	}
	err = h.Flows.Prove(v.w, v.r, v.flow, kind)
	if errors.Is(err, authflow.ErrNobody) {
		return h.unproved(v, kind, field, wrong, err)
	}
	if errors.Is(err, session.ErrLimit) {
		return delayed(err)
	}
	if err == nil && v.flow.Fresh && !known && !v.flow.PasswordSet {
		h.tellNewSignIn(v)
	}
	return err
}
