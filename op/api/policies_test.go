package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

func TestImpersonationPolicy(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const path = "/v1/policies/impersonation"
		first := w.do(t, "GET", path, "").want(t, 200)
		want := map[string]any{"object": "impersonation_policy", "client_ids": []any{}, "scopes": nil, "reason_required": true,
			"second_approver": false, "notify_user": false, "updated_at": nil, "rules": []any{
				map[string]any{"actor_roles": []any{"owner"}, "subject_roles": []any{"admin", "support", "auditor", ""}},
				map[string]any{"actor_roles": []any{"admin"}, "subject_roles": []any{"support", "auditor", ""}},
				map[string]any{"actor_roles": []any{"support"}, "subject_roles": []any{""}}}}
		if diff := cmp.Diff(want, first.body); diff != "" {
			t.Error(diff)
		}
		userID, adminID := w.person(t, "user@example.com"), w.admin(t, "admin@example.com")
		made := w.do(t, "POST", "/v1/actor_tokens", fmt.Sprintf(`{"user_id":%q,"actor":{"sub":%q},"reason":"x"}`, userID, adminID)).want(t, 201)
		acting := w.redeem(t, adminID, made.text("token"))

		for body, field := range map[string]string{
			`{"rules":[{"actor_roles":["support"],"subject_roles":["admin"]}]}`: "rules[0]",
			`{"rules":[],"scopes":["openid","offline_access"]}`:                 "scopes[1]",
			`{"rules":[],"scopes":["users:write"]}`:                             "scopes[0]",
			`{"rules":[{"actor_roles":["king"],"subject_roles":[""]}]}`:         "rules[0].actor_roles[0]",
			`{"second_approver":true}`:                                          "rules",
		} {
			w.do(t, "PUT", path, body).wantFault(t, 422, "body", field)
		}
		next := `{"rules":[{"actor_roles":["admin"],"subject_roles":["admin"]}],"client_ids":["web"],"scopes":["openid"],"reason_required":false,"notify_user":true}`
		w.do(t, "PUT", path, next, "If-Match", `"9"`).want(t, 412)
		if s := w.do(t, "GET", "/v1/sessions/"+acting.ID, "").want(t, 200); s.text("status") != "active" {
			t.Error("what was refused ended a session", s.raw)
		}
		got := w.do(t, "PUT", path, next, "If-Match", first.header.Get("ETag")).want(t, 200)
		if got.body["reason_required"] != false || got.body["updated_at"] == nil || got.header.Get("ETag") == first.header.Get("ETag") {
			t.Error(got.raw)
		}
		if again := w.do(t, "GET", path, "").want(t, 200); again.raw != got.raw || again.header.Get("ETag") != got.header.Get("ETag") {
			t.Error(again.raw)
		}
		if s := w.do(t, "GET", "/v1/sessions/"+acting.ID, "").want(t, 200); s.text("status") != "revoked" || s.text("end_reason") != "policy_changed" {
			t.Error(s.raw)
		}
		var changes []*storage.AuditEvent
		list, _ := w.events(t, "")
		for _, e := range list {
			if e.Kind == string(audit.PolicyChanged) {
				changes = append(changes, e)
			}
		}
		if len(changes) != 1 || changes[0].Actor != w.service || !strings.Contains(changes[0].Data, `"before":{"rules":[{"actor_roles":["owner"]`) ||
			!strings.Contains(changes[0].Data, `"client_ids":["web"]`) {
			t.Errorf("events %+v", changes)
		}
		// The same once more changes nothing, and ends nothing.
		if same := w.do(t, "PUT", path, next).want(t, 200); same.header.Get("ETag") != got.header.Get("ETag") {
			t.Error("another version of the same")
		}
		wantCode(t, w.do(t, "POST", "/v1/actor_tokens", fmt.Sprintf(`{"user_id":%q,"actor":{"sub":%q}}`, userID, adminID)).want(t, 403), "impersonation_refused")
	})
}
