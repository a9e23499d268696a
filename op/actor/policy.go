package actor

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/curfew-id/curfew/storage"
)

// Policy says who may act as whom, where, and how far. Its JSON is what administrators write.
type Policy struct {
	// Rules allow what they name, and nothing else is allowed.
	Rules []Rule `json:"rules"`
	// ClientIDs are the applications in which somebody may be impersonated; empty for all.
	ClientIDs []string `json:"client_ids"`
	// Scopes are what applications can get at most in an impersonation; nil for all but those that NeverScope names.
	Scopes         []string `json:"scopes"`
	ReasonRequired bool     `json:"reason_required"`
	// SecondApprover: nobody redeems a token before somebody else has approved it.
	SecondApprover bool `json:"second_approver"`
	// NotifyUser tells the impersonated person by mail.
	NotifyUser bool `json:"notify_user"`
}

// Rule lets users of the one kind of role act as those of the other. "" is who has no role.
type Rule struct {
	ActorRoles   []string `json:"actor_roles"`
	SubjectRoles []string `json:"subject_roles"`
}

// DefaultPolicy holds until somebody writes another.
func DefaultPolicy() Policy {
	return Policy{
		Rules: []Rule{
			{[]string{RoleOwner}, []string{RoleAdmin, RoleSupport, RoleAuditor, RoleNone}},
			{[]string{RoleAdmin}, []string{RoleSupport, RoleAuditor, RoleNone}},
			{[]string{RoleSupport}, []string{RoleNone}},
		},
		ClientIDs: []string{}, ReasonRequired: true,
	}
}

// ParsePolicy reads a stored policy. What a document leaves out is as in the default.
func ParsePolicy(document string) (Policy, error) {
	p := DefaultPolicy()
	var rules struct{ Rules *json.RawMessage }
	if err := json.Unmarshal([]byte(document), &rules); err == nil && rules.Rules != nil {
		p.Rules = nil // encoding/json would write into the elements that are there
	}
	if err := json.Unmarshal([]byte(document), &p); err != nil {
		return p, fmt.Errorf("policy of impersonation: %w", err)
	}
	return p, nil
}

// Fault is what is wrong with a policy, and where.
type Fault struct{ Field, Detail string }

// Error implements error.
func (f *Fault) Error() string { return f.Field + ": " + f.Detail }

// Check returns a *Fault for a policy that cannot be.
func (p Policy) Check(never func(scope string) bool) error {
	for i, r := range p.Rules {
		for name, roles := range map[string][]string{"actor_roles": r.ActorRoles, "subject_roles": r.SubjectRoles} {
			if bad := slices.IndexFunc(roles, func(role string) bool { return !slices.Contains(Roles, role) }); bad >= 0 {
				return &Fault{fmt.Sprintf("rules[%d].%s[%d]", i, name, bad), "is not a role"}
			}
		}
		for _, a := range r.ActorRoles {
			for _, s := range r.SubjectRoles {
				if rank[s] > rank[a] {
					return &Fault{fmt.Sprintf("rules[%d]", i), fmt.Sprintf("%q has more rights than %q", s, a)}
				}
			}
			if a == RoleNone {
				return &Fault{fmt.Sprintf("rules[%d].actor_roles", i), "who has no role cannot act as anybody"}
			}
		}
	}
	for i, s := range p.Scopes {
		if never(s) {
			return &Fault{fmt.Sprintf("scopes[%d]", i), "cannot be had by who impersonates somebody"}
		}
	}
	return nil
}

// Refusal is why the policy does not let somebody act.
type Refusal string

// Refusals. The text is for administrators.
const (
	Allowed         Refusal = ""
	RefusedSelf     Refusal = "nobody impersonates themself"
	RefusedActor    Refusal = "the actor is not active"
	RefusedSubject  Refusal = "the user is not active"
	RefusedRights   Refusal = "the user has more rights than the actor"
	RefusedRule     Refusal = "the policy does not let the actor's role act as the user's"
	RefusedReason   Refusal = "the policy wants a reason"
	RefusedApproval Refusal = "somebody else has to approve it first"
	RefusedClient   Refusal = "the policy does not allow the application"
	RefusedScope    Refusal = "the policy leaves nothing of what the application asks for"
)

// Action is what an actor is about to do.
type Action string

// Actions.
const (
	ActCreate   Action = "create"   // have a token made
	ActRedeem   Action = "redeem"   // begin a session
	ActSignIn   Action = "sign_in"  // have a client get a code in it
	ActExchange Action = "exchange" // have a token for the subject made from their own
)

// Case is all that a decision rests on.
type Case struct {
	Action         Action
	Actor, Subject *storage.User
	Reason         string
	Approved       bool
	ClientID       string // of ActSignIn and ActExchange
}

// Decide tells whether somebody may act as somebody else, as the two are now.
func Decide(p Policy, c Case) Refusal {
	switch {
	case c.Actor.ID == c.Subject.ID:
		return RefusedSelf
	case c.Actor.Status != storage.UserActive:
		return RefusedActor
	case c.Subject.Status != storage.UserActive:
		return RefusedSubject
	}
	a, known := rank[c.Actor.Role]
	s, subjectKnown := rank[c.Subject.Role]
	if !known || !subjectKnown || s > a {
		return RefusedRights
	}
	if !slices.ContainsFunc(p.Rules, func(r Rule) bool {
		return slices.Contains(r.ActorRoles, c.Actor.Role) && slices.Contains(r.SubjectRoles, c.Subject.Role)
	}) {
		return RefusedRule
	}
	switch c.Action {
	case ActCreate:
		if p.ReasonRequired && strings.TrimSpace(c.Reason) == "" {
			return RefusedReason
		}
	case ActRedeem:
		if p.ReasonRequired && strings.TrimSpace(c.Reason) == "" {
			return RefusedReason
		}
		if p.SecondApprover && !c.Approved {
			return RefusedApproval
		}
	case ActSignIn, ActExchange:
		if p.SecondApprover && c.Action == ActExchange { // nobody can approve what is over in a minute
			return RefusedApproval
		}
		if len(p.ClientIDs) > 0 && !slices.Contains(p.ClientIDs, c.ClientID) {
			return RefusedClient
		}
	}
	return Allowed
}

// Reduce returns what of a scope may be had in an impersonation.
func (p Policy) Reduce(scope string, never func(scope string) bool) string {
	var out []string
	for _, s := range strings.Fields(scope) {
		if !never(s) && (p.Scopes == nil || slices.Contains(p.Scopes, s)) {
			out = append(out, s)
		}
	}
	return strings.Join(out, " ")
}
