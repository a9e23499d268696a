package op_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
)

// The way there and back: the tokens name the actor, the user is none the wiser of a sign-in, and "stop" leads back.
func TestImpersonation(t *testing.T) {
	eachCast(t, func(t *testing.T, c *cast) {
		acting := c.act()
		if acting.UserID != c.user.ID || !acting.Impersonated() || acting.By() != c.admin.ID || acting.DeviceID != "" ||
			acting.ExpiresAt.Sub(c.clock.Now()) != 30*time.Minute || acting.IdleTTL != (10*time.Minute).Microseconds() || acting.AMR != "" {
			t.Errorf("session %+v", acting.Session)
		}
		if u, err := c.store.User(t.Context(), c.user.ID); err != nil || u.LastSignInAt.Set() {
			t.Error("an impersonation counts as a sign-in of the user's")
		}
		act := map[string]any{"iss": issuer, "sub": c.admin.ID, "sid": c.own.ID}
		got := c.signInTo("web", "scope", "openid email offline_access")
		if got.Scope != "openid email" {
			t.Errorf("scope %q", got.Scope)
		}
		for range 2 {
			for name, jwt := range map[string]string{"access": got.AccessToken, "id": got.IDToken} {
				_, claims := parts(t, jwt)
				if diff := cmp.Diff(act, claims["act"]); diff != "" || claims["sub"] != c.user.ID || claims["sid"] != acting.ID {
					t.Errorf("%s token %v: %s", name, claims, diff)
				}
			}
			if diff := cmp.Diff(act, c.userinfo(got.AccessToken).json(t)["act"]); diff != "" {
				t.Error("userinfo", diff)
			}
			for _, tok := range []string{got.AccessToken, got.RefreshToken} {
				if diff := cmp.Diff(act, c.call("/oauth/introspect", "web", map[string][]string{"token": {tok}}).json(t)["act"]); diff != "" {
					t.Error("introspection", diff)
				}
			}
			got = c.refresh("web", got.RefreshToken).tokens(t)
		}
		if a := c.send(httptest.NewRequest("POST", issuer+"/test/stop", nil)); a.StatusCode != http.StatusOK {
			t.Fatal(a.body)
		}
		if back := c.current(); back.ID != c.own.ID {
			t.Errorf("stopping leads to %s, not to %s", back.ID, c.own.ID)
		}
		if c.live(acting.Session) || c.reason(acting.Session) != logout.ActorStopped || c.active("web", got.AccessToken) {
			t.Error("the session goes on")
		}
		c.refresh("web", got.RefreshToken).wantError(t, 400, "invalid_grant")
		own := c.signInTo("web")
		if _, claims := parts(t, own.AccessToken); claims["act"] != nil || claims["sub"] != c.admin.ID {
			t.Errorf("claims %v", claims)
		}
		for _, kind := range []audit.Kind{audit.ActorTokenCreated, audit.ImpersonationStarted, audit.ImpersonationStopped, audit.SessionStarted} {
			if n := c.events(c.user.ID, kind); n != 1 {
				t.Errorf("%d events %s", n, kind)
			}
		}
		list, err := c.store.UserEvents(t.Context(), c.user.ID, 50)
		c.must(err)
		for _, e := range list {
			if e.SessionID == acting.ID && (e.Actor == c.user.ID || !strings.Contains(e.Actor+e.Data, c.admin.ID)) {
				t.Errorf("%s is written as the user's own act, or does not name the actor: %+v", e.Kind, e)
			}
		}
	})
}

func TestTwentyRedemptions(t *testing.T) {
	eachCast(t, func(t *testing.T, c *cast) {
		token, ticket := c.create(nil)
		errs := make([]error, 20)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = c.actors.Redeem(httptest.NewRecorder(), httptest.NewRequest("POST", issuer, nil), ticket, c.own)
			})
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !errors.Is(err, actor.ErrRedeemed) {
				t.Error(err)
			}
		}
		list, err := c.store.ActingSessions(t.Context(), c.admin.ID, c.own.ID, "", 50)
		row, err2 := c.store.ActorToken(t.Context(), token.ID)
		if won != 1 || errors.Join(err, err2) != nil || len(list) != 1 || row.SessionID != list[0].ID || row.Status != storage.ActorTokenAccepted {
			t.Errorf("%d won, %d sessions, %+v", won, len(list), row)
		}
	})
}

