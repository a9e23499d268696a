package signin

import (
	"net/http"
	"time"

	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/ui/page"
)

// resendAfter is how long a person waits before asking for another code. Mail takes its time, and every new code makes the
// one under way worthless.
const resendAfter = 30 * time.Second

// codePage asks for the code that was sent.
func (h *Handlers) codePage(v *visit, faults page.Errors) (page.Page, error) {
	c := v.flow.Challenge
	name, err := h.name(v)
	if err != nil {
		return nil, err
	}
	_, shown, err := h.target(v, c.Kind)
	if err != nil {
		return nil, err
	}
	ways, err := h.alternatives(v, c.Kind)
	if err != nil {
		return nil, err
	}
	base, form, again := h.codeParts(v, faults)
	if c.Kind == factor.KindSMS {
		return page.SMSCode{Base: base, Form: form, App: v.app(), Email: name, Sent: shown, ChangeURL: v.url("identify"),
			Resend: again, Alternatives: ways}, nil
	}
	return page.EmailCode{Base: base, Form: form, App: v.app(), Email: name, Sent: shown, ChangeURL: v.url("identify"),
		Resend: again, Alternatives: ways}, nil
}

func (h *Handlers) codeParts(v *visit, faults page.Errors) (page.Base, page.Form, page.Resend) {
	base := v.base()
	if faults == nil && v.r.URL.RawQuery == "sent=again" {
		base.Notice = page.Msg(page.CodeSentAgain)
	}
	return base, page.Form{Action: v.url("code"), Errors: faults},
		page.Resend{Action: v.url("resend"), After: h.untilResend(v.flow.Challenge)}
}

func (h *Handlers) untilResend(c *factor.Challenge) time.Duration {
	sentAt := c.ExpiresAt.Add(-factor.CodeTTL)
	return max(0, sentAt.Add(resendAfter).Sub(h.Clock.Now()))
}

// purpose is what a code is for at the step.
func (v *visit) purpose() factor.Purpose {
	switch v.step {
	case authflow.StepVerifySignUp:
		return factor.PurposeVerify
	case authflow.StepSecondFactor:
		return factor.PurposeSecondFactor
	}
	return factor.PurposeSignIn
}

// asksCode tells whether the flow waits for the code of its challenge.
func (h *Handlers) asksCode(v *visit) (bool, error) {
	c := v.flow.Challenge
	if c == nil || c.Purpose != v.purpose() || c.UserID != v.flow.UserID {
		return false, nil
	}
	if v.step == authflow.StepVerifySignUp {
		return true, nil
	}
	return h.asks(v, c.Kind)
}

// code takes a code that was sent: for an address to sign up with, or as a first or second factor.
func (h *Handlers) code(v *visit) error {
	if ok, err := h.asksCode(v); err != nil || !ok {
		return err
	}
	typed := v.form.Get("code")
	if typed == "" {
		return refuse("code", page.Required)
	}
	if _, ok := factor.NormalizeCode(typed); !ok {
		return refuse("code", page.CodeMalformed)
	}
	c := *v.flow.Challenge
	who, err := h.who(v.r, c.UserID, c.Target)
	if err != nil {
		return err
	}
	if err := h.Factors.CheckCode(v.ctx, who, c, typed); err != nil {
		return h.unproved(v, c.Kind, "code", page.CodeWrong, err)
	}
	if v.step == authflow.StepVerifySignUp {
		return h.createUser(v)
	}
	if still, err := h.stillReaches(v, c); err != nil {
		return err
	} else if !still {
		return h.unproved(v, c.Kind, "code", page.CodeWrong, factor.ErrWrong)
	}
	return h.proved(v, c.Kind, "code", page.CodeWrong)
}

// resend sends another code to where the last one went.
func (h *Handlers) resend(v *visit) error {
	if ok, err := h.asksCode(v); err != nil || !ok {
		return err
	}
	if wait := h.untilResend(v.flow.Challenge); wait > 0 {
		return later(http.StatusTooManyRequests, wait)
	}
	var err error
	if v.step == authflow.StepVerifySignUp {
		err = h.sendVerification(v)
	} else {
		err = h.sendCode(v, v.flow.Challenge.Kind)
	}
	if err == nil {
		v.w.Header().Set("Location", flowURL(v.flow.ID)+"?sent=again")
	}
	return err
}

// sendCode makes a code and sends it to the user. Where there is none, or they may not sign in, as much is done and the
// address gets another letter.
func (h *Handlers) sendCode(v *visit, kind factor.Kind) error {
	to, _, err := h.target(v, kind)
	if err != nil {
		return err
	}
	who, err := h.who(v.r, v.flow.UserID, v.flow.Email)
	if err != nil {
		return err
	}
	allowed, err := h.receives(v, kind, to)
	if err != nil {
		return err
	}
	c, code, err := h.Factors.StartCode(v.ctx, who, kind, v.purpose(), to)
	if err != nil {
		return delayed(err)
	}
	v.flow.Method, v.flow.Challenge = kind, &c
	if err := h.Flows.Save(v.ctx, v.flow); err != nil {
		return err
	}
	facts := delivery.Facts{Code: code, TTL: factor.CodeTTL}
	switch {
	case allowed && kind == factor.KindSMS:
		return h.text(v.r, v.flow, to, facts)
	case allowed:
		return h.mail(v.r, v.flow, delivery.SignInCode, to, facts)
	case v.flow.UserID == "":
		return h.mail(v.r, v.flow, delivery.UnknownAddress, to, delivery.Facts{})
	}
	return nil
}
