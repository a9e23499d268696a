package op_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
)

// audited returns every event that no chain has yet, which in these tests is every one.
func (k *kit) audited() []*storage.AuditEvent {
	k.Helper()
	list, err := k.store.UnsealedEvents(k.Context(), 10000)
	k.must(err)
	return list
}

// Nothing that opens anything may be read in the audit: whoever may look there may not come in by it.
func TestAuditHoldsNoSecret(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		var secrets []string
		keep := func(list ...string) { secrets = append(secrets, list...) }
		ctx := t.Context()
		key := secret.Bytes(32)
		sealer, err := secret.NewSealer(key)
		k.must(err)
		factors := factor.New(k.store, factor.Options{Clock: k.clock, Key: key, Sealer: sealer,
			Params: factor.Params{MemoryKiB: 8, Time: 1, Threads: 1, SaltLen: 16, KeyLen: 32}})
		u := k.person("user@example.com")
		who := factor.Who{UserID: u.ID, Identifier: "user@example.com"}

		keep("seven quiet herons", "not the herons", "eight noisy otters")
		k.must(factors.SetPassword(ctx, u.ID, "seven quiet herons"))
		k.must(factors.CheckPassword(ctx, who, "seven quiet herons"))
		if err := factors.CheckPassword(ctx, who, "not the herons"); err == nil {
			t.Fatal("a wrong password is right")
		}
		enrolled, err := factors.EnrollTOTP(ctx, u.ID, "user@example.com", "phone")
		k.must(err)
		code, err := totp.GenerateCode(enrolled.Seed, k.clock.Now())
		k.must(err)
		keep(enrolled.Seed, code)
		k.must(factors.ConfirmTOTP(ctx, who, enrolled.FactorID, code))
		recovery, err := factors.NewRecoveryCodes(ctx, u.ID)
		k.must(err)
		keep(recovery...)
		k.must(factors.CheckRecoveryCode(ctx, who, recovery[0]))
		sent, mailed, err := factors.StartCode(ctx, who, factor.KindEmail, factor.PurposeSignIn, "user@example.com")
		k.must(err)
		keep(mailed)
		k.must(factors.CheckCode(ctx, who, sent, mailed))

		b := k.signedIn(u)
		for _, value := range b.cookies {
			keep(value)
		}
		b.stepUp()
		got, again := k.grantOf(b, "rotating"), k.grantOf(b, "web", "scope", "openid offline_access")
		for range 3 {
			keep(got.AccessToken, got.RefreshToken, got.IDToken)
			got = k.refresh("rotating", got.RefreshToken).tokens(t)
		}
		keep(again.AccessToken, again.RefreshToken, got.AccessToken, got.RefreshToken)
		reused := b.code("spa")
		keep(reused, verifier)
		k.redeem("spa", reused).tokens(t)
		k.redeem("spa", reused).wantError(t, http.StatusBadRequest, "invalid_grant")
		k.call("/oauth/revoke", "rotating", url.Values{"token": {got.RefreshToken}})
		k.must(k.consents.Grant(ctx, u.ID, "asking", "openid email"))
		k.must(k.consents.Withdraw(ctx, u.ID, "asking", u.ID))
		k.must(k.ring.Rotate(ctx, true))
		for _, plain := range k.secrets {
			keep(plain)
		}
		accepted, err := factors.AcceptPassword(ctx, "eight noisy otters")
		k.must(err)
		k.must(factors.StorePassword(ctx, k.store, u.ID, accepted))
		for _, value := range b.cookies {
			keep(value)
		}
		k.must(k.users.Disable(ctx, k.store, k.door, u.ID, "admin"))
		k.must(k.users.Delete(ctx, k.store, k.door, u.ID, "admin"))

		events := k.audited()
		if len(events) < 20 {
			t.Fatalf("only %d events", len(events))
		}
		for _, e := range events {
			text := fmt.Sprintf("%+v", *e)
			for _, s := range secrets {
				if s == "" {
					continue
				}
				for _, part := range append(strings.Split(s, "."), s) { // a part of a token is as good as none, but opens what it says
					if len(part) >= 6 && strings.Contains(text, part) && !strings.Contains(e.ID+e.UserID+e.SessionID, part) {
						t.Errorf("%s holds %q: %s", e.Kind, part, text)
					}
				}
			}
		}
	})
}

// stepUp proves more in the browser's session.
func (b *browser) stepUp() {
	b.Helper()
	r := httptest.NewRequest(http.MethodPost, issuer, nil)
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.must(b.sessions.StepUp(w, r, b.current(), session.Proof{ACR: factor.ACRMulti, AMR: "pwd otp mfa"}))
	for _, c := range w.Result().Cookies() {
		b.cookies[c.Name] = c.Value
	}
}

// grantOf gets tokens for a client.
func (k *kit) grantOf(b *browser, clientID string, pairs ...string) issued {
	k.Helper()
	if slices.Contains(pairs, "openid offline_access") {
		k.must(k.consents.Grant(k.Context(), b.current().UserID, clientID, "openid offline_access"))
	}
	return k.redeem(clientID, b.code(clientID, pairs...)).tokens(k)
}

