package op_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

const (
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	typeAccess    = "urn:ietf:params:oauth:token-type:access_token"
	typeID        = "urn:ietf:params:oauth:token-type:id_token"
	typeJWT       = "urn:ietf:params:oauth:token-type:jwt"
)

// withExchange registers clients that may exchange: "desk", where administrators sign in, and "desk2".
func (c *cast) withExchange() *cast {
	for _, id := range []string{"desk", "desk2"} {
		c.register(id, client.Metadata{SkipConsent: true, RedirectURIs: []string{"https://rp.example.com/cb"},
			Scope: "openid profile email unsafe_metadata:write orders", GrantTypes: []string{client.GrantCode, client.GrantRefresh, grantExchange}})
	}
	return c
}

func (k *kit) exchange(clientID, subject, actor string, pairs ...string) answer {
	k.Helper()
	form := url.Values{"grant_type": {grantExchange}, "subject_token": {subject}, "subject_token_type": {typeAccess}}
	if actor != "" {
		form.Set("actor_token", actor)
		form.Set("actor_token_type", typeAccess)
	}
	return k.call("/oauth/token", clientID, with(form, pairs...))
}

// One person gets a token to act as another with the tokens of both: it names them, is good while both sessions live, and not
// longer than either token.
func TestTokenExchange(t *testing.T) {
	eachCast(t, func(t *testing.T, c *cast) {
		c.withExchange()
		theirs := c.signedIn(c.user)
		subject := theirs.signInTo("web", "scope", "openid email").AccessToken
		c.clock.Advance(20 * time.Second)
		by := c.signInTo("desk", "scope", "openid").AccessToken
		a := c.exchange("desk", subject, by)
		got := a.tokens(t)
		_, claims := parts(t, got.AccessToken)
		if diff := cmp.Diff(map[string]any{"iss": issuer, "sub": c.admin.ID, "sid": c.own.ID}, claims["act"]); diff != "" {
			t.Error(diff)
		}
		if claims["sub"] != c.user.ID || claims["sid"] != theirs.current().ID || claims["client_id"] != "desk" || got.Scope != "openid email" ||
			got.RefreshToken != "" || got.IDToken != "" || a.json(t)["issued_token_type"] != typeAccess {
			t.Errorf("%s %v", a.body, claims)
		}
		if left := claims["exp"].(float64) - float64(c.clock.Now().Unix()); left != 40 {
			t.Errorf("outlives what it was made from: %v s are left", left)
		}
		if info := c.userinfo(got.AccessToken).json(t); info["act"] == nil || info["sub"] != c.user.ID {
			t.Error(info)
		}
		again := c.exchange("desk", subject, by).tokens(t)
		_, claims2 := parts(t, again.AccessToken)
		if family(claims) != family(claims2) || claims["jti"] == claims2["jti"] {
			t.Error("a second exchange of the same kind has a family of its own")
		}
		for name, nested := range map[string]answer{"subject": c.exchange("desk", got.AccessToken, by), "actor": c.exchange("desk", subject, got.AccessToken)} {
			if nested.StatusCode != http.StatusBadRequest {
				t.Errorf("nested by its %s: %d %s", name, nested.StatusCode, nested.body)
			}
		}
		// Made less, it still names who acts.
		less := c.exchange("desk", got.AccessToken, "", "scope", "openid").tokens(t)
		if _, claims := parts(t, less.AccessToken); claims["act"] == nil || less.Scope != "openid" {
			t.Errorf("%v", claims)
		}
		clients, err := c.store.SessionClients(t.Context(), c.user.ID, theirs.current().ID)
		if err != nil || strings.Join(clients, " ") != "desk web" {
			t.Errorf("took part: %v, %v", clients, err)
		}
		c.end(c.own.Session)
		for _, tok := range []string{got.AccessToken, again.AccessToken, less.AccessToken} {
			if c.active("desk", tok) {
				t.Error("outlives the actor's session")
			}
		}
		if !c.active("web", subject) {
			t.Error("the user's own session has ended with it")
		}
		if n := c.events(c.user.ID, "token_family.exchanged"); n != 2 {
			t.Errorf("%d events", n)
		}
	})
}

