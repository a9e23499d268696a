package admin

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// owe adds a message to an endpoint, as change has its delivery.
func (w *world) owe(e *storage.WebhookEndpoint, event string, change func(*storage.Delivery)) *storage.Delivery {
	w.t.Helper()
	now := storage.At(w.clock.Now())
	m := &storage.WebhookMessage{ID: id.New(id.Message), Type: event, Payload: `{"type":"` + event + `","data":{}}`, CreatedAt: now}
	d := &storage.Delivery{ID: id.New(id.Delivery), Kind: webhook.Kind, Receiver: e.ID, MessageID: m.ID, NextAt: now, CreatedAt: now,
		ExpiresAt: storage.At(now.Add(delivery.TTL))}
	if change != nil {
		change(d)
	}
	w.must(w.Store.InsertWebhookMessages(w.t.Context(), []*storage.WebhookMessage{m}, []*storage.Delivery{d}))
	return d
}

// settled is a delivery of which something became after two attempts.
func (w *world) settled(outcome, failure string, status int64) func(*storage.Delivery) {
	now := storage.At(w.clock.Now())
	return func(d *storage.Delivery) {
		d.Attempts, d.SentAt, d.AnsweredAt, d.SettledAt, d.Duration = 2, now, now, now, 420_000
		d.Outcome, d.LastError, d.LastStatus = outcome, failure, status
	}
}

func TestLogIsNarrowed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		e, other := w.hookTo(webhook.Fields{}, webhook.HMAC), w.hookTo(webhook.Fields{}, webhook.HMAC)
		at := hookURL(e.ID)
		b.get(at).has(".small", "Nothing was sent yet")
		w.owe(e, "user.created", w.settled("delivered", "", 204))
		w.owe(e, "user.updated", w.settled("failed", "receiver_fault", 503))
		w.owe(e, "session.ended", w.settled("failed", "unreachable", 0))
		w.owe(e, "session.ended", nil)
		w.owe(e, "user.deleted", w.settled("gone", "", 0))
		w.owe(other, "sms.created", nil)
		for query, want := range map[string]string{"": "user.deleted session.ended session.ended user.updated user.created",
			"?outcome=failed": "session.ended user.updated", "?outcome=pending": "session.ended", "?outcome=gone": "user.deleted",
			"?event=session.ended": "session.ended session.ended", "?event=session.ended&outcome=failed": "session.ended",
			"?event=sms.created": "", "?outcome=delivered&event=user.deleted": ""} {
			var got []string
			for _, row := range b.get(at + query).want(http.StatusOK).all(".row-name") {
				got = append(got, strings.Fields(row)[0])
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%q: %q, want %q", query, got, want)
			}
		}
		b.get(at+"?event=sms.created").has(".small", "Nothing like that")
		b.get(at+"?outcome=failed").has(".row-more", "HTTP 503").has(".row-more", "answered with a fault").has(".row-more", "Not to be reached")
		for _, query := range []string{"?outcome=lost", "?event=user.exploded", "?after=x", "?after=%00", "?after=" + e.ID, "?outcome=%ff"} {
			b.get(at + query).want(http.StatusBadRequest)
		}
	})
}

func TestLogIsPaged(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		e := w.hookTo(webhook.Fields{}, webhook.HMAC)
		var last *storage.Delivery
		for i := range rowsShown + 3 {
			d := w.owe(e, "user.created", w.settled("failed", "timeout", 0))
			if i == 0 {
				last = d
			}
			w.owe(e, "user.updated", nil)
		}
		b.get(hookURL(e.ID) + "?event=user.created&outcome=failed")
		_, next, _ := strings.Cut(b.body, `href="`+hookURL(e.ID)+`?after=`)
		next, _, _ = strings.Cut(next, `"`)
		if n := len(b.all(".row-name")); n != rowsShown {
			t.Errorf("%d rows", n)
		}
		after, ok := strings.CutSuffix(next, "&amp;event=user.created&amp;outcome=failed#deliveries")
		if !ok {
			t.Fatalf("leads on to %q", next)
		}
		b.get(hookURL(e.ID)+"?event=user.created&outcome=failed&after="+after).has(".button", "Newest")
		if n := len(b.all(".row-name")); n != 3 || !strings.Contains(b.body, last.ID) {
			t.Errorf("%d rows behind, without the oldest", n)
		}
	})
}

