package server

import (
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/webhook"
)

// makeWebhooks has what is done recorded for the endpoints of webhooks, and makes what sends to them: a queue of its own
// beside that of the back channel, so that neither can hold the other up. Mail and text messages pass by it: endpoints may
// be told of them, or be the ones to deliver them.
func (s *Server) makeWebhooks(sealer *secret.Sealer) {
	o := s.opts
	webhook.Record(s.Store, api.Documents())
	s.Webhooks = webhook.New(webhook.Options{Store: s.Store, Clock: s.Clock, Sealer: sealer,
		Doer:    httpx.NewDoer(httpx.Options{AllowPrivate: o.AllowPrivate}),
		Mail:    func(m delivery.Mail) error { return s.Outbox.Mail(m) },
		Service: o.Brand.Name, AllowPrivate: o.AllowPrivate, Log: o.Log})
	s.WebhookQueue = s.Webhooks.NewQueue()

	courier := webhook.Courier{Webhooks: s.Webhooks, Mailer: o.Mailer, Texter: o.Texter}
	if o.MailByWebhook {
		courier.Mailer = nil
	}
	if o.TextByWebhook {
		courier.Texter = nil
	}
	out := delivery.OutboxOptions{Mailer: courier, Log: o.Log}
	if s.texts() {
		out.Texter = courier
	}
	s.Outbox = delivery.NewOutbox(out)
}

// texts tells whether there is a way to send text messages.
func (s *Server) texts() bool { return s.opts.Texter != nil || s.opts.TextByWebhook }

// wake rings both queues.
func (s *Server) wake() {
	s.Queue.Wake()
	s.WebhookQueue.Wake()
}