func family(claims map[string]any) string {
	f, _, _ := strings.Cut(claims["jti"].(string), ".")
	return f
}

// What an exchanged token dies with.
func TestExchangedTokenDies(t *testing.T) {
	for name, kill := range map[string]func(c *cast, theirs *browser, subject issued, got string){
		"user's session": func(c *cast, theirs *browser, _ issued, _ string) { c.end(theirs.current().Session) },
		"actor disabled": func(c *cast, _ *browser, _ issued, _ string) {
			c.must(c.users.Disable(c.Context(), c.store, c.door, c.admin.ID, "test"))
		},
		"role": func(c *cast, _ *browser, _ issued, _ string) { c.withRole(c.admin, "") },
		"revoke": func(c *cast, _ *browser, _ issued, got string) {
			c.call("/oauth/revoke", "desk", url.Values{"token": {got}})
		},
		"what it was made from": func(c *cast, _ *browser, subject issued, _ string) {
			c.call("/oauth/revoke", "web", url.Values{"token": {subject.RefreshToken}})
		},
		"policy": func(c *cast, _ *browser, _ issued, _ string) {
			_, row, err := c.actors.Policy(c.Context(), c.store)
			c.must(err)
			_, err = c.actors.SetPolicy(c.Context(), c.store, row, `{"client_ids":["web"]}`, "test")
			c.must(err)
		},
		"client": func(c *cast, _ *browser, _ issued, _ string) {
			c.must(c.door.EndClient(c.Context(), c.store, "desk", logout.Cause{Status: storage.StatusRevoked, Reason: logout.ClientEnded, By: "test"}))
		},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			eachCast(t, func(t *testing.T, c *cast) {
				c.withExchange()
				theirs := c.signedIn(c.user)
				subject := theirs.signInTo("web")
				got := c.exchange("desk", subject.AccessToken, c.signInTo("desk").AccessToken).tokens(t)
				if !c.active("desk", got.AccessToken) {
					t.Fatal("never lived")
				}
				kill(c, theirs, subject, got.AccessToken)
				if c.active("desk", got.AccessToken) || c.userinfo(got.AccessToken).StatusCode != http.StatusUnauthorized {
					t.Error("lives on")
				}
			})
		})
	}
}

// signed is an access token of ours that says more: what a client or a user could be given to say who may act for them.
func (k *kit) signed(tok string, more string) string {
	k.Helper()
	_, claims := parts(k, tok)
	signer, err := k.ring.Signer("ES256")
	k.must(err)
	body := `{"iss":"` + issuer + `","sub":"` + claims["sub"].(string) + `","aud":["` + issuer + `"],"client_id":"` + claims["client_id"].(string) +
		`","sid":"` + claims["sid"].(string) + `","jti":"` + claims["jti"].(string) + `","scope":"` + claims["scope"].(string) +
		`","iat":` + strconv.FormatInt(int64(claims["iat"].(float64)), 10) + `,"exp":` + strconv.FormatInt(int64(claims["exp"].(float64)), 10) + `,` + more + `}`
	b, err := signer.Append(nil, key.TypAccess, []byte(body))
	k.must(err)
	return string(b)
}

