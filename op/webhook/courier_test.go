package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/webhook"
)

type taken struct{ mails, texts int }

func (t *taken) SendMail(context.Context, delivery.Mail) error { t.mails++; return nil }
func (t *taken) SendSMS(context.Context, delivery.SMS) error   { t.texts++; return nil }

var (
	letter = delivery.Mail{Kind: delivery.SignInCode, To: "ada@example.com", Subject: "Your code for Example", Text: "049312\n", HTML: "<p>049312</p>"}
	text   = delivery.SMS{Kind: delivery.SignInCode, To: "+15550100", Text: "049312 is your code for Example."}
)

// Where delivery is left to an endpoint, it gets the text, which the database never holds in the clear and soon not at all.
func TestLeavesDelivery(t *testing.T) {
	each(t, func(w *world) {
		ctx, c := w.Context(), webhook.Courier{Webhooks: w.webhooks}
		r := w.receiver(nil)
		w.endpoint(webhook.Fields{URL: r.URL}) // gets all, but not this
		if err := c.SendMail(ctx, letter); !errors.Is(err, webhook.ErrNobodyDelivers) {
			w.Errorf("nobody takes mail: %v", err)
		}
		e, s := w.endpoint(webhook.Fields{URL: r.URL, Events: []webhook.Event{webhook.EmailCreated, webhook.SMSCreated}})
		w.must(c.SendMail(ctx, letter))
		w.must(c.SendSMS(ctx, text))
		for _, d := range w.log(e.ID) {
			if p := w.payload(d); strings.Contains(p, "{") || strings.Contains(p, "049312") {
				w.Errorf("stored %s", p)
			}
			if d.ExpiresAt.Sub(d.CreatedAt.Time) != webhook.LetterTTL {
				w.Errorf("tried for %s", d.ExpiresAt.Sub(d.CreatedAt.Time))
			}
		}
		w.run(w.quick())
		w.until("delivered", func() bool { return len(r.got()) == 2 })
		for _, g := range r.got() {
			w.verified(g, s)
			var indented bytes.Buffer
			w.must(json.Indent(&indented, g.raw, "", "  "))
			golden := "testdata/" + g.Type + ".json"
			if *update {
				w.must(os.WriteFile(golden, append(indented.Bytes(), '\n'), 0o644))
			}
			want, err := os.ReadFile(golden)
			w.must(err)
			if d := cmp.Diff(string(want), indented.String()+"\n"); d != "" {
				w.Errorf("%s: %s", golden, d)
			}
		}
		w.until("settled", w.settled(e.ID))
		w.clock.Advance(webhook.KeepLetters + time.Second)
		w.must(w.webhooks.Forget(ctx))
		for _, d := range w.log(e.ID) {
			if d.Type != "" {
				w.Errorf("%s is kept", d.Type)
			}
		}
	})
}

// Where we deliver, an endpoint learns that there was a message, and nothing of what it said.
func TestMentionsDelivered(t *testing.T) {
	each(t, func(w *world) {
		by := new(taken)
		c := webhook.Courier{Webhooks: w.webhooks, Mailer: by, Texter: by}
		w.must(c.SendMail(w.Context(), letter)) // to nobody's interest
		r := w.receiver(nil)
		w.endpoint(webhook.Fields{URL: r.URL, Events: []webhook.Event{webhook.EmailCreated, webhook.SMSCreated}})
		w.must(c.SendMail(w.Context(), letter))
		w.must(c.SendSMS(w.Context(), text))
		w.run(w.quick())
		w.until("told", func() bool { return len(r.got()) == 2 })
		for _, g := range r.got() {
			if g.Data["delivered_by_curfew"] != true || g.Data["slug"] != "sign_in_code" || strings.Contains(string(g.raw), "049312") || g.Data["subject"] != nil {
				w.Errorf("%s", g.raw)
			}
		}
		if by.mails != 2 || by.texts != 1 {
			w.Errorf("%+v", by)
		}
	})
}
