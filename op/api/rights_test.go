package api_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/apikey"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/storage"
)

// administrator is somebody with a role, signed in at the level, and the app that they use.
func (w *world) administrator(t *testing.T, role, acr string) (userID string, a *app) {
	t.Helper()
	userID = w.do(t, "POST", "/v1/users", `{"email":"`+role+strings.ToLower(id.New("x"))+`@example.com","role":"`+role+`"}`).want(t, 201).text("id")
	w.authenticator(t, userID)
	s := w.sessionAt(t, userID, acr)
	return userID, w.takePart(t, s, "openid "+strings.Join(api.Scopes, " "))
}

// authenticator gives a user one.
func (w *world) authenticator(t *testing.T, userID string) {
	t.Helper()
	now := storage.At(w.clock.Now())
	if err := w.Store.InsertFactor(t.Context(), &storage.Factor{UserID: userID, ID: id.New(id.Factor), Kind: string(factor.KindTOTP),
		ConfirmedAt: now, CreatedAt: now}); err != nil {
		t.Fatal(err)
	}
}

// sessionAt is one at a level; at the upper one it was proved by the authenticator.
func (w *world) sessionAt(t *testing.T, userID, acr string) *storage.Session {
	return w.sessionOf(t, userID, func(s *storage.Session) {
		if s.ACR, s.AMR = acr, "pwd"; acr == factor.ACRMulti {
			s.AMR = "pwd otp mfa"
		}
	})
}

func (w *world) sessionOf(t *testing.T, userID string, change func(*storage.Session)) *storage.Session {
	t.Helper()
	now := w.clock.Now()
	s := &storage.Session{UserID: userID, ID: id.New(id.Session), Kind: storage.KindBrowser, AuthenticatedAt: storage.At(now),
		CreatedAt: storage.At(now), LastActiveAt: storage.At(now), IdleTTL: time.Hour.Microseconds(), ExpiresAt: storage.At(now.Add(time.Hour))}
	change(s)
	if err := w.Store.StartSession(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return s
}

// things are one of each kind that a path can name, by the collection that it stands in.
func (w *world) things(t *testing.T) map[string]string {
	t.Helper()
	userID := w.person(t, "thing@example.com")
	s := w.session(t, userID)
	a := w.takePart(t, s, "openid")
	key, _, err := w.Keys.Create(t.Context(), w.Store, apikey.NewKey{Name: "thing", By: "cli", Kind: storage.MadeByCLI})
	if err != nil {
		t.Fatal(err)
	}
	events, err := w.Store.UserEvents(t.Context(), userID, 1)
	if err != nil || len(events) != 1 {
		t.Fatal(events, err)
	}
	return map[string]string{"users": userID, "sessions": s.ID, "devices": s.DeviceID, "oauth_applications": a.id, "api_keys": key.ID,
		"audit_events": events[0].ID, "consents": userID,
		"user_imports": w.do(t, "POST", "/v1/user_imports", "{}").want(t, 201).text("id"),
		"webhooks":     w.do(t, "POST", "/v1/webhooks", `{"url":"https://hooks.example.com/","owner_email":"o@example.com"}`).want(t, 201).text("id")}
}

// kindOf is the kind of id that a collection's things have; others go by names.
var kindOf = map[string]string{"users": id.User, "sessions": id.Session, "devices": id.Device, "oauth_applications": id.Client,
	"api_keys": id.APIKey, "audit_events": id.Event, "consents": id.User, "webhooks": id.Webhook, "actor_tokens": id.ActorToken, "user_imports": id.Import}

// Every route with every role: who has not the right gets the same answer whether the thing is there, is not, or could not be;
// who has it gets past the guard.
func TestEveryRouteWithEveryRole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		things := w.things(t)
		list := operations(t, w)
		seen := map[bool]int{}
		for _, role := range []string{"owner", "admin", "support", "auditor", ""} {
			_, a := w.administrator(t, role, factor.ACRMulti)
			for _, o := range list {
				collection := strings.Split(o.path, "/")[2]
				allowed := slices.Contains(api.ScopesOf(role), o.scope)
				seen[allowed]++
				answers := map[string]string{}
				for name, thing := range map[string]string{"there": things[collection], "foreign": id.New(kindOf[collection] + ""), "odd": "%00"} {
					if thing == "" {
						thing = "unknown"
					}
					path := parameter.ReplaceAllString(o.path, thing)
					if allowed {
						path += "?unknown=1" // past the guard and no further
					}
					got := w.send(t, a.access, o.method, path, "")
					if allowed == (got.status == 403 || got.status == 401) || got.status >= 500 {
						t.Errorf("%q: %s %s: %d %s", role, o.method, path, got.status, got.raw)
					}
					answers[name] = strings.ReplaceAll(got.raw, got.text("request_id"), "")
				}
				if !allowed && (answers["there"] != answers["foreign"] || answers["there"] != answers["odd"]) {
					t.Errorf("%q can tell at %s %s: %v", role, o.method, o.path, slices.Sorted(maps.Values(answers)))
				}
			}
		}
		if seen[true] < 50 || seen[false] < 50 {
			t.Errorf("the roles were tried %v times", seen)
		}
	})
}