// Every reason for which a ticket opens nothing; none of them uses it up.
func TestTicketRefused(t *testing.T) {
	eachCast(t, func(t *testing.T, c *cast) {
		look := func(ticket string, s *session.Current, want error) {
			t.Helper()
			if _, err := c.actors.Look(t.Context(), ticket, s); !errors.Is(err, want) || want == nil && err != nil {
				t.Errorf("look: %v, want %v", err, want)
			}
			if want == nil {
				return
			}
			if _, err := c.actors.Redeem(httptest.NewRecorder(), httptest.NewRequest("POST", issuer, nil), ticket, s); !errors.Is(err, want) {
				t.Errorf("redeem: %v, want %v", err, want)
			}
		}
		token, ticket := c.create(nil)
		other := c.signedIn(c.withRole(c.person("other@example.com"), actor.RoleOwner)).current()
		look(ticket, nil, actor.ErrNotSignedIn)
		look(ticket, other, actor.ErrNotYours)
		for _, garbage := range []string{"", ".", "act_", ticket + "x", ticket[:len(ticket)-1], token.ID, token.ID + ".", "x" + ticket, "act_\x00." + ticket} {
			look(garbage, c.own, actor.ErrUnknown)
		}
		ended := *c.own.Session
		_, gone := c.create(nil)
		stranger := c.signedIn(c.admin)
		past := stranger.current()
		c.end(past.Session)
		look(gone, c.own, nil)
		if _, err := c.actors.Redeem(httptest.NewRecorder(), httptest.NewRequest("POST", issuer, nil), gone, past); !errors.Is(err, session.ErrNone) {
			t.Errorf("from a session that has ended: %v", err)
		}

		acting := c.act()
		look(ticket, acting, actor.ErrNested)
		c.own = &session.Current{Session: &ended, User: c.own.User}

		c.withRole(c.user, actor.RoleOwner)
		look(ticket, c.own, actor.RefusedRights)
		c.withRole(c.user, actor.RoleAdmin)
		look(ticket, c.own, actor.RefusedRule)
		c.withRole(c.user, "")
		k := c.kit
		k.must(k.users.Disable(t.Context(), k.store, k.door, c.user.ID, "test"))
		look(ticket, c.own, actor.RefusedSubject)
		k.must(k.users.Enable(t.Context(), k.store, c.user.ID, "test"))
		look(ticket, c.own, nil)

		if _, err := c.actors.Revoke(t.Context(), c.store, token.ID, "console"); err != nil {
			t.Fatal(err)
		}
		look(ticket, c.own, actor.ErrRevoked)
		_, ticket = c.create(func(s *actor.Spec) { s.TTL = time.Minute })
		c.clock.Advance(time.Minute)
		look(ticket, c.own, actor.ErrExpired)
		token, ticket = c.create(nil)
		k.must(k.users.Delete(t.Context(), k.store, k.door, c.user.ID, "test"))
		look(ticket, c.own, actor.ErrUnknown)
		if _, err := c.actors.Approve(t.Context(), c.store, token.ID, other.UserID, "console"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a deleted user's token: %v", err)
		}
	})
}

