package api_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/apikey"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/storage"
)

var left = regexp.MustCompile(`;?[rt]=\d+`) // of the rate: the one thing that differs from request to request

// told is all that an answer says but the request's own id.
func (a answer) told() string {
	h := a.header.Clone()
	h.Del("X-Request-Id")
	h.Set("RateLimit", left.ReplaceAllString(h.Get("RateLimit"), ""))
	return fmt.Sprint(a.status, h, strings.ReplaceAll(a.raw, a.text("request_id"), ""))
}

// Every route with a key of each single scope, and with the token of an impersonated owner: only the scope that the route
// declares gets past the guard, and to all others a thing that is there is as one that is not, header by header.
func TestEveryRouteWithEachSingleScope(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		things := w.things(t)
		callers := map[string]string{"": ""}
		for _, scope := range api.Scopes {
			_, plain, err := w.Keys.Create(t.Context(), w.Store, apikey.NewKey{Name: scope, Scopes: []string{scope}, By: "cli", Kind: storage.MadeByCLI})
			if err != nil {
				t.Fatal(err)
			}
			callers[scope] = plain
		}
		actorID, _ := w.administrator(t, "owner", factor.ACRMulti)
		actor := w.sessionAt(t, actorID, factor.ACRMulti)
		ownerID, _ := w.administrator(t, "owner", factor.ACRMulti)
		acted := w.sessionOf(t, ownerID, func(s *storage.Session) {
			s.Kind, s.ACR, s.ActorSub, s.ActorSessionID = storage.KindImpersonation, factor.ACRMulti, actorID, actor.ID
		})
		callers["impersonated"] = w.takePart(t, acted, "openid "+strings.Join(api.Scopes, " ")).access
		for _, o := range operations(t, w) {
			collection := strings.Split(o.path, "/")[2]
			there := things[collection]
			if kindOf[collection] != "" && there == "" && collection != "actor_tokens" {
				t.Errorf("%s: things has none of %s", o.path, collection)
			}
			if there == "" { // goes by names, or has no path of its own
				there = id.New(id.ActorToken)
			}
			for scope, token := range callers {
				if scope == o.scope {
					got := w.send(t, token, o.method, parameter.ReplaceAllString(o.path, "unknown")+"?unknown=1", "")
					if got.status == 401 || got.status == 403 || got.status >= 500 {
						t.Errorf("%s %s with its scope: %d %s", o.method, o.path, got.status, got.raw)
					}
					continue
				}
				answers := []string{}
				for _, thing := range []string{there, id.New(id.User), "unknown", "%00"} {
					got := w.send(t, token, o.method, parameter.ReplaceAllString(o.path, thing), "")
					if got.status != 401 && got.status != 403 {
						t.Errorf("%s %s with %q: %d %s", o.method, o.path, scope, got.status, got.raw)
					}
					answers = append(answers, got.told())
					if !strings.Contains(o.path, "{") {
						break
					}
				}
				if len(slices.Compact(answers)) > 1 {
					t.Errorf("%s %s with %q tells: %q", o.method, o.path, scope, answers)
				}
			}
		}
	})
}

// Who has the right to one kind of things sees of all others, which are there, what they see of those that are not.
func TestThingsOfOtherKindsAreUnknown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		things := w.things(t)
		for _, o := range operations(t, w) {
			collection := strings.Split(o.path, "/")[2]
			if kindOf[collection] == "" || collection == "consents" || strings.Count(o.path, "{") != 1 {
				continue
			}
			unknown := w.do(t, o.method, parameter.ReplaceAllString(o.path, id.New(kindOf[collection])), "").told()
			for of, thing := range things {
				if kindOf[of] == kindOf[collection] {
					continue
				}
				if got := w.do(t, o.method, parameter.ReplaceAllString(o.path, thing), "").told(); got != unknown {
					t.Errorf("%s %s of one of %s: %s, want %s", o.method, o.path, of, got, unknown)
				}
			}
		}
	})
}
