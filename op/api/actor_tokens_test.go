package api_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/session"
)

// admin adds a user with the role of administrators.
func (w *world) admin(t *testing.T, email string) string {
	t.Helper()
	id := w.person(t, email)
	w.do(t, "PATCH", "/v1/users/"+id, `{"role":"admin"}`).want(t, 200)
	return id
}

// redeem opens an actor token's ticket as the actor, in a session of theirs.
func (w *world) redeem(t *testing.T, actorID, ticket string) *session.Current {
	t.Helper()
	own := &session.Current{Session: w.session(t, actorID), User: must(w.Store.User(t.Context(), actorID))}
	acting, err := w.Actors.Redeem(httptest.NewRecorder(), httptest.NewRequest("POST", issuer, nil), ticket, own)
	if err != nil {
		t.Fatal(err)
	}
	return acting
}

func TestActorTokens(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID, adminID := w.person(t, "user@example.com"), w.admin(t, "admin@example.com")
		body := fmt.Sprintf(`{"user_id":%q,"actor":{"sub":%q,"ticket":7},"reason":"a question"}`, userID, adminID)
		made := w.do(t, "POST", "/v1/actor_tokens", body).want(t, 201)
		id, ticket := made.text("id"), made.text("token")
		at := float64(start.UnixMilli())
		want := map[string]any{"object": "actor_token", "id": id, "status": "pending", "user_id": userID,
			"actor": map[string]any{"sub": adminID, "ticket": 7.0}, "reason": "a question", "session_id": nil, "approval_required": false,
			"approved_by": nil, "created_by": w.service, "expires_at": at + 3600e3, "created_at": at, "updated_at": at}
		shown := w.do(t, "GET", "/v1/actor_tokens/"+id, "").want(t, 200)
		if diff := cmp.Diff(want, shown.body); diff != "" {
			t.Error(diff)
		}
		if made.text("url") != issuer+"/impersonate?ticket="+ticket || !strings.HasPrefix(ticket, id+".") || len(ticket) < len(id)+40 {
			t.Errorf("url %q, token %q", made.text("url"), ticket)
		}
		if strings.Contains(shown.raw+w.do(t, "GET", "/v1/actor_tokens", "").want(t, 200).raw, ticket[len(id)+1:]) {
			t.Error("the ticket is told a second time")
		}

		acting := w.redeem(t, adminID, ticket)
		shown = w.do(t, "GET", "/v1/actor_tokens/"+id, "").want(t, 200)
		if shown.text("status") != "accepted" || shown.text("session_id") != acting.ID {
			t.Error(shown.raw)
		}
		s := w.do(t, "GET", "/v1/sessions/"+acting.ID, "").want(t, 200)
		if diff := cmp.Diff(map[string]any{"sub": adminID, "sid": acting.ActorSessionID}, s.body["actor"]); diff != "" || s.text("kind") != "impersonation" {
			t.Error(s.raw, diff)
		}
		// A named token says it too.
		w.do(t, "PUT", "/v1/claim_templates/named/db", `{"claims":{"by":"{{session.actor.sub}}"}}`).want(t, 200)
		jwt := payload(t, w.do(t, "POST", "/v1/sessions/"+acting.ID+"/tokens/db", "").want(t, 200).text("jwt"))
		if diff := cmp.Diff(map[string]any{"iss": issuer, "sub": adminID, "sid": acting.ActorSessionID}, jwt["act"]); diff != "" || jwt["by"] != adminID {
			t.Error(jwt, diff)
		}

		if got := w.do(t, "POST", "/v1/actor_tokens/"+id+"/revoke", "").want(t, 200); got.text("status") != "accepted" {
			t.Error(got.raw)
		}
		if s := w.do(t, "GET", "/v1/sessions/"+acting.ID, "").want(t, 200); s.text("status") != "revoked" || s.text("end_reason") != "actor_token_revoked" {
			t.Error(s.raw)
		}
		wantCode(t, w.do(t, "POST", "/v1/actor_tokens/"+id+"/revoke", "").want(t, 409), "session_ended")

		pending := w.do(t, "POST", "/v1/actor_tokens", body).want(t, 201).text("id")
		if got := w.do(t, "POST", "/v1/actor_tokens/"+pending+"/revoke", "").want(t, 200); got.text("status") != "revoked" {
			t.Error(got.raw)
		}
		wantCode(t, w.do(t, "POST", "/v1/actor_tokens/"+pending+"/revoke", "").want(t, 409), "already_revoked")
		short := w.do(t, "POST", "/v1/actor_tokens", strings.Replace(body, "{", `{"expires_in_seconds":1,"session_max_duration_in_seconds":60,`, 1)).want(t, 201).text("id")
		w.clock.Advance(time.Second)
		if got := w.do(t, "GET", "/v1/actor_tokens/"+short, "").want(t, 200); got.text("status") != "expired" {
			t.Error(got.raw)
		}
		wantCode(t, w.do(t, "POST", "/v1/actor_tokens/"+short+"/revoke", "").want(t, 409), "already_expired")

		waiting := w.do(t, "POST", "/v1/actor_tokens", body).want(t, 201).text("id")
		for query, ids := range map[string][]string{"": {waiting, short, pending, id}, "?status=pending": {waiting}, "?status=expired": {short},
			"?status=revoked": {pending}, "?status=accepted": {id}, "?user_id=" + adminID: nil, "?user_id=" + userID + "&limit=1": {waiting}} {
			got := w.do(t, "GET", "/v1/actor_tokens"+query, "").want(t, 200)
			var have []string
			for _, d := range got.body["data"].([]any) {
				have = append(have, d.(map[string]any)["id"].(string))
			}
			if diff := cmp.Diff(ids, have); diff != "" {
				t.Errorf("%s: %s", query, diff)
			}
		}
		_, kinds := w.events(t, userID)
		for _, kind := range []audit.Kind{audit.ActorTokenCreated, audit.ImpersonationStarted, audit.ActorTokenRevoked, audit.ImpersonationStopped} {
			if !slices.Contains(kinds, kind) {
				t.Errorf("no event %s in %v", kind, kinds)
			}
		}
	})
}