// What is rare is looked for in pieces: each page searches so much and leads on, and none is left out or shown twice.
func TestLongLogIsSearchedInPieces(t *testing.T) {
	was := logLooksAt
	logLooksAt = 4
	t.Cleanup(func() { logLooksAt = was })
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		e, other := w.hookTo(webhook.Fields{}, webhook.HMAC), w.hookTo(webhook.Fields{}, webhook.HMAC)
		for i := range 11 {
			event := "user.updated"
			if i == 0 || i == 3 || i == 9 { // of the pieces of four, the newest first: the last, the second, the first
				event = "user.deleted"
			}
			w.owe(e, event, nil)
			w.owe(other, "user.deleted", nil)
		}
		path := hookURL(e.ID) + "?event=user.deleted"
		for i, want := range []int{1, 1, 1} {
			if n := len(b.get(path).want(http.StatusOK).all(".row-name")); n != want {
				t.Errorf("piece %d has %d rows, want %d", i, n, want)
			}
			_, next, further := strings.Cut(b.body, "?after=")
			if further != (i < 2) {
				t.Fatalf("piece %d leads on: %t", i, further)
			}
			if further {
				b.has(".small", "4 deliveries were searched")
			}
			next, _, _ = strings.Cut(next, "&amp;")
			path = hookURL(e.ID) + "?event=user.deleted&after=" + next
		}
	})
}

func TestDelivery(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		e := w.hookTo(webhook.Fields{}, webhook.HMAC)
		waits := w.owe(e, "session.ended", func(d *storage.Delivery) {
			d.Attempts, d.LastError, d.SentAt, d.NextAt = 3, "timeout", storage.At(w.clock.Now()), storage.At(w.clock.Now().Add(4*time.Second))
		})
		b.get(deliveryURL(e.ID, waits.ID)).want(http.StatusOK).has("dd", waits.MessageID).has("dt", "Next attempt").has("dd", "03:04:09 UTC").
			has("dt", "Tried until").has("dd", "No answer in time").has(".code", `"type": "session.ended"`).without("Send again")
		b.post(deliveryURL(e.ID, waits.ID) + "/resend").want(http.StatusBadRequest)

		now := w.owe(e, "session.ended", func(d *storage.Delivery) {
			d.Attempts, d.ClaimedUntil, d.NextAt = 1, storage.At(w.clock.Now().Add(20*time.Second)), storage.At(w.clock.Now().Add(20*time.Second))
		})
		b.get(deliveryURL(e.ID, now.ID)).has("dd", "one is under way").without("Next attempt")

		failed := w.owe(e, "user.updated", w.settled("failed", "rejected", 400))
		at := deliveryURL(e.ID, failed.ID)
		b.get(at).has(".tag-warn", "Given up").has("dd", "400").has("dd", "0.4 s").has("dt", "Settled").has(".button", "Send again").without("Next attempt")
		b.post(at + "/resend").want(http.StatusSeeOther)
		fresh := b.header.Get("Location")
		b.get(fresh).want(http.StatusOK).has(".notice", "sent again").has("dd", failed.MessageID).has(".tag", "Waiting")
		if fresh == at {
			t.Error("the receipt of what failed is written over")
		}

		// What is kept no more cannot be sent again, nor can anything to an endpoint that is disabled.
		w.must(w.Store.DeleteWebhookMessages(t.Context(), w.clock.Now().Add(time.Minute), time.Time{}, 100))
		b.get(at).want(http.StatusOK).has("h2", "Kept no more").has(".card-lead", "kept no more").without("Send again")
		b.post(at + "/resend").want(http.StatusNotFound)
		again := w.owe(e, "user.updated", w.settled("failed", "rejected", 400))
		e, err := w.Store.WebhookEndpoint(t.Context(), e.ID)
		w.must(err)
		e.DisabledAt, e.DisabledReason = storage.At(w.clock.Now()), webhook.ReasonFailed
		w.must(w.Store.UpdateWebhookEndpoint(t.Context(), e))
		b.get(deliveryURL(e.ID, again.ID)).has(".small", "once the endpoint is enabled").without("/resend")
		b.post(deliveryURL(e.ID, again.ID) + "/resend").want(http.StatusBadRequest)
	})
}

