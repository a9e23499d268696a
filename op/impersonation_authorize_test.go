package op_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/curfew-id/curfew/op/session"
)

// What somebody who acts as another is not given at the authorization endpoint.
func TestAuthorizeWhileActing(t *testing.T) {
	eachCast(t, func(t *testing.T, c *cast) {
		own := c.signInTo("web") // its ID token names the administrator
		acting := c.act()
		for name, test := range map[string]struct {
			pairs []string
			want  string
		}{
			"login":    {[]string{"prompt", "login"}, "login_required"},
			"max_age":  {[]string{"max_age", "0"}, "login_required"},
			"create":   {[]string{"prompt", "create"}, "login_required"},
			"hint":     {[]string{"id_token_hint", own.IDToken}, "login_required"},
			"consent":  {[]string{"prompt", "consent"}, "consent_required"},
			"acr":      {[]string{"claims", `{"id_token":{"acr":{"essential":true,"values":["urn:example:x"]}}}`}, "unmet_authentication_requirements"},
			"no scope": {[]string{"scope", "offline_access"}, "access_denied"},
			"silent":   {[]string{"prompt", "none"}, ""},
			"choose":   {[]string{"prompt", "select_account"}, ""},
		} {
			got := c.authorize("web", test.pairs...).location(t).Query()
			if got.Get("error") != test.want || (got.Get("code") == "") == (test.want == "") {
				t.Errorf("%s: %v", name, got)
			}
		}
		if got := c.authorize("asking").location(t).Query().Get("error"); got != "consent_required" {
			t.Errorf("no consent yet: %q", got)
		}
		c.must(c.consents.Grant(t.Context(), c.user.ID, "asking", "openid profile email phone offline_access"))
		if got := c.authorize("asking").location(t).Query(); got.Get("code") == "" {
			t.Errorf("with consent: %v", got)
		}
		if c.current().ID != acting.ID {
			t.Error("another session is active")
		}
		_, row, err := c.actors.Policy(t.Context(), c.store)
		c.must(err)
		_, err = c.actors.SetPolicy(t.Context(), c.store, row, `{"client_ids":["web"],"scopes":["openid"]}`, "test")
		c.must(err)
		c.signIn(c.admin)
		c.own = c.current()
		c.act()
		if got := c.authorize("other").location(t).Query().Get("error"); got != "access_denied" {
			t.Errorf("an application that the policy does not name: %q", got)
		}
		got := c.signInTo("web", "scope", "openid profile", "claims", `{"userinfo":{"email":null}}`)
		info := c.userinfo(got.AccessToken).json(t)
		if got.Scope != "openid" || info["email"] != nil || info["name"] != nil {
			t.Errorf("%q %v", got.Scope, info)
		}
	})
}

// Signing out of an application leaves the impersonation, not the actor's own session.
func TestSignOutWhileActing(t *testing.T) {
	eachCast(t, func(t *testing.T, c *cast) {
		acting := c.act()
		got := c.signInTo("web")
		if a := c.get("/oauth/logout?id_token_hint=" + got.IDToken); a.StatusCode != http.StatusOK {
			t.Fatal(a.StatusCode, a.body)
		}
		if c.live(acting.Session) || c.current().ID != c.own.ID {
			t.Error("not back where they were")
		}
		row, err := c.store.Session(t.Context(), acting.ID)
		if err != nil || row.EndedBy != c.admin.ID {
			t.Errorf("ended by %q, %v", row.EndedBy, err)
		}
	})
}

// An impersonation takes no place in the user's limit, and the browser is not taken for one of the user's.
func TestActingIsNoSignIn(t *testing.T) {
	eachCast(t, func(t *testing.T, c *cast) {
		theirs := c.signedIn(c.user).current()
		c.act()
		live, err := c.store.BrowserSessions(t.Context(), c.user.ID, c.clock.Now())
		if err != nil || len(live) != 1 || live[0].ID != theirs.ID {
			t.Errorf("%d sessions, %v", len(live), err)
		}
		r := httptest.NewRequest("GET", issuer, nil)
		for name, value := range c.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		if known, err := c.sessions.IsKnownDevice(t.Context(), r, c.user.ID); known || err != nil {
			t.Error("the actor's browser is a device of the user's", err)
		}
		list, err := c.sessions.OnDevice(r)
		if err != nil || slices.ContainsFunc(list, func(s *session.Current) bool { return s.UserID == c.user.ID }) || len(list) != 1 {
			t.Errorf("%d accounts of the browser, %v", len(list), err)
		}
	})
}