// What happens 18,000 times a second is no event: that a session goes on is what its start says.
func TestRefreshWritesNoEvent(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		b := k.signedIn(k.person("user@example.com"))
		for _, clientID := range []string{"web", "rotating"} {
			got := k.grantOf(b, clientID)
			before := len(k.audited())
			for range 5 {
				k.clock.Advance(time.Minute)
				got = k.refresh(clientID, got.RefreshToken).tokens(t)
			}
			k.call("/oauth/introspect", "gateway", url.Values{"token": {got.AccessToken}})
			if after := len(k.audited()); after != before {
				t.Errorf("%s: %d events by refreshes", clientID, after-before)
			}
		}
	})
}

// The events say who began what, where and for whom: session, device, client.
func TestEventsOfASignIn(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		u := k.person("user@example.com")
		b := k.signedIn(u)
		k.grantOf(b, "web", "scope", "openid offline_access")
		s, offline := b.current(), ""
		want := map[audit.Kind]int{audit.SignedUp: 1, audit.SessionStarted: 2, audit.FamilyStarted: 1, audit.ConsentGranted: 1}
		list, err := k.store.UserEvents(t.Context(), u.ID, 100)
		k.must(err)
		for _, e := range list {
			want[audit.Kind(e.Kind)]--
			var data map[string]any
			k.must(json.Unmarshal([]byte(e.Data), &data))
			switch {
			case e.Kind == string(audit.SessionStarted) && data["kind"] == "browser":
				if e.SessionID != s.ID || e.DeviceID != s.DeviceID || e.Actor != u.ID || data["amr"] != "pwd" {
					t.Errorf("%+v", e)
				}
			case e.Kind == string(audit.SessionStarted):
				if offline = e.SessionID; data["kind"] != "offline" || e.DeviceID != "" || e.ClientID != "web" {
					t.Errorf("%+v", e)
				}
			case e.Kind == string(audit.FamilyStarted):
				if e.ClientID != "web" || e.Actor != "web" || e.SessionID == s.ID || data["from"] != s.ID {
					t.Errorf("%+v", e)
				}
			}
		}
		for kind, n := range want {
			if n != 0 {
				t.Errorf("%d of %s missing", n, kind)
			}
		}
		if offline == "" {
			t.Error("no start of lasting access")
		}
	})
}

// A user goes with all that is kept of them, but what they did stays where it is in its chain, and can be told.
func TestDeletedUsersStayInTheAudit(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		ctx := t.Context()
		chains := audit.NewChains(issuer, k.store, k.clock, make([]byte, 32))
		u, other := k.person("user@example.com"), k.person("other@example.com")
		b := k.signedIn(u)
		k.signedIn(other)
		k.grantOf(b, "web")
		there := b.current().ID
		_, err := chains.Seal(ctx)
		k.must(err)
		k.must(chains.Checkpoint(ctx))
		then := k.clock.Now()
		k.clock.Advance(time.Hour)
		k.must(k.users.Delete(ctx, k.store, k.door, u.ID, "admin"))
		_, err = chains.Seal(ctx)
		k.must(err)
		k.must(chains.Checkpoint(ctx))
		if r, err := chains.Verify(ctx); err != nil || len(r.Faults) != 0 || r.Unsealed != 0 || r.Checkpoints != 2 {
			t.Errorf("%+v, %v", r, err)
		}
		live := func(at time.Time) (ids []string) {
			list, err := audit.Replay(ctx, k.store, at)
			k.must(err)
			for _, s := range list {
				if s.Live(at) && s.UserID == u.ID {
					ids = append(ids, s.ID+" "+strings.Join(s.ClientIDs, " "))
				}
			}
			return ids
		}
		if got := live(then); !slices.Equal(got, []string{there + " web"}) {
			t.Errorf("before: %v", got)
		}
		if got := live(k.clock.Now()); len(got) != 0 {
			t.Errorf("after: %v", got)
		}
	})
}

// Keys are changed by a job, too, and by several replicas at a time: each change is an event, once.
func TestKeysAreAudited(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		other := assemble(t, k.store)
		count := func() map[string]int {
			n := map[string]int{}
			for _, e := range k.audited() {
				if strings.HasPrefix(e.Kind, "key.") {
					if n[e.Kind]++; e.Actor != "system" || !strings.Contains(e.Data, `"kid"`) {
						t.Errorf("%+v", e)
					}
				}
			}
			return n
		}
		began := count()
		if began[string(audit.KeyCreated)] == 0 {
			t.Fatal("no key created")
		}
		k.clock.Advance(29*24*time.Hour + time.Hour)
		other.clock.Advance(29*24*time.Hour + time.Hour)
		k.must(k.ring.Rotate(t.Context(), false))
		k.must(other.ring.Rotate(t.Context(), false))
		if n := count(); n[string(audit.KeyRotated)] != began[string(audit.KeyCreated)] {
			t.Errorf("%v", n)
		}
		k.clock.Advance(25 * time.Hour)
		other.clock.Advance(25 * time.Hour)
		k.must(k.ring.Rotate(t.Context(), false))
		k.must(other.ring.Rotate(t.Context(), false))
		if n := count(); n[string(audit.KeyRetired)] != began[string(audit.KeyCreated)] {
			t.Errorf("%v", n)
		}
	})
}
