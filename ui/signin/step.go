package signin

import (
	"fmt"

	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/ui/page"
)

// step shows the page of the step that the flow is at, or its end.
func (h *Handlers) step(v *visit, _ page.Errors) (page.Page, error) {
	if v.step == authflow.StepDone {
		return h.done(v)
	}
	return h.again(v, nil)
}

// again makes the page of the step that the flow was at when the request came.
func (h *Handlers) again(v *visit, faults page.Errors) (page.Page, error) {
	switch v.step {
	case authflow.StepSignUp:
		if !h.SignUpEnabled { // prompt=create is a wish (Initiating User Registration 1.0)
			return h.identifierPage(v, faults)
		}
		return h.signUpPage(v, faults)
	case authflow.StepVerifySignUp:
		return h.verifyPage(v, faults)
	case authflow.StepChooseAccount:
		return h.accountsPage(v, faults)
	case authflow.StepIdentify:
		return h.identifierPage(v, faults)
	case authflow.StepFirstFactor:
		if v.flow.Method == factor.KindEmail && v.flow.Challenge != nil {
			return h.codePage(v, faults)
		}
		return h.passwordPage(v, faults)
	case authflow.StepSecondFactor:
		return h.secondPage(v, faults)
	case authflow.StepConsent:
		return h.consentPage(v, faults)
	case authflow.StepDone:
		return h.done(v)
	}
	return nil, fmt.Errorf("flow %s is at step %q, which has no page", v.flow.ID, v.step)
}
