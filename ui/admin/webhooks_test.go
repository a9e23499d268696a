package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

const hookAddress = "https://hooks.example.com/curfew"

// fill posts the form of an endpoint: events as often as they come, of everything else the last.
func (b *browser) fill(path string, pairs ...string) *browser {
	b.t.Helper()
	v := url.Values{"url": {hookAddress}, "choice": {"all"}, "signature": {"hmac"}}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == "events" {
			v.Add(pairs[i], pairs[i+1])
			continue
		}
		v.Set(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, path, v.Encode())
}

// endpoint adds one and returns it.
func (w *world) hookTo(f webhook.Fields, scheme string) *storage.WebhookEndpoint {
	w.t.Helper()
	if f.URL == "" {
		f.URL = hookAddress
	}
	e, _, err := w.Webhooks.Create(w.t.Context(), w.Store, f, scheme, "test")
	w.must(err)
	return e
}

// onlyHook is the one endpoint that there is.
func (w *world) onlyHook() *storage.WebhookEndpoint {
	w.t.Helper()
	rows, err := w.Store.WebhookEndpoints(w.t.Context(), "", 2)
	w.must(err)
	if len(rows) != 1 {
		w.t.Fatalf("%d endpoints", len(rows))
	}
	return rows[0]
}

func TestWebhookFromItsFormToItsEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.person("owner@example.com", actor.RoleOwner, "")
		b := w.signIn(owner)
		b.get(page.PathAdminWebhooks).want(http.StatusOK).has(".empty-title", "No endpoints").has(".button", "New endpoint")
		b.get(pathNewHook).want(http.StatusOK).has("label", "user.created").has(".pick-more", "Somebody signed up").has(".pick-note", "curfew delivers mail itself")

		b.fill(pathNewHook, "description", "Orders", "owner_email", "owner@example.com", "choice", "some", "events", "session.ended",
			"events", "user.created", "include_private_metadata", "yes").want(http.StatusOK).has(".notice", "from now on").has("#secret-value", "whsec_").
			has(".meanings", "Somebody signed out").has("dd", "owner@example.com").has("#snippet-code", `app.post("/curfew"`)
		secret := b.all("#secret-value")[0]
		e := w.onlyHook()
		f, err := webhook.FieldsOf(e)
		w.must(err)
		if d := cmp.Diff(webhook.Fields{URL: hookAddress, Description: "Orders", Events: []webhook.Event{webhook.UserCreated, webhook.SessionEnded},
			OwnerEmail: "owner@example.com", IncludePrivateMetadata: true}, f); d != "" {
			t.Error(d)
		}
		at := hookURL(e.ID)
		b.get(page.PathAdminWebhooks).has("li", "2 events").without(secret)
		b.get(at).want(http.StatusOK).without(secret).without("secret-value").has(".tag-good", "Enabled").has(".tag-warn", "Sent")

		// What the form shows is what there is; saving it as it is changes nothing.
		b.get(at + "/edit").want(http.StatusOK).without(`name="signature"`)
		if n := strings.Count(b.body, " checked"); n != 4 { // the choice, two events, private metadata
			t.Errorf("%d boxes are ticked", n)
		}
		b.fill(at+"/edit", "version", "1", "description", "Shop").leads(at).has(".notice", "Saved").has("dd", "All but those that carry codes").has("dd", "Not sent")
		b.fill(at+"/edit", "version", "1", "description", "Late", "choice", "some", "events", "user.deleted").want(http.StatusUnprocessableEntity).
			has(".alert", "Somebody changed it")
		if !strings.Contains(b.body, `value="Late"`) || !strings.Contains(b.body, `value="user.deleted" checked`) || !strings.Contains(b.body, `name="version" value="2"`) {
			t.Error("what was typed is lost, or cannot be saved")
		}
		b.fill(at+"/edit", "version", "2", "description", "Late").leads(at).has("dd", "Late")
		if e = w.onlyHook(); e.Version != 3 || e.Description != "Late" || e.OwnerEmail != "" {
			t.Errorf("saved %+v", e)
		}

		b.post(at + "/test").want(http.StatusSeeOther)
		b.get(b.header.Get("Location")).want(http.StatusOK).has(".notice", "on its way").has("h2", "webhook.test").has(".code", `"type": "webhook.test"`)

		b.post(at+"/delete").want(http.StatusOK).has("h1", "Delete this endpoint?")
		b.sure(at+"/delete").leads(page.PathAdminWebhooks).has(".notice", "Deleted")
		b.get(at).want(http.StatusNotFound)
		b.sure(at + "/delete").want(http.StatusNotFound)

		events, err := w.Store.QueryAuditEvents(t.Context(), storage.AuditQuery{Limit: 50})
		w.must(err)
		var kinds []string
		for _, ev := range events {
			if strings.HasPrefix(ev.Kind, "webhook.") {
				kinds = append(kinds, ev.Kind)
				if ev.Actor != owner.ID {
					t.Errorf("%s by %q", ev.Kind, ev.Actor)
				}
			}
		}
		if d := cmp.Diff([]string{string(audit.WebhookDeleted), string(audit.WebhookUpdated), string(audit.WebhookUpdated), string(audit.WebhookCreated)}, kinds); d != "" {
			t.Error(d)
		}
	})
}

