package authflow

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
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
	if flow.answersFor(current) { // with a code or an error, at once
		return StepDone, nil
	}
	if flow.Carried && !f.carries(flow, current) {
		flow.forget()
	}
	if current == nil || !flow.accepts(current) {
		return f.signIn(ctx, flow)
	}
	if flow.mistaken(current) {
		return StepDone, nil
	}
	elsewhere, err := f.hintsElsewhere(ctx, flow, current)
	if err != nil {
		return "", err
	}
	if elsewhere || slices.Contains(flow.Prompt, "select_account") && !flow.Chosen && !flow.Fresh {
		return StepChooseAccount, nil
	}
	if f.mustProveAgain(flow, current) {
		if len(flow.Proved) == 0 {
			flow.UserID = current.UserID
			return StepFirstFactor, nil
		}
		return f.signIn(ctx, flow)
	}
	lacks, err := f.lacks(ctx, flow, current)
	if err != nil {
		return "", err
	}
	if lacks {
		if flow.UserID != current.UserID { // another account became the active one: what was begun is not about it
			flow.forget()
			flow.UserID = current.UserID
		}
		if len(flow.Proved) == 0 { // what was proved in this flow is not forgotten for what came before it
			f.carry(flow, current)
		}
		more, err := f.SecondFactors(ctx, flow, current.UserID)
		if err != nil {
			return "", err
		}
		// acr_values is a voluntary request: where it cannot be met the sign-in goes on, and acr tells the client.
		if len(more) > 0 && !flow.Fresh {
			if len(flow.Proved) == 0 {
				return StepFirstFactor, nil
			}
			return StepSecondFactor, nil
		}
	}
	if flow.unmet(current) {
		return StepDone, nil
	}
	if flow.Client != nil { // always, because who is signed in may have changed since somebody consented in this flow
		needed, err := f.consents.Needed(ctx, current.UserID, flow.Client, flow.ConsentScope())
		if err != nil {
			return "", err
		}
		if needed || slices.Contains(flow.Prompt, "consent") && !flow.Consented {
			return StepConsent, nil
		}
	}
	return StepDone, nil
}

// accepts tells whether the browser's session may answer the request.
func (flow *Flow) accepts(current *session.Current) bool {
	if flow.SessionID != "" {
		return flow.SessionID == current.ID
	}
	if flow.Identified || flow.Another { // somebody is signing in: what they prove counts, not who was here before
		return false
	}
	return flow.HintSubject == "" || current.UserID == flow.HintSubject // Core 3.1.2.1: id_token_hint names the user
}

// mistaken tells that somebody signed in who is not the user that the client insists on.
func (flow *Flow) mistaken(current *session.Current) bool {
	return flow.HintSubject != "" && current != nil && flow.SessionID == current.ID && current.UserID != flow.HintSubject
}

// unmet tells that the client insists on an authentication that the session does not come up to (Core 5.5.1.1). A stronger
// one than asked for will do.
func (flow *Flow) unmet(current *session.Current) bool {
	return flow.ACREssential && current != nil && !slices.ContainsFunc(flow.ACRValues, func(v string) bool {
		return factor.Satisfies(current.ACR, v)
	})
}

// mustProveAgain: the session does not count for the client any more, by the client's own limits; prompt=login; or the
// authentication is older than max_age (Core 3.1.2.1), for which a proof in this flow is never too old, or max_age=0 would
// go round for ever.
func (f *Flows) mustProveAgain(flow *Flow, current *session.Current) bool {
	if flow.Client != nil && !flow.Client.Counts(current.AuthenticatedAt.Time, current.LastActiveAt.Time,
		time.Duration(current.LongestPause)*time.Microsecond, f.clock.Now()) {
		return true
	}
	if flow.Fresh && flow.SessionID == current.ID {
		return false
	}
	if slices.Contains(flow.Prompt, "login") {
		return true
	}
	age := f.clock.Now().Sub(current.AuthenticatedAt.Time)
	// max_age=0 means prompt=login, also for a proof of this very microsecond. A client's default may be any number, of
	// which not every one is a time.Duration.
	return flow.MaxAge != nil && (*flow.MaxAge == 0 || age.Seconds() > float64(*flow.MaxAge))
}