// Who may read sees of a thing that is not there what they see of one that could not be: nothing.
func TestForeignIDsAreUnknown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, a := w.administrator(t, "owner", factor.ACRMulti)
		n := 0
		for _, o := range operations(t, w) {
			if o.method != "GET" || strings.Count(o.path, "{") != 1 {
				continue
			}
			n++
			kinds := slices.Sorted(maps.Values(kindOf))
			var first string
			for _, thing := range append([]string{"%00", "x", strings.Repeat("a", 300)}, kinds...) {
				if slices.Contains(kinds, thing) {
					thing = id.New(thing)
				}
				got := w.send(t, a.access, "GET", parameter.ReplaceAllString(o.path, thing), "")
				if strings.HasPrefix(o.path, "/v1/claim_templates/") && got.status == 422 {
					continue // by names, whose form is told
				}
				got.want(t, 404)
				raw := strings.ReplaceAll(got.raw, got.text("request_id"), "")
				if first == "" {
					first = raw
				}
				if raw != first {
					t.Errorf("%s: %s and %s", o.path, first, raw)
				}
			}
		}
		if n < 5 {
			t.Errorf("only %d routes name a thing", n)
		}
	})
}

func TestAdministratorsNeedASecondFactor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, acr := range []string{"", factor.ACRSingle} {
			_, a := w.administrator(t, "owner", acr)
			got := w.send(t, a.access, "GET", "/v1/users", "").want(t, 401)
			if h := got.header.Get("WWW-Authenticate"); !strings.Contains(h, `error="insufficient_user_authentication"`) || !strings.Contains(h, factor.ACRMulti) {
				t.Errorf("challenge %q", h)
			}
		}
		userID, a := w.administrator(t, "owner", factor.ACRMulti)
		w.send(t, a.access, "GET", "/v1/users", "").want(t, 200)

		// The mailbox resets the password: a code by mail beside it is no second factor here.
		byMail := w.takePart(t, w.sessionOf(t, userID, func(s *storage.Session) {
			s.ACR, s.AMR = factor.ACR(factor.KindPassword, factor.KindEmail), strings.Join(factor.AMR(factor.KindPassword, factor.KindEmail), " ")
		}), "openid users:read")
		w.send(t, byMail.access, "GET", "/v1/users", "").want(t, 401)

		// An authenticator that was removed opens nothing any more, nor does another that came later, until it has proved.
		if err := w.Store.DeleteFactors(t.Context(), userID, string(factor.KindTOTP)); err != nil {
			t.Fatal(err)
		}
		w.send(t, a.access, "GET", "/v1/users", "").want(t, 401)
		w.clock.Advance(time.Second)
		w.authenticator(t, userID)
		w.send(t, a.access, "GET", "/v1/users", "").want(t, 401)
	})
}

// A role that is given to somebody whose session was proved by the password alone opens nothing yet.
func TestRoleGivenDuringASession(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.person(t, "user@example.com")
		a := w.takePart(t, w.sessionAt(t, userID, factor.ACRSingle), "openid users:read")
		w.send(t, a.access, "GET", "/v1/users", "").want(t, 403)
		w.do(t, "PATCH", "/v1/users/"+userID, `{"role":"owner"}`).want(t, 200)
		w.send(t, a.access, "GET", "/v1/users", "").want(t, 401)
	})
}

// A role that is taken away is gone at the next request, and with it what keys made in it open.
func TestRoleTakenAwayIsGoneAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID, a := w.administrator(t, "admin", factor.ACRMulti)
		key := w.send(t, a.access, "POST", "/v1/api_keys", `{"name":"mine","scopes":["users:read"]}`).want(t, 201)
		if key.text("created_by") != userID {
			t.Error(key.raw)
		}
		w.send(t, a.access, "POST", "/v1/api_keys", `{"name":"more","scopes":["roles:write"]}`).wantFault(t, 403, "body", "scopes")
		w.send(t, key.text("secret"), "GET", "/v1/users", "").want(t, 200)
		row, err := w.Store.User(t.Context(), userID)
		if err != nil {
			t.Fatal(err)
		}
		row.Role = ""
		if err := w.Store.UpdateUser(t.Context(), row); err != nil { // the session stays, which the API would end
			t.Fatal(err)
		}
		w.send(t, a.access, "GET", "/v1/users", "").want(t, 403)
		w.send(t, key.text("secret"), "GET", "/v1/users", "").want(t, 403)
	})
}

// Nobody gives a role above their own, and nobody but owners changes owners.
func TestRolesAreGivenByOwners(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ownerID, owner := w.administrator(t, "owner", factor.ACRMulti)
		adminID, admin := w.administrator(t, "admin", factor.ACRMulti)
		for _, role := range []string{"owner", "admin", "support", "auditor"} {
			w.send(t, admin.access, "POST", "/v1/users", `{"email":"new@example.com","role":"`+role+`"}`).wantFault(t, 403, "body", "role")
		}
		w.send(t, admin.access, "PATCH", "/v1/users/"+adminID, `{"role":"owner"}`).wantFault(t, 403, "body", "role")
		for _, r := range []struct{ method, path, body string }{{"PATCH", "", `{"name":"x"}`}, {"PATCH", "/metadata", `{"public_metadata":{"a":1}}`},
			{"PUT", "/metadata", `{"public_metadata":{"a":1}}`}, {"POST", "/disable", ""}, {"POST", "/enable", ""}, {"DELETE", "", ""}} {
			if got := w.send(t, admin.access, r.method, "/v1/users/"+ownerID+r.path, r.body).want(t, 403); got.text("code") != "beyond_rights" {
				t.Errorf("%s %s: %s", r.method, r.path, got.raw)
			}
		}
		made := w.send(t, admin.access, "POST", "/v1/users", `{"email":"new@example.com"}`).want(t, 201).text("id")
		w.send(t, owner.access, "PATCH", "/v1/users/"+made, `{"role":"owner"}`).want(t, 200)
	})
}