// Each fault stands at its field, in the reader's language, and what was typed is kept.
func TestFaultsOfAnEndpoint(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.person("admin@example.com", actor.RoleAdmin, "")
		row.Locale = "de"
		w.must(w.Users.Update(t.Context(), w.Store, w.Door, row, "test"))
		b := w.signIn(row)
		long := strings.Repeat("x", 3000)
		for _, c := range []struct{ name, field, value, says string }{
			{"none", "url", "", "Bitte füllen Sie dieses Feld aus."},
			{"no address", "url", "hooks", "ganze Adresse"},
			{"spaces", "url", "https://hooks.example.com/a b", "ganze Adresse"},
			{"over-long", "url", "https://hooks.example.com/" + long, "ganze Adresse"},
			{"other scheme", "url", "ftp://hooks.example.com/", "muss mit https:// beginnen"},
			{"no TLS", "url", "http://hooks.example.com/", "muss mit https:// beginnen"},
			{"script", "url", "javascript:alert(1)", "ganze Adresse"},
			{"private network", "url", "https://10.0.0.7/hooks", "nicht im öffentlichen Internet"},
			{"loopback", "url", "https://127.0.0.1/hooks", "nicht im öffentlichen Internet"},
			{"metadata service", "url", "https://169.254.169.254/latest", "nicht im öffentlichen Internet"},
			{"IPv6 loopback", "url", "https://[::1]/", "nicht im öffentlichen Internet"},
			{"IPv4 within IPv6", "url", "https://[::ffff:10.0.0.7]/", "nicht im öffentlichen Internet"},
			{"password", "url", "https://a:b@hooks.example.com/", "weder Namen noch Passwort"},
			{"fragment", "url", "https://hooks.example.com/#x", "kein # enthalten"},
			{"over-long", "description", long, "Höchstens 500 Byte"},
			{"two lines", "description", "a\nb", "Höchstens 500 Byte"},
			{"no mail", "owner_email", "nobody", "E-Mail-Adresse"},
			{"two mails", "owner_email", "a@example.com, b@example.com", "E-Mail-Adresse"},
			{"over-long", "owner_email", long + "@example.com", "E-Mail-Adresse"},
			{"nothing chosen", "choice", "some", "mindestens ein Ereignis"},
		} {
			b.fill(pathNewHook, "url", hookAddress, "description", "Bestellungen", c.field, c.value)
			if b.code != http.StatusUnprocessableEntity || len(b.all(".fault")) != 1 {
				t.Errorf("%s %s: %d with %q", c.field, c.name, b.code, b.all(".fault"))
				continue
			}
			b.has(".fault", c.says)
		}
		b.fill(pathNewHook, "url", "", "owner_email", "nobody", "choice", "some", "include_private_metadata", "yes", "signature", "ed25519").
			want(http.StatusUnprocessableEntity).has(".alert", "prüfen").has(".alert", "Kreuzen")
		for _, kept := range []string{`value="nobody"`, `value="some" checked`, `value="yes" checked`, `value="ed25519" checked`} {
			if !strings.Contains(b.body, kept) {
				t.Errorf("%s is not kept", kept)
			}
		}
		// What the page does not offer is no fault of a person's.
		for _, pairs := range [][]string{{"choice", "none"}, {"choice", ""}, {"signature", "rsa"}, {"signature", ""}, {"choice", "some", "events", "user.exploded"},
			{"choice", "some", "events", "webhook.test"}} {
			b.fill(pathNewHook, pairs...).want(http.StatusBadRequest)
		}
		b.do(http.MethodPost, pathNewHook, "url=a&url=b&choice=all&signature=hmac").want(http.StatusBadRequest)
		b.fill(pathNewHook, "description", strings.Repeat("x", 70_000)).want(http.StatusRequestEntityTooLarge)
		rows, err := w.Store.WebhookEndpoints(t.Context(), "", 1)
		w.must(err)
		if len(rows) != 0 {
			t.Errorf("added %+v", rows[0])
		}
	})
}