func TestCreateRefused(t *testing.T) {
	c := light(t).cast()
	support := c.withRole(c.person("support@example.com"), actor.RoleSupport)
	for name, test := range map[string]struct {
		change func(*actor.Spec)
		want   error
	}{
		"self":       {func(s *actor.Spec) { s.UserID = c.admin.ID }, actor.RefusedSelf},
		"more":       {func(s *actor.Spec) { s.UserID, s.ActorSub = c.admin.ID, support.ID }, actor.RefusedRights},
		"no role":    {func(s *actor.Spec) { s.UserID, s.ActorSub = support.ID, c.user.ID }, actor.RefusedRights},
		"no reason":  {func(s *actor.Spec) { s.Reason = " " }, actor.RefusedReason},
		"no user":    {func(s *actor.Spec) { s.UserID = "usr_x" }, actor.ErrNoUser},
		"no actor":   {func(s *actor.Spec) { s.ActorSub = "usr_x" }, actor.ErrNoActor},
		"not an API": {func(s *actor.Spec) { s.UserID, s.ActorSub = c.user.ID, support.ID }, nil},
	} {
		s := actor.Spec{UserID: c.user.ID, ActorSub: c.admin.ID, Actor: []byte(`{}`), Reason: "x"}
		test.change(&s)
		if _, _, err := c.actors.Create(t.Context(), c.store, s); !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What the impersonation came from ends, and it is over at once: also where nobody has taken it through the door.
func TestImpersonationEndsWithWhatItCameFrom(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(*cast, *storage.Session)
		want logout.Reason // as the row has it then; "" until Sweep has come by
	}{
		"actor's session ended": {func(c *cast, _ *storage.Session) { c.end(c.own.Session) }, logout.ActorEnded},
		"actor disabled": {func(c *cast, _ *storage.Session) {
			c.must(c.users.Disable(c.Context(), c.store, c.door, c.admin.ID, "test"))
		}, logout.ActorEnded},
		"actor deleted": {func(c *cast, _ *storage.Session) {
			c.must(c.users.Delete(c.Context(), c.store, c.door, c.admin.ID, "test"))
		}, logout.ActorEnded},
		"actor's epoch": {func(c *cast, _ *storage.Session) {
			c.must(c.door.EndUser(c.Context(), c.store, c.admin.ID, logout.Cause{Status: storage.StatusRevoked, Reason: logout.Revoked, By: "test"}))
		}, logout.ActorEnded},
		"actor without a role": {func(c *cast, _ *storage.Session) { c.withRole(c.admin, "") }, logout.ActorEnded},
		"actor's other role":   {func(c *cast, _ *storage.Session) { c.withRole(c.admin, actor.RoleSupport) }, logout.ActorEnded},
		"user disabled": {func(c *cast, _ *storage.Session) {
			c.must(c.users.Disable(c.Context(), c.store, c.door, c.user.ID, "test"))
		}, logout.UserDisabled},
		"user's role": {func(c *cast, _ *storage.Session) { c.withRole(c.user, actor.RoleSupport) }, logout.Revoked},
		"policy": {func(c *cast, _ *storage.Session) {
			_, row, err := c.actors.Policy(c.Context(), c.store)
			c.must(err)
			_, err = c.actors.SetPolicy(c.Context(), c.store, row, `{"notify_user":true}`, "test")
			c.must(err)
		}, logout.PolicyChanged},
		"actor token": {func(c *cast, s *storage.Session) {
			_, err := c.actors.Revoke(c.Context(), c.store, s.ActorTokenID, "test")
			c.must(err)
		}, logout.ActorRevoked},
		"everybody": {func(c *cast, _ *storage.Session) {
			c.must(c.door.EndAll(c.Context(), c.store, logout.Cause{Status: storage.StatusRevoked, Reason: logout.AllEnded, By: "test"}))
		}, ""},
		"client of the actor's": {func(c *cast, _ *storage.Session) {
			c.must(c.door.EndClient(c.Context(), c.store, "other", logout.Cause{Status: storage.StatusRevoked, Reason: logout.ClientEnded, By: "test"}))
		}, ""},
		"thirty minutes": {func(c *cast, s *storage.Session) {
			for range 6 {
				c.clock.Advance(5 * time.Minute)
				c.must(c.store.Touch(c.Context(), []storage.Activity{{UserID: s.UserID, SessionID: s.ID, At: c.clock.Now()},
					{UserID: c.admin.ID, SessionID: c.own.ID, At: c.clock.Now()}}, c.clock.Now()))
			}
		}, ""},
		"ten minutes idle": {func(c *cast, _ *storage.Session) { c.clock.Advance(10 * time.Minute) }, ""},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			eachCast(t, func(t *testing.T, c *cast) {
				c.signInTo("other") // as themselves
				acting := c.act()
				got := c.signInTo("web")
				if !c.live(acting.Session) {
					t.Fatal("never lived")
				}
				test.end(c, acting.Session)
				if c.live(acting.Session) || c.active("web", got.AccessToken) {
					t.Error("lives on")
				}
				if a := c.userinfo(got.AccessToken); a.StatusCode != http.StatusUnauthorized {
					t.Error("userinfo answers", a.StatusCode)
				}
				c.refresh("web", got.RefreshToken).wantError(t, 400, "invalid_grant")
				if got := c.reason(acting.Session); got != test.want {
					t.Errorf("ended for %q at once, want %q", got, test.want)
				}
				if _, err := c.door.Sweep(t.Context(), 100); err != nil {
					t.Fatal(err)
				}
				if got := c.reason(acting.Session); got == "" {
					t.Error("never taken through the door")
				}
				if n := c.events(c.user.ID, audit.ImpersonationStopped); n != 1 {
					t.Errorf("%d events of the stop", n)
				}
			})
		})
	}
}

