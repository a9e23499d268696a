package authflow

import (
	"context"
	"slices"
	"time"

	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/session"
)

// Step is what a sign-in waits for.
type Step string

// Steps, in the order a person may meet them.
const (
	StepSignUp        Step = "sign-up"        // an account is to be made
	StepVerifySignUp  Step = "verify-sign-up" // its address is to be verified
	StepChooseAccount Step = "choose-account"
	StepIdentify      Step = "identify"
	StepFirstFactor   Step = "first-factor"
	StepSecondFactor  Step = "second-factor"
	StepConsent       Step = "consent"
	StepDone          Step = "done"
)

// Next derives the step that a flow is at. current is the browser's active session, nil for none.
func (f *Flows) Next(ctx context.Context, flow *Flow, current *session.Current) (Step, error) {
	if flow.Denied {
		return StepDone, nil
	}
	if flow.SignUp != nil {
		return StepVerifySignUp, nil
	}
	if current == nil || !flow.accepts(current) {
		return f.signIn(ctx, flow)
	}
	if slices.Contains(flow.Prompt, "select_account") && !flow.Chosen && !flow.Fresh {
		return StepChooseAccount, nil
	}
	if f.mustProveAgain(flow, current) {
		if len(flow.Proved) == 0 {
			flow.UserID = current.UserID
			return StepFirstFactor, nil
		}
		return f.signIn(ctx, flow)
	}
	if want := factor.Required(flow.ACRValues); want != "" && !factor.Satisfies(current.ACR, want) {
		can, err := f.canRaise(ctx, flow, current)
		if err != nil {
			return "", err
		}
		if can {
			return StepSecondFactor, nil
		}
	}
	if flow.Client != nil && !flow.Consented {
		needed, err := f.consents.Needed(ctx, current.UserID, flow.Client, flow.Scope)
		if err != nil {
			return "", err
		}
		if needed || slices.Contains(flow.Prompt, "consent") {
			return StepConsent, nil
		}
	}
	return StepDone, nil
}

// accepts tells whether the browser's session may answer the request at all.
func (flow *Flow) accepts(current *session.Current) bool {
	if flow.HintSubject != "" && current.UserID != flow.HintSubject { // Core 3.1.2.1: id_token_hint names the user
		return false
	}
	if flow.SessionID != "" {
		return flow.SessionID == current.ID
	}
	if flow.UserID != "" && flow.UserID != current.UserID { // somebody else is signing in
		return false
	}
	return true
}

// mustProveAgain: prompt=login, or the authentication is older than max_age (Core 3.1.2.1). A proof in this flow is
// never too old, or max_age=0 would go round for ever.
func (f *Flows) mustProveAgain(flow *Flow, current *session.Current) bool {
	if flow.Fresh && flow.SessionID == current.ID {
		return false
	}
	if slices.Contains(flow.Prompt, "login") {
		return true
	}
	age := f.clock.Now().Sub(current.AuthenticatedAt.Time)
	return flow.MaxAge != nil && age > time.Duration(*flow.MaxAge)*time.Second
}

// signIn routes a flow without a session that it can use.
func (f *Flows) signIn(ctx context.Context, flow *Flow) (Step, error) {
	if flow.SessionID != "" { // the session of this flow has ended meanwhile: begin again
		flow.Progress = Progress{Email: flow.Email}
	}
	if len(flow.Proved) > 0 {
		return StepSecondFactor, nil
	}
	if flow.Create && flow.Email == "" && flow.UserID == "" {
		return StepSignUp, nil
	}
	if flow.UserID != "" || flow.Identified {
		return StepFirstFactor, nil
	}
	return StepIdentify, nil
}

// SecondFactors returns the kinds that the user can add to what was proved, in the order they should be offered. Its
// list is empty when none is needed: neither has the user a second factor of their own nor does the client ask for one.
func (f *Flows) SecondFactors(ctx context.Context, flow *Flow, userID string) ([]factor.Kind, error) {
	kinds, err := f.factors.Kinds(ctx, userID)
	if err != nil {
		return nil, err
	}
	more := factor.SecondFactors(flow.Proved, kinds)
	own := slices.ContainsFunc(more, func(k factor.Kind) bool { return k == factor.KindTOTP || k == factor.KindSMS })
	asked := factor.Required(flow.ACRValues) == factor.ACRMulti
	if !own && !asked {
		return nil, nil
	}
	return more, nil
}

// canRaise tells whether the session's user has a factor that lifts the session to what is asked. acr_values is a
// voluntary request: where it cannot be met the sign-in goes on, and acr tells the client.
func (f *Flows) canRaise(ctx context.Context, flow *Flow, current *session.Current) (bool, error) {
	kinds, err := f.factors.Kinds(ctx, current.UserID)
	if err != nil {
		return false, err
	}
	return len(factor.SecondFactors(flow.Proved, kinds)) > 0, nil
}
