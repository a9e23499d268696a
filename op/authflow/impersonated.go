package authflow

import (
	"context"
	"errors"
	"slices"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/session"
)

// LetActorsIn lets people who act as others go on into applications, as the policy has it. Without it nobody does.
func (f *Flows) LetActorsIn(a *actor.Actors) { f.actors = a }

// answersFor tells whether it is an impersonation that answers a flow: unless somebody has begun to sign in here as
// themselves.
func (flow *Flow) answersFor(current *session.Current) bool {
	return current != nil && current.Impersonated() && !flow.Identified && !flow.Another && flow.SignUp == nil &&
		(flow.SessionID == "" || flow.SessionID == current.ID)
}

// refusal is an error for the client.
type refusal struct{ code, description string }

// impersonate decides whether a flow goes on in an impersonation. Nobody is there who could prove to be the user, or decide
// for them: what needs either is refused. Of the scope it leaves what may be had.
func (f *Flows) impersonate(ctx context.Context, flow *Flow, current *session.Current) (*refusal, error) {
	if flow.Client == nil {
		return nil, nil
	}
	switch {
	case f.actors == nil:
		return &refusal{"access_denied", "the user is impersonated"}, nil
	case flow.HintSubject != "" && flow.HintSubject != current.UserID:
		return &refusal{"login_required", "another user is impersonated"}, nil
	case flow.Create, f.mustProveAgain(flow, current):
		return &refusal{"login_required", "the user is impersonated and cannot authenticate"}, nil
	case flow.unmet(current):
		return &refusal{"unmet_authentication_requirements", "the user is impersonated and cannot authenticate"}, nil
	case slices.Contains(flow.Prompt, "consent"):
		return &refusal{"consent_required", "the user is impersonated and cannot consent"}, nil
	}
	scope, err := f.actors.Admit(ctx, current, flow.ClientID, flow.Scope)
	if errors.Is(err, actor.ErrRefused) {
		return &refusal{"access_denied", "the user is impersonated: " + err.Error()}, nil
	}
	if err != nil {
		return nil, err
	}
	if flow.ClaimScope != "" { // claims asked for by name are no way around it
		left, err := f.actors.Admit(ctx, current, flow.ClientID, flow.ClaimScope)
		if err != nil && !errors.Is(err, actor.ErrRefused) {
			return nil, err
		}
		if err != nil || left != flow.ClaimScope {
			flow.ClaimScope, flow.Params.Claims = "", nil
		}
	}
	flow.Scope = scope
	needed, err := f.consents.Needed(ctx, current.UserID, flow.Client, flow.ConsentScope())
	if err != nil {
		return nil, err
	}
	if needed {
		return &refusal{"consent_required", "the user is impersonated and has not consented"}, nil
	}
	return nil, nil
}