func TestSecretsOfAnEndpoint(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		b.fill(pathNewHook).want(http.StatusOK)
		at := hookURL(w.onlyHook().ID)
		seen := []string{b.all("#secret-value")[0]}
		b.get(at+"/secret").want(http.StatusOK).has("h1", "Make a new signing secret?").has("option", "for 24 hours")
		for _, overlap := range []string{"", "forever", "-1", "720h"} {
			b.post(at+"/secret", "overlap", overlap).want(http.StatusBadRequest)
		}
		for overlap, until := range map[string]time.Duration{"none": 0, "hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour} {
			b.post(at+"/secret", "overlap", overlap).want(http.StatusOK).has(".notice", "signed anew")
			secret := b.all("#secret-value")[0]
			if slices.Contains(seen, secret) {
				t.Errorf("%s: the secret stayed", overlap)
			}
			seen = append(seen, secret)
			e := w.onlyHook()
			if until == 0 {
				b.get(at).without("two signatures")
				if len(e.PreviousSecret) != 0 {
					t.Error("the secret before counts")
				}
				continue
			}
			if want := w.clock.Now().Add(until); !e.PreviousUntil.Equal(want) {
				t.Errorf("%s: until %s, want %s", overlap, e.PreviousUntil, want)
			}
			b.get(at).has(".alert", "two signatures").without(secret)
			b.get(at+"/secret").has(".alert", "stops at once")
		}
		if e := w.onlyHook(); e.PreviousUntil.Set() {
			w.clock.Advance(e.PreviousUntil.Sub(w.clock.Now()))
			b = w.signIn(w.person("late@example.com", actor.RoleAdmin, ""))
			b.get(at).want(http.StatusOK).without("two signatures")
		}
	})
}

// Of a key pair, the private half is shown to nobody.
func TestKeyOfAnEndpoint(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		b.fill(pathNewHook, "signature", "ed25519").without("whsk_").want(http.StatusSeeOther)
		e := w.onlyHook()
		at := hookURL(e.ID)
		b.get(at).has("dd", e.PublicKey).has("#snippet-code", "CURFEW_WEBHOOK_PUBLIC_KEY").without("whsk_").without("?stack=svix")
		b.get(at+"?stack=svix").has("#snippet-code", "node:crypto")
		b.get(at+"/secret").has("h1", "Make a new signing key?")
		b.post(at+"/secret", "overlap", "hour").without("whsk_").leads(at).has(".notice", "signed anew").without(e.PublicKey).without("whsk_")
	})
}