// lacks tells whether the session has not proved what was asked for. Of somebody with a role who has something better than
// the mailbox, the better is asked for (factor.Administers): an app that management refuses sends them here for it.
func (f *Flows) lacks(ctx context.Context, flow *Flow, current *session.Current) (bool, error) {
	want := factor.Required(flow.ACRValues)
	if want == "" || !factor.Satisfies(current.ACR, want) {
		return want != "", nil
	}
	if want != factor.ACRMulti || flow.Goal != GoalAdmin && current.User.Role == "" {
		return false, nil
	}
	kinds, err := f.factors.Kinds(ctx, current.UserID)
	if err != nil || !factor.Independent(kinds) {
		return false, err
	}
	proved, err := f.factors.Administers(ctx, current.UserID, current.ACR, current.AMR, current.AuthenticatedAt.Time)
	return !proved, err
}

// strict tells whether a code by mail is no second factor in this flow for who has something better.
func (f *Flows) strict(ctx context.Context, flow *Flow, userID string) (bool, error) {
	if flow.Goal == GoalAdmin || factor.Required(flow.ACRValues) != factor.ACRMulti {
		return flow.Goal == GoalAdmin, nil
	}
	row, err := f.store.User(ctx, userID)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return row.Role != "", nil
}

// signIn routes a flow without a session that it can use.
func (f *Flows) signIn(ctx context.Context, flow *Flow) (Step, error) {
	if flow.SessionID != "" { // the session of this flow has ended meanwhile: begin again
		flow.forget()
	}
	if err := f.forgetReplaced(ctx, flow); err != nil {
		return "", err
	}
	if len(flow.Proved) > 0 {
		more, err := f.SecondFactors(ctx, flow, flow.UserID)
		if err != nil {
			return "", err
		}
		if len(more) > 0 {
			return StepSecondFactor, nil
		}
		// The second factor was removed meanwhile, or the server stopped before it started the session.
		flow.forget()
	}
	if flow.Create && !flow.Identified && flow.UserID == "" {
		return StepSignUp, nil
	}
	if flow.UserID != "" || flow.Identified {
		return StepFirstFactor, nil
	}
	return StepIdentify, nil
}

// SecondFactors returns the kinds that the user can add to what was proved, in the order they should be offered. It is
// empty when none is needed: neither has the user set up a second factor nor does the client ask for one. Where the
// client asks and the user has set up nothing, a code by mail is possible, because every account has a verified address.
//
// A mailbox resets the password, so the two are no two factors against whoever has the mailbox. They count as such only
// for users who have nothing better: no acr_values in a link and no order of steps may go around a TOTP generator. On the way
// to what a role opens they count for nobody; who has nothing better proves the mailbox and then sets something up.
func (f *Flows) SecondFactors(ctx context.Context, flow *Flow, userID string) ([]factor.Kind, error) {
	kinds, err := f.factors.Kinds(ctx, userID)
	if err != nil {
		return nil, err
	}
	own := slices.ContainsFunc(kinds, func(k factor.Kind) bool { return k != factor.KindPassword && k != factor.KindRecovery })
	asked := factor.Required(flow.ACRValues) == factor.ACRMulti
	if !own && !asked {
		return nil, nil
	}
	if !own {
		kinds = append(kinds, factor.KindEmail)
	}
	better := factor.Independent(kinds)
	if better {
		strict, err := f.strict(ctx, flow, userID)
		if err != nil {
			return nil, err
		}
		if strict {
			kinds = slices.DeleteFunc(kinds, func(k factor.Kind) bool { return k == factor.KindEmail })
		}
	}
	if flow.PasswordSet || better && slices.Contains(flow.Proved, factor.KindEmail) {
		kinds = slices.DeleteFunc(kinds, func(k factor.Kind) bool { return k == factor.KindPassword })
	}
	return factor.SecondFactors(flow.Proved, kinds), nil
}
