package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/storage"
)

// ImpersonationPolicy says who may act as whom.
type ImpersonationPolicy struct {
	Object string `json:"object" enum:"impersonation_policy"`
	ImpersonationPolicyFields
	UpdatedAt *int64 `json:"updated_at" doc:"null while it is the default"`
}

// ImpersonationPolicyFields is what can be changed of it.
type ImpersonationPolicyFields struct {
	Rules          []ImpersonationRule `json:"rules" maxItems:"50" doc:"What is allowed; nothing else is. Nobody ever acts as somebody with more rights, or as themself"`
	ClientIDs      []string            `json:"client_ids" required:"false" maxItems:"200" doc:"The applications in which somebody may be impersonated; empty for all"`
	Scopes         []string            `json:"scopes" required:"false" nullable:"true" maxItems:"200" doc:"What applications can get at most; null for all but what no impersonation has: offline_access, unsafe_metadata:write and the scopes of this API"`
	ReasonRequired *bool               `json:"reason_required" required:"false" nullable:"false" doc:"True where it is left out"`
	SecondApprover bool                `json:"second_approver" required:"false" default:"false" doc:"Somebody else has to approve each actor token"`
	NotifyUser     bool                `json:"notify_user" required:"false" default:"false" doc:"Tell the impersonated person by mail"`
}

// ImpersonationRule lets users of some roles act as those of others.
type ImpersonationRule struct {
	ActorRoles   []string `json:"actor_roles" minItems:"1" maxItems:"10" enum:"owner,admin,support,auditor"`
	SubjectRoles []string `json:"subject_roles" minItems:"1" maxItems:"10" enum:",support,auditor,admin,owner" doc:"An empty string stands for people without a role"`
}

type (
	impersonationPolicyPut struct {
		IfMatched
		Body ImpersonationPolicyFields
	}
	impersonationPolicyOutput struct {
		ETag string `header:"ETag"`
		Body ImpersonationPolicy
	}
)

func (a *API) policyOperations() {
	tags := []string{"policies"}
	operation(a, ScopePoliciesRead, huma.Operation{OperationID: "get-impersonation-policy", Method: http.MethodGet, Path: "/v1/policies/impersonation",
		Summary: "Get the policy of impersonation", Tags: tags}, a.getImpersonationPolicy)
	operation(a, ScopePoliciesWrite, huma.Operation{OperationID: "put-impersonation-policy", Method: http.MethodPut, Path: "/v1/policies/impersonation",
		Summary: "Set the policy of impersonation", Tags: tags, Description: "A change ends every session in which somebody acts as " +
			"somebody else: what it began under is no more."}, a.putImpersonationPolicy)
}

func (a *API) getImpersonationPolicy(ctx context.Context, _ *struct{}) (*impersonationPolicyOutput, error) {
	p, row, err := a.Actors.Policy(ctx, a.Store)
	if err != nil {
		return nil, err
	}
	return showImpersonationPolicy(p, row), nil
}

func (a *API) putImpersonationPolicy(ctx context.Context, in *impersonationPolicyPut) (*impersonationPolicyOutput, error) {
	document, err := json.Marshal(in.Body)
	if err != nil {
		return nil, err
	}
	var p actor.Policy
	var row *storage.Policy
	err = a.change(ctx, in.IfMatch, func(tx *storage.Store) error {
		if _, row, err = a.Actors.Policy(ctx, tx); err != nil {
			return err
		}
		if err := checkMatch(in.IfMatch, row.Version); err != nil {
			return err
		}
		p, err = a.Actors.SetPolicy(ctx, tx, row, string(document), callerOf(ctx))
		return err
	})
	var fault *actor.Fault
	if errors.As(err, &fault) {
		return nil, badField("body", fault.Field, fault.Detail)
	}
	if err != nil {
		return nil, err
	}
	return showImpersonationPolicy(p, row), nil
}

func showImpersonationPolicy(p actor.Policy, row *storage.Policy) *impersonationPolicyOutput {
	f := ImpersonationPolicyFields{Rules: []ImpersonationRule{}, ClientIDs: p.ClientIDs, Scopes: p.Scopes, ReasonRequired: &p.ReasonRequired,
		SecondApprover: p.SecondApprover, NotifyUser: p.NotifyUser}
	for _, r := range p.Rules {
		f.Rules = append(f.Rules, ImpersonationRule(r))
	}
	if f.ClientIDs == nil {
		f.ClientIDs = []string{}
	}
	shown := ImpersonationPolicy{Object: "impersonation_policy", ImpersonationPolicyFields: f}
	if row.Version > 1 {
		shown.UpdatedAt = milliOrNull(row.UpdatedAt)
	}
	return &impersonationPolicyOutput{etag(row.Version), shown}
}
