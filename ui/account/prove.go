package account

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// methodOf is what pages call a kind.
var methodOf = map[factor.Kind]page.Method{
	factor.KindPassword: page.MethodPassword, factor.KindEmail: page.MethodEmailCode, factor.KindSMS: page.MethodSMSCode,
	factor.KindTOTP: page.MethodTOTP, factor.KindRecovery: page.MethodRecovery,
}

// proof is what a change asks for before it goes on.
type proof struct {
	kinds []factor.Kind // of which one is to be proved
	kind  factor.Kind   // the one that is asked for; "" while the person has to choose
	list  []factor.Info
}

// proofFor derives it from what the user has and has proved.
func (h *Handlers) proofFor(v *visit, c *change) (p proof, err error) {
	p.list, err = h.Factors.List(v.r.Context(), v.userID())
	if err != nil {
		return p, err
	}
	p.kinds = toProve(v.person.Role, c.Proved, p.list)
	switch {
	case slices.Contains(p.kinds, c.Method):
		p.kind = c.Method
	case slices.Contains(p.kinds, factor.KindPassword):
		p.kind = factor.KindPassword
	case slices.Contains(p.kinds, factor.KindTOTP):
		p.kind = factor.KindTOTP
	}
	if isSent(p.kind) && (c.Sent == nil || c.Sent.Kind != p.kind || c.Sent.Purpose != factor.PurposeSecondFactor) {
		p.kind = "" // nothing was sent yet, and sending takes a click
	}
	return p, nil
}

func isSent(k factor.Kind) bool { return k == factor.KindEmail || k == factor.KindSMS }

func (p proof) target(v *visit, kind factor.Kind) string {
	if kind == factor.KindEmail {
		return v.person.EmailValue
	}
	for _, i := range p.list {
		if i.Kind == kind {
			return i.Label
		}
	}
	return ""
}

func (p proof) ways(v *visit, c *change, but factor.Kind) (list []page.Alternative) {
	for _, k := range p.kinds {
		if k == but {
			continue
		}
		a := page.Alternative{Method: methodOf[k], Action: c.path() + "/method"}
		if isSent(k) {
			a.Hint = masked(k, p.target(v, k))
		}
		list = append(list, a)
	}
	return list
}

// showProof asks the person to prove who they are.
func (h *Handlers) showProof(v *visit, c *change, faults page.Errors) error {
	p, err := h.proofFor(v, c)
	if err != nil {
		return err
	}
	base, form, email, ways := v.base(), page.Form{Action: c.path(), Errors: faults}, v.person.Email, p.ways(v, c, p.kind)
	var next page.Page
	switch p.kind {
	case factor.KindPassword:
		next = page.Reauthenticate{Base: base, Form: form, Email: email, CancelURL: page.PathSecurity, Alternatives: ways}
	case factor.KindTOTP:
		next = page.TOTP{Base: base, Form: form, Email: email, Alternatives: ways}
	case factor.KindRecovery:
		next = page.RecoveryCode{Base: base, Form: form, Email: email, Alternatives: ways}
	case factor.KindEmail:
		next = page.EmailCode{Base: base, Form: form, Email: email, Sent: masked(p.kind, c.Sent.Target),
			Resend: h.resendForm(c), Alternatives: ways}
	case factor.KindSMS:
		next = page.SMSCode{Base: base, Form: form, Email: email, Sent: masked(p.kind, c.Sent.Target),
			Resend: h.resendForm(c), Alternatives: ways}
	default:
		next = page.ChooseFactor{Base: base, Email: email, Methods: ways, Error: faults[""]}
	}
	return v.show(next, faults)
}

// chooseMethod takes another way to prove; a code is sent where it is one.
func (h *Handlers) chooseMethod(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	return h.onChange(v, func(c *change, fresh bool) error {
		if fresh {
			return v.goTo(c.path())
		}
		p, err := h.proofFor(v, c)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(p.kinds, func(k factor.Kind) bool { return string(methodOf[k]) == form.Get("method") })
		if at < 0 {
			return errBadForm
		}
		c.Method, c.Sent = p.kinds[at], nil
		if isSent(c.Method) {
			err = h.send(v, c, c.Method, factor.PurposeSecondFactor, p.target(v, c.Method))
		} else {
			err = h.save(v, c)
		}
		if faults, err := h.faults("", err); err != nil || faults != nil {
			if err != nil {
				return err
			}
			return h.showProof(v, c, faults)
		}
		return v.goTo(c.path())
	})
}

// answerProof checks a proof. With the last one the session is stepped up, under a new cookie secret, and the person goes
// on with what they were about to do.
func (h *Handlers) answerProof(v *visit, c *change, form *httpx.Params) error {
	p, err := h.proofFor(v, c)
	if err != nil {
		return err
	}
	if p.kind == "" {
		return h.showProof(v, c, nil)
	}
	field := "code"
	if p.kind == factor.KindPassword {
		field = "password"
	}
	typed := form.Get(field)
	if typed == "" {
		return h.showProof(v, c, page.Fault(field, page.Required))
	}
	faults, err := h.faults(field, h.check(v, c, p.kind, typed))
	if err != nil {
		return err
	}
	if faults != nil {
		return h.showProof(v, c, faults)
	}
	c.Proved, c.Method, c.Sent = append(c.Proved, p.kind), "", nil
	if len(toProve(v.person.Role, c.Proved, p.list)) > 0 {
		if err := h.save(v, c); err != nil {
			return err
		}
		return v.goTo(c.path())
	}
	return h.proved(v, c)
}

func (h *Handlers) proved(v *visit, c *change) error {
	stepUp := session.Proof{ACR: factor.ACR(c.Proved...), AMR: strings.Join(factor.AMR(c.Proved...), " ")}
	c.Proved = nil // they count once
	if err := h.save(v, c); err != nil {
		return err
	}
	if err := h.stepUp(v, stepUp); err != nil {
		return err
	}
	if deedOf(c.Act).run != nil {
		return h.runOnce(v, c)
	}
	return v.goTo(c.path())
}

// stepUp records a proof in the session. A session that ended meanwhile is none.
func (h *Handlers) stepUp(v *visit, p session.Proof) error {
	err := h.Sessions.StepUp(v.w, v.r, v.current, p)
	if errors.Is(err, storage.ErrNotFound) {
		return session.ErrNone
	}
	return err
}

// check checks a proof and writes its failure down, as a sign-in does.
func (h *Handlers) check(v *visit, c *change, kind factor.Kind, typed string) error {
	err := h.proves(v, c, kind, typed)
	event, reason := audit.ProofFailed, "wrong"
	var throttled *factor.Throttled
	switch {
	case errors.Is(err, factor.ErrWrong):
	case errors.Is(err, factor.ErrSpent):
		reason = "spent"
	case errors.As(err, &throttled) && throttled.First:
		event, reason = audit.ProofThrottled, "too_many_tries"
	default:
		return err
	}
	return errors.Join(err, h.write(v, h.Store, event, map[string]any{"factor": kind, "reason": reason}))
}

func (h *Handlers) proves(v *visit, c *change, kind factor.Kind, typed string) error {
	who, err := h.who(v)
	if err != nil {
		return err
	}
	checks := map[factor.Kind]func(context.Context, factor.Who, string) error{
		factor.KindPassword: h.Factors.CheckPassword, factor.KindTOTP: h.Factors.CheckTOTP,
		factor.KindRecovery: h.Factors.CheckRecoveryCode,
	}
	if check := checks[kind]; check != nil {
		return check(v.r.Context(), who, typed)
	}
	return h.Factors.CheckCode(v.r.Context(), who, *c.Sent, typed)
}