func TestTokenExchangeTable(t *testing.T) {
	eachCast(t, func(t *testing.T, c *cast) {
		c.withExchange()
		theirs := c.signedIn(c.user)
		web, desk := theirs.signInTo("web"), theirs.signInTo("desk")
		by := c.signInTo("desk")
		elsewhere := c.signInTo("desk2")
		support := c.signedIn(c.withRole(c.person("support@example.com"), actor.RoleSupport)).signInTo("desk")
		much := theirs.signInTo("desk", "scope", "openid unsafe_metadata:write orders")
		machine := c.call("/oauth/token", "machine", url.Values{"grant_type": {"client_credentials"}}).tokens(t)
		may := func(s string) string { return c.signed(web.AccessToken, `"may_act":`+s) }
		for name, test := range map[string]struct {
			client, subject, actor string
			pairs                  []string
			want                   string // an error, or "" and
			scope                  string // what it gets
		}{
			"to act":             {"desk", web.AccessToken, by.AccessToken, nil, "", "openid email"},
			"in itself":          {"desk", desk.AccessToken, by.AccessToken, []string{"scope", "openid"}, "", "openid"},
			"never to act":       {"desk", much.AccessToken, by.AccessToken, nil, "", "openid orders"},
			"asking never":       {"desk", much.AccessToken, by.AccessToken, []string{"scope", "unsafe_metadata:write"}, "invalid_scope", ""},
			"less":               {"desk", desk.AccessToken, "", []string{"scope", "openid"}, "", "openid"},
			"issuer":             {"desk", desk.AccessToken, "", []string{"scope", "openid", "audience", issuer, "resource", issuer}, "", "openid"},
			"for itself":         {"desk", desk.AccessToken, "", []string{"scope", "openid", "audience", "desk", "requested_token_type", typeAccess}, "", "openid"},
			"for another":        {"desk", desk.AccessToken, "", []string{"audience", "web"}, "invalid_target", ""},
			"somewhere":          {"desk", desk.AccessToken, "", []string{"resource", "https://api.example.com"}, "invalid_target", ""},
			"more":               {"desk", desk.AccessToken, "", []string{"scope", "openid phone"}, "invalid_scope", ""},
			"lasting":            {"desk", web.AccessToken, by.AccessToken, []string{"scope", "offline_access"}, "invalid_scope", ""},
			"another client's":   {"desk", web.AccessToken, "", nil, "invalid_request", ""},
			"actor's other app":  {"desk", web.AccessToken, elsewhere.AccessToken, nil, "invalid_request", ""},
			"more rights":        {"desk", elsewhere.AccessToken, support.AccessToken, nil, "invalid_request", ""},
			"no rights":          {"desk", by.AccessToken, desk.AccessToken, nil, "invalid_request", ""},
			"oneself":            {"desk", by.AccessToken, by.AccessToken, nil, "invalid_request", ""},
			"ID token":           {"desk", desk.IDToken, "", nil, "invalid_request", ""},
			"refresh token":      {"desk", desk.RefreshToken, "", nil, "invalid_request", ""},
			"no user's":          {"desk", machine.AccessToken, "", nil, "invalid_request", ""},
			"actor is a machine": {"desk", web.AccessToken, machine.AccessToken, nil, "invalid_request", ""},
			"actor is garbage":   {"desk", web.AccessToken, "x.y.z", nil, "invalid_request", ""},
			"garbage":            {"desk", "\x7f", "", nil, "invalid_request", ""},
			"nothing":            {"desk", "", "", nil, "invalid_request", ""},
			"wrong type":         {"desk", desk.AccessToken, "", []string{"subject_token_type", typeJWT}, "invalid_request", ""},
			"no type":            {"desk", desk.AccessToken, "", []string{"subject_token_type", ""}, "invalid_request", ""},
			"actor's type":       {"desk", web.AccessToken, by.AccessToken, []string{"actor_token_type", ""}, "invalid_request", ""},
			"type without actor": {"desk", desk.AccessToken, "", []string{"actor_token_type", typeAccess}, "invalid_request", ""},
			"wanting an ID":      {"desk", desk.AccessToken, "", []string{"requested_token_type", typeID}, "invalid_request", ""},
			"not registered":     {"web", web.AccessToken, "", nil, "unauthorized_client", ""},
			"public":             {"spa", web.AccessToken, "", nil, "unauthorized_client", ""},

			"may act":                {"desk", may(`{"sub":"` + c.admin.ID + `"}`), by.AccessToken, nil, "", "openid email"},
			"may act here":           {"desk", may(`{"sub":"` + c.admin.ID + `","client_id":"desk","iss":"` + issuer + `"}`), by.AccessToken, nil, "", "openid email"},
			"somebody else may act":  {"desk", may(`{"sub":"` + c.user.ID + `"}`), by.AccessToken, nil, "invalid_request", ""},
			"may act elsewhere":      {"desk", may(`{"sub":"` + c.admin.ID + `","client_id":"web"}`), by.AccessToken, nil, "invalid_request", ""},
			"another issuer's":       {"desk", may(`{"sub":"` + c.admin.ID + `","iss":"https://x.example.com"}`), by.AccessToken, nil, "invalid_request", ""},
			"nobody may act":         {"desk", may(`{}`), by.AccessToken, nil, "invalid_request", ""},
			"may act is garbage":     {"desk", may(`[1]`), by.AccessToken, nil, "invalid_request", ""},
			"client may act":         {"desk", may(`{"client_id":"desk"}`), "", []string{"scope", "email"}, "", "email"},
			"client may act by sub":  {"desk", may(`{"sub":"desk"}`), "", []string{"scope", "email"}, "", "email"},
			"another client may act": {"desk", may(`{"sub":"desk2"}`), "", nil, "invalid_request", ""},
		} {
			a := c.exchange(test.client, test.subject, test.actor, test.pairs...)
			if test.want != "" {
				if a.StatusCode != http.StatusBadRequest || a.json(t)["error"] != test.want {
					t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
				}
				continue
			}
			if a.StatusCode != http.StatusOK || a.json(t)["scope"] != test.scope || a.json(t)["refresh_token"] != nil {
				t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
			}
		}
		c.clock.Advance(time.Minute)
		c.exchange("desk", desk.AccessToken, "").wantError(t, 400, "invalid_request") // expired
	})
}