// A code that signs somebody in is in no page, whatever became of the mail that it stood in.
func TestPayloadHoldsNoCodes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("owner@example.com", actor.RoleOwner, ""))
		e := w.hookTo(webhook.Fields{Events: []webhook.Event{webhook.EmailCreated, webhook.SMSCreated}}, webhook.HMAC)
		letters := webhook.Courier{Webhooks: w.Webhooks}
		w.must(letters.SendMail(t.Context(), delivery.Mail{Kind: "sign_in_code", To: "user@example.com", Subject: "049312 is your code", Text: "049312", HTML: "<p>049312</p>"}))
		w.must(letters.SendSMS(t.Context(), delivery.SMS{Kind: "sign_in_code", To: "+49305550112", Text: "049312"}))
		list, err := w.Webhooks.Log(t.Context(), e.ID, "", "", 10)
		w.must(err)
		if len(list) != 2 {
			t.Fatalf("%d letters", len(list))
		}
		for i, to := range []string{"+49305550112", "user@example.com"} {
			b.get(deliveryURL(e.ID, list[i].ID)).want(http.StatusOK).has(".code", to).has(".card-lead", "never shown").without("049312")
		}
		b.get(hookURL(e.ID)).without("049312")
	})
}

func TestPayloadHoldsPrivateMetadataForWhoMaySeeIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		webhook.Record(w.Store, api.Documents())
		row := w.person("auditor@example.com", actor.RoleAuditor, "")
		b := w.signIn(row)
		open, private := w.hookTo(webhook.Fields{Events: []webhook.Event{webhook.UserUpdated}}, webhook.HMAC),
			w.hookTo(webhook.Fields{Events: []webhook.Event{webhook.UserUpdated}, IncludePrivateMetadata: true}, webhook.HMAC)
		u := w.person("user@example.com", "", "")
		u.PrivateMetadata = `{"ref":"between us"}`
		w.must(w.Users.Update(t.Context(), w.Store, w.Door, u, "test"))
		newest := func(e *storage.WebhookEndpoint) *storage.WebhookDelivery {
			list, err := w.Webhooks.Log(t.Context(), e.ID, "", "", 1)
			w.must(err)
			return list[0]
		}
		b.get(deliveryURL(open.ID, newest(open).ID)).want(http.StatusOK).has(".code", u.ID).without("between us").without("private_metadata")
		b.get(deliveryURL(private.ID, newest(private).ID)).want(http.StatusOK).has(".code", "between us")

		// A role that does not see users does not see it here.
		v := &visit{r: httptest.NewRequest(http.MethodGet, "/", nil), person: &user.Person{User: &storage.User{}}, h: w.Handlers}
		var p page.AdminWebhookDelivery
		w.must(w.addPayload(v, private, newest(private), &p))
		if strings.Contains(p.Payload, "between us") || !strings.Contains(p.Payload, u.ID) || !p.PrivateLeftOut {
			t.Errorf("shown to who may not: %+v", p)
		}
	})
}

// Ids of others, and what is none, lead nowhere and do nothing.
func TestForeignIdsInTheLog(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("owner@example.com", actor.RoleOwner, ""))
		mine, other := w.hookTo(webhook.Fields{}, webhook.HMAC), w.hookTo(webhook.Fields{}, webhook.HMAC)
		theirs := w.owe(other, "user.created", w.settled("failed", "timeout", 0))
		told := &storage.Delivery{ID: id.New(id.Delivery), Kind: "backchannel", Receiver: mine.ID, CreatedAt: storage.At(w.clock.Now()),
			NextAt: storage.At(w.clock.Now()), ExpiresAt: storage.At(w.clock.Now())}
		w.must(w.Store.InsertDeliveries(t.Context(), []*storage.Delivery{told}))
		for _, deliveryID := range []string{theirs.ID, told.ID, id.New(id.Delivery), mine.ID, "x", "%00", "%ff", "'", strings.Repeat("x", 4000), "..%2f"} {
			path := hookURL(mine.ID) + "/deliveries/" + deliveryID
			b.get(path).want(http.StatusNotFound)
			b.post(path + "/resend").want(http.StatusNotFound)
		}
		for _, hookID := range []string{id.New(id.Webhook), theirs.ID, "x", "%00", "%ff", "'"} {
			for _, path := range []string{"", "/edit", "/secret", "/deliveries/" + theirs.ID} {
				b.get(page.PathAdminWebhooks + "/" + hookID + path).want(http.StatusNotFound)
			}
			for _, path := range []string{"/edit", "/secret", "/test", "/enable", "/delete", "/deliveries/" + theirs.ID + "/resend"} {
				b.fill(page.PathAdminWebhooks+"/"+hookID+path, "overlap", "day", "version", "1", "confirm", "yes").want(http.StatusNotFound)
			}
		}
		for _, e := range []*storage.WebhookEndpoint{mine, other} {
			list, err := w.Webhooks.Log(t.Context(), e.ID, "", "", 10)
			w.must(err)
			if want := map[string]int{mine.ID: 0, other.ID: 1}[e.ID]; len(list) != want {
				t.Errorf("%s: %d deliveries, want %d", e.ID, len(list), want)
			}
		}
	})
}