func wantCode(t *testing.T, a answer, code string) {
	t.Helper()
	if a.text("code") != code {
		t.Errorf("code %q, want %q: %s", a.text("code"), code, a.raw)
	}
}

func TestActorTokenRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID, adminID := w.person(t, "user@example.com"), w.admin(t, "admin@example.com")
		make := func(user, actor, more string) string {
			return fmt.Sprintf(`{"user_id":%q,"actor":%s%s}`, user, actor, more)
		}
		admin := fmt.Sprintf(`{"sub":%q}`, adminID)
		for name, test := range map[string]struct {
			body  string
			field string
		}{
			"no id":        {make("x", admin, `,"reason":"x"`), "user_id"},
			"nobody":       {make("usr_00000000000000000000000000", admin, `,"reason":"x"`), "user_id"},
			"no sub":       {make(userID, `{}`, `,"reason":"x"`), "actor.sub"},
			"sub a number": {make(userID, `{"sub":1}`, `,"reason":"x"`), "actor.sub"},
			"sub nobody":   {make(userID, `{"sub":"usr_00000000000000000000000000"}`, `,"reason":"x"`), "actor.sub"},
			"large":        {make(userID, fmt.Sprintf(`{"sub":%q,"x":%q}`, adminID, strings.Repeat("x", 1024)), `,"reason":"x"`), "actor"},
			"long":         {make(userID, admin, `,"reason":"x","session_max_duration_in_seconds":1801`), "session_max_duration_in_seconds"},
			"NUL":          {make(userID, admin, `,"reason":"\u0000"`), "reason"},
		} {
			t.Run(name, func(t *testing.T) {
				w.do(t, "POST", "/v1/actor_tokens", test.body).wantFault(t, 422, "body", test.field)
			})
		}
		for _, body := range []string{make(userID, admin, ""), make(adminID, admin, `,"reason":"x"`), make(adminID, fmt.Sprintf(`{"sub":%q}`, userID), `,"reason":"x"`)} {
			wantCode(t, w.do(t, "POST", "/v1/actor_tokens", body).want(t, 403), "impersonation_refused")
		}
		w.do(t, "GET", "/v1/actor_tokens/act_00000000000000000000000000", "").want(t, 404)
		w.do(t, "POST", "/v1/actor_tokens/x/revoke", "").want(t, 404)
		if got := w.do(t, "GET", "/v1/actor_tokens", "").want(t, 200); len(got.body["data"].([]any)) != 0 {
			t.Error("something was made", got.raw)
		}
	})
}

func TestApproveActorToken(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID, adminID, second := w.person(t, "user@example.com"), w.admin(t, "admin@example.com"), w.admin(t, "second@example.com")
		w.do(t, "PUT", "/v1/policies/impersonation", `{"rules":[{"actor_roles":["admin"],"subject_roles":[""]}],"second_approver":true}`).want(t, 200)
		made := w.do(t, "POST", "/v1/actor_tokens", fmt.Sprintf(`{"user_id":%q,"actor":{"sub":%q},"reason":"x"}`, userID, adminID)).want(t, 201)
		path := "/v1/actor_tokens/" + made.text("id") + "/approve"
		if made.body["approval_required"] != true {
			t.Error(made.raw)
		}
		for _, who := range []string{"x", userID, adminID, "usr_00000000000000000000000000"} {
			w.do(t, "POST", path, fmt.Sprintf(`{"approver":%q}`, who)).wantFault(t, 422, "body", "approver")
		}
		if got := w.do(t, "POST", path, fmt.Sprintf(`{"approver":%q}`, second)).want(t, 200); got.text("approved_by") != second || got.text("status") != "pending" {
			t.Error(got.raw)
		}
		wantCode(t, w.do(t, "POST", path, fmt.Sprintf(`{"approver":%q}`, second)).want(t, 409), "approval_not_needed")
		w.redeem(t, adminID, made.text("token"))
		wantCode(t, w.do(t, "POST", path, fmt.Sprintf(`{"approver":%q}`, second)).want(t, 409), "already_accepted")
	})
}