// An application's back end goes on with less in an impersonation, and the token still says who acts.
func TestExchangeWhileActing(t *testing.T) {
	eachCast(t, func(t *testing.T, c *cast) {
		c.withExchange()
		by := c.signInTo("desk").AccessToken
		acting := c.act()
		got := c.signInTo("desk")
		less := c.exchange("desk", got.AccessToken, "", "scope", "email").tokens(t)
		if _, claims := parts(t, less.AccessToken); claims["act"] == nil || claims["sid"] != acting.ID {
			t.Errorf("%v", claims)
		}
		c.exchange("desk", got.AccessToken, by).wantError(t, 400, "invalid_request")
		if !c.active("desk", less.AccessToken) {
			t.Fatal("never lived")
		}
		c.end(c.own.Session)
		if c.active("desk", less.AccessToken) {
			t.Error("lives on")
		}
	})
}

// FuzzTokenExchange: whatever is presented, nothing fails, and nothing but the good tokens gets one.
func FuzzTokenExchange(f *testing.F) {
	c := light(f).cast().withExchange()
	subject, by := c.signedIn(c.user).signInTo("desk"), c.signInTo("desk")
	for _, seed := range [][2]string{{subject.AccessToken, by.AccessToken}, {subject.AccessToken, ""}, {"", ""}, {"x", "y"}, {"..", "."},
		{subject.IDToken, by.IDToken}, {subject.RefreshToken, by.RefreshToken}, {"e30.e30.e30", "e30.e30."}, {subject.AccessToken + "A", by.AccessToken[1:]},
		{"\x00", "\xff"}, {"eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", by.AccessToken}} {
		f.Add(seed[0], seed[1], "openid", typeAccess, issuer)
	}
	f.Add(subject.AccessToken, by.AccessToken, "openid  email", typeJWT, "%")
	f.Fuzz(func(t *testing.T, subjectToken, actorToken, scope, kind, target string) {
		a := c.in(t).exchange("desk", subjectToken, actorToken, "scope", scope, "requested_token_type", kind, "audience", target)
		switch {
		case a.StatusCode == http.StatusOK:
			if subjectToken != subject.AccessToken || actorToken != "" && actorToken != by.AccessToken {
				t.Fatalf("a token for %q and %q", subjectToken, actorToken)
			}
		case a.StatusCode != http.StatusBadRequest || a.json(t)["error"] == nil:
			t.Fatalf("%d %s", a.StatusCode, a.body)
		}
	})
}