// The actor's own session does not go idle while they act, and an orphan is found by the sweep.
func TestActingKeepsTheOwnSessionAlive(t *testing.T) {
	eachCast(t, func(t *testing.T, c *cast) {
		acting := c.act()
		for range 5 { // administrators' sessions are idle after 15 minutes
			c.clock.Advance(5 * time.Minute)
			if got := c.current(); got.ID != acting.ID {
				t.Fatal("another session")
			}
			c.must(c.activity.Flush(t.Context()))
		}
		if !c.live(c.own.Session) {
			t.Error("the actor's own session went idle while they were here")
		}
		c.clock.Advance(4 * time.Minute)
		c.must(c.store.Tx(t.Context(), func(tx *storage.Store) error { // past the door, as an older version might
			ended := *c.own.Session
			ended.Status, ended.EndedAt, ended.EndReason = storage.StatusRevoked, storage.At(c.clock.Now()), "revoked"
			_, err := tx.EndSessions(t.Context(), []*storage.Session{&ended}, false)
			return err
		}))
		if c.live(acting.Session) {
			t.Error("an orphan lives")
		}
		views, err := c.store.SessionViews(t.Context(), storage.SessionViewFilter{ID: acting.ID}, c.clock.Now())
		if err != nil || views[0].Stands != storage.StatusRevoked || views[0].Status != storage.StatusActive {
			t.Errorf("%+v, %v", views, err)
		}
		if n, err := c.door.Sweep(t.Context(), 100); n != 1 || err != nil || c.reason(acting.Session) != logout.ActorEnded {
			t.Errorf("swept %d, %v, %q", n, err, c.reason(acting.Session))
		}
	})
}

func TestSecondApprover(t *testing.T) {
	eachCast(t, func(t *testing.T, c *cast) {
		_, row, err := c.actors.Policy(t.Context(), c.store)
		c.must(err)
		_, before := c.create(nil)
		_, err = c.actors.SetPolicy(t.Context(), c.store, row, `{"second_approver":true}`, "test")
		c.must(err)
		second := c.withRole(c.person("second@example.com"), actor.RoleSupport)
		auditor := c.withRole(c.person("auditor@example.com"), actor.RoleAuditor)
		token, ticket := c.create(func(s *actor.Spec) { s.By = c.user.ID })
		for _, ticket := range []string{ticket, before} {
			if _, err := c.actors.Look(t.Context(), ticket, c.own); !errors.Is(err, actor.ErrNotApproved) {
				t.Error(err)
			}
		}
		for _, who := range []string{c.admin.ID, c.user.ID, auditor.ID, "usr_x"} {
			if _, err := c.actors.Approve(t.Context(), c.store, token.ID, who, "console"); !errors.Is(err, actor.ErrApprover) {
				t.Errorf("%s: %v", who, err)
			}
		}
		if got, err := c.actors.Approve(t.Context(), c.store, token.ID, second.ID, "console"); err != nil || got.ApprovedBy != second.ID {
			t.Fatal(got, err)
		}
		if _, err := c.actors.Approve(t.Context(), c.store, token.ID, second.ID, "console"); !errors.Is(err, actor.ErrNotNeeded) {
			t.Error(err)
		}
		if a := c.redeemTicket(ticket); a.StatusCode != http.StatusOK {
			t.Error(a.body)
		}
		if n := c.events(c.user.ID, audit.ActorTokenApproved); n != 1 {
			t.Errorf("%d events", n)
		}
	})
}

func TestNoticeToTheUser(t *testing.T) {
	c := light(t).cast()
	var told []actor.Notice
	c.actors.Notify = func(_ context.Context, n actor.Notice) { told = append(told, n) }
	c.act()
	c.signIn(c.admin)
	_, row, err := c.actors.Policy(t.Context(), c.store)
	c.must(err)
	_, err = c.actors.SetPolicy(t.Context(), c.store, row, `{"notify_user":true}`, "test")
	c.must(err)
	c.act()
	if len(told) != 1 || told[0].User.ID != c.user.ID || told[0].Actor.ID != c.admin.ID || told[0].Reason != "a question" || !told[0].At.Equal(start) {
		t.Errorf("told %+v", told)
	}
}
