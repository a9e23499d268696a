package actor_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/storage"
)

// TestDecideTable goes through every role as every role, for every action and every state of the two, with each policy: of the
// answers only those in the table are yes.
func TestDecideTable(t *testing.T) {
	equals := []string{"owner", "admin", "support"}
	policies := map[string]struct {
		policy  actor.Policy
		allowed map[string][]string // who may act as whom
	}{
		"default": {actor.DefaultPolicy(), map[string][]string{"owner": {"admin", "support", "auditor", ""},
			"admin": {"support", "auditor", ""}, "support": {""}}},
		"nobody": {actor.Policy{}, nil},
		"equals": {actor.Policy{Rules: []actor.Rule{{ActorRoles: equals, SubjectRoles: []string{"owner", "admin", "support", "auditor", ""}}}},
			map[string][]string{"owner": {"owner", "admin", "support", "auditor", ""}, "admin": {"admin", "support", "auditor", ""},
				"support": {"support", "auditor", ""}}},
		"auditors": {actor.Policy{Rules: []actor.Rule{{ActorRoles: []string{"auditor"}, SubjectRoles: []string{""}}}},
			map[string][]string{"auditor": {""}}},
		"wrong roles": {actor.Policy{Rules: []actor.Rule{{ActorRoles: []string{"king", ""}, SubjectRoles: []string{"king", "", "owner"}}}},
			map[string][]string{"": {""}}},
	}
	roles := append(slices.Clone(actor.Roles), "king")
	asked, yes := 0, 0
	for name, p := range policies {
		for _, actorRole := range roles {
			for _, subjectRole := range roles {
				for _, do := range []actor.Action{actor.ActCreate, actor.ActRedeem, actor.ActSignIn, actor.ActExchange} {
					for _, actorStatus := range []string{storage.UserActive, storage.UserDisabled} {
						for _, subjectStatus := range []string{storage.UserActive, storage.UserDisabled} {
							for _, self := range []bool{false, true} {
								c := actor.Case{Action: do, Reason: "a question", ClientID: "web",
									Actor:   &storage.User{ID: "usr_a", Role: actorRole, Status: actorStatus},
									Subject: &storage.User{ID: "usr_s", Role: subjectRole, Status: subjectStatus}}
								if self {
									c.Subject.ID = c.Actor.ID
								}
								want := !self && actorStatus == storage.UserActive && subjectStatus == storage.UserActive &&
									slices.Contains(p.allowed[actorRole], subjectRole)
								got := actor.Decide(p.policy, c)
								asked++
								if want {
									yes++
								}
								if (got == actor.Allowed) != want {
									t.Errorf("%s: %q as %q, %s, actor %s, subject %s, self %v: %q", name, actorRole, subjectRole, do,
										actorStatus, subjectStatus, self, got)
								}
							}
						}
					}
				}
			}
		}
	}
	if asked != 5*6*6*4*2*2*2 || yes == 0 {
		t.Errorf("asked %d times, %d times yes", asked, yes)
	}
}

func TestDecideConditions(t *testing.T) {
	p := actor.DefaultPolicy()
	p.ClientIDs, p.SecondApprover = []string{"web"}, true
	c := actor.Case{Actor: &storage.User{ID: "a", Role: "admin", Status: "active"}, Subject: &storage.User{ID: "s", Status: "active"}}
	for _, test := range []struct {
		do       actor.Action
		reason   string
		approved bool
		client   string
		want     actor.Refusal
	}{
		{actor.ActCreate, "", false, "", actor.RefusedReason},
		{actor.ActCreate, " \t", false, "", actor.RefusedReason},
		{actor.ActCreate, "x", false, "", actor.Allowed},
		{actor.ActRedeem, "", true, "", actor.RefusedReason},
		{actor.ActRedeem, "x", false, "", actor.RefusedApproval},
		{actor.ActRedeem, "x", true, "", actor.Allowed},
		{actor.ActSignIn, "", false, "web", actor.Allowed},
		{actor.ActSignIn, "", false, "other", actor.RefusedClient},
		{actor.ActExchange, "", true, "web", actor.RefusedApproval},
	} {
		c.Action, c.Reason, c.Approved, c.ClientID = test.do, test.reason, test.approved, test.client
		if got := actor.Decide(p, c); got != test.want {
			t.Errorf("%+v: %q", test, got)
		}
	}
}

func TestPolicyDocument(t *testing.T) {
	never := func(s string) bool { return s == "offline_access" }
	for document, field := range map[string]string{
		`{}`:           "",
		`{"rules":[]}`: "",
		`{"rules":[{"actor_roles":["admin"],"subject_roles":["admin",""]}],"scopes":["openid"]}`:                             "",
		`{"rules":[{"actor_roles":["admin"],"subject_roles":["owner"]}]}`:                                                    "rules[0]",
		`{"rules":[{"actor_roles":["support"],"subject_roles":[""]},{"actor_roles":["support"],"subject_roles":["admin"]}]}`: "rules[1]",
		`{"rules":[{"actor_roles":[""],"subject_roles":[""]}]}`:                                                              "rules[0].actor_roles",
		`{"rules":[{"actor_roles":["king"],"subject_roles":[""]}]}`:                                                          "rules[0].actor_roles[0]",
		`{"rules":[{"actor_roles":["owner"],"subject_roles":["x"]}]}`:                                                        "rules[0].subject_roles[0]",
		`{"scopes":["openid","offline_access"]}`:                                                                             "scopes[1]",
	} {
		p, err := actor.ParsePolicy(document)
		if err != nil {
			t.Fatal(err)
		}
		var fault *actor.Fault
		if err := p.Check(never); errors.As(err, &fault) != (field != "") || fault != nil && fault.Field != field {
			t.Errorf("%s: %v", document, err)
		}
		again, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		q, err := actor.ParsePolicy(string(again))
		if diff := cmp.Diff(fmt.Sprint(p), fmt.Sprint(q)); diff != "" || err != nil {
			t.Errorf("%s does not come back: %v %s", document, err, diff)
		}
	}
	p, err := actor.ParsePolicy(`{"rules":[{"actor_roles":["owner"]}],"notify_user":true}`)
	if err != nil || len(p.Rules) != 1 || len(p.Rules[0].SubjectRoles) != 0 || !p.ReasonRequired || !p.NotifyUser {
		t.Errorf("%+v, %v: a rule of the default shines through", p, err)
	}
	if _, err := actor.ParsePolicy(`[]`); err == nil {
		t.Error("an array is a policy")
	}
}

func TestReduce(t *testing.T) {
	never := func(s string) bool { return s == "offline_access" }
	all := actor.Policy{}
	if got := all.Reduce("openid offline_access email", never); got != "openid email" {
		t.Error(got)
	}
	some := actor.Policy{Scopes: []string{"openid", "offline_access"}}
	if got := some.Reduce("email openid offline_access", never); got != "openid" {
		t.Error(got)
	}
	none := actor.Policy{Scopes: []string{}}
	if got := none.Reduce("openid", never); got != "" {
		t.Error(got)
	}
}