func TestStateOfAnEndpoint(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		e := w.hookTo(webhook.Fields{}, webhook.HMAC)
		at, since := hookURL(e.ID), w.clock.Now().Add(-time.Hour)
		w.must(w.Store.WebhookFailing(t.Context(), e.ID, since))
		b.get(at).has(".tag-warn", "Failing").has(".alert", "Nothing but failures since 2 January 2030, 02:04:05 UTC")
		b.get(page.PathAdminWebhooks).has(".tag-warn", "Failing")
		for reason, says := range map[string]string{webhook.ReasonFailed: "failures for five days", webhook.ReasonGone: "410", "other": "Disabled on"} {
			e = w.onlyHook()
			e.DisabledAt, e.DisabledReason = storage.At(w.clock.Now()), reason
			w.must(w.Store.UpdateWebhookEndpoint(t.Context(), e))
			b.get(page.PathAdminWebhooks).has(".tag-warn", "Disabled")
			b.get(at).has(".tag-warn", "Disabled").has(".alert", says).has(".alert", "not kept for it").without("Send a test event")
			b.post(at + "/test").want(http.StatusBadRequest)
			b.post(at+"/enable").leads(at).has(".notice", "from now on").has(".tag-good", "Enabled")
		}
		b.post(at + "/enable").leads(at) // the second of two clicks
	})
}

// Where mail is left to endpoints and none takes it, the list says so, and the form says who delivers.
func TestWhoDelivers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("owner@example.com", actor.RoleOwner, ""))
		w.MailByWebhook, w.TextByWebhook = true, true
		w.hookTo(webhook.Fields{}, webhook.HMAC)
		b.get(page.PathAdminWebhooks).has(".alert", "nobody gets any mail").has(".alert", "sms.created")
		b.get(pathNewHook).has(".pick-note", "You deliver: mail").has(".pick-note", "You deliver: text messages")
		w.hookTo(webhook.Fields{Events: []webhook.Event{webhook.EmailCreated}}, webhook.HMAC)
		b.get(page.PathAdminWebhooks).without("nobody gets any mail").has(".alert", "sms.created")
	})
}

func TestWebhooksAreFull(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		for range webhook.MaxEndpoints {
			w.hookTo(webhook.Fields{}, webhook.HMAC)
		}
		b.get(page.PathAdminWebhooks).has(".lead", "There are 50 endpoints").without(pathNewHook)
		b.fill(pathNewHook).want(http.StatusUnprocessableEntity).has(".alert", "There are 50 endpoints")
	})
}

// The pages name events, failures and schemes for themselves: here is where they would miss one.
func TestWebhookWordsAreComplete(t *testing.T) {
	var chosen []webhook.Event
	for _, g := range page.WebhookGroups() {
		for _, e := range g.Events {
			chosen = append(chosen, webhook.Event(e))
		}
	}
	if d := cmp.Diff(webhook.Events, chosen); d != "" {
		t.Error(d)
	}
	if !slices.Contains(page.WebhookEvents(), string(webhook.Test)) {
		t.Error("the log has no test event")
	}
	for _, c := range []delivery.Class{delivery.Timeout, delivery.Unreachable, delivery.TLS, delivery.NotPublic, delivery.Redirected,
		delivery.Rejected, delivery.ReceiverFault, delivery.Internal} {
		if !slices.Contains(page.WebhookFailures(), string(c)) {
			t.Errorf("%s has no words", c)
		}
	}
	if d := cmp.Diff([]string{webhook.HMAC, webhook.Ed25519}, page.WebhookSchemes()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{webhook.ReasonFailed, webhook.ReasonGone}, page.WebhookReasons()); d != "" {
		t.Error(d)
	}
	for _, o := range page.WebhookOverlaps() {
		if _, ok := overlaps[o]; !ok || len(overlaps) != len(page.WebhookOverlaps()) {
			t.Errorf("%s is offered and not known", o)
		}
	}
}
