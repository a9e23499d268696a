package admin

import (
	"errors"
	"slices"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// logLooksAt is how many deliveries are searched for a page of those that were asked for: what is rare in a log of millions is
// looked for in pieces, so that no page takes long.
var logLooksAt = 10_000

// addLog adds what the endpoint was sent, as far as the query narrows it.
func (h *Handlers) addLog(v *visit, e *storage.WebhookEndpoint, p *page.AdminWebhook) error {
	p.Outcome, p.Event = v.query("outcome"), v.query("event")
	after := v.query("after")
	if p.Outcome != "" && !slices.Contains(page.WebhookOutcomes(), p.Outcome) ||
		p.Event != "" && !slices.Contains(page.WebhookEvents(), p.Event) || after != "" && !isDelivery(after) {
		return errBadForm
	}
	ctx, down := v.r.Context(), ""
	if p.Outcome != "" || p.Event != "" {
		var err error
		if down, err = h.Store.WebhookDeliveryBehind(ctx, webhook.Kind, e.ID, after, logLooksAt); err != nil {
			return err
		}
	}
	list, err := h.Store.WebhookDeliveries(ctx, storage.WebhookDeliveryFilter{Kind: webhook.Kind, Receiver: e.ID, Outcome: p.Outcome,
		Type: p.Event, After: after, DownTo: down, Limit: rowsShown + 1})
	if err != nil {
		return err
	}
	switch {
	case len(list) > rowsShown:
		list = list[:rowsShown]
		p.Pager.NextURL = v.next(list[rowsShown-1].ID) + "#deliveries"
	case down != "":
		p.Pager.NextURL, p.LookedAt = v.next(down)+"#deliveries", int64(logLooksAt)
	}
	if first := v.first(); first != "" {
		p.Pager.FirstURL = first + "#deliveries"
	}
	for _, d := range list {
		p.Deliveries = append(p.Deliveries, deliveryRow(v, e, d))
	}
	return nil
}

func isDelivery(s string) bool {
	_, err := id.Bytes(id.Delivery, s)
	return err == nil
}

func deliveryRow(v *visit, e *storage.WebhookEndpoint, d *storage.WebhookDelivery) page.WebhookDeliveryRow {
	row := page.WebhookDeliveryRow{URL: deliveryURL(e.ID, d.ID), Type: d.Type, Outcome: d.Outcome, Failure: d.LastError,
		Status: d.LastStatus, Attempts: d.Attempts, At: d.CreatedAt.Time}
	if !d.SettledAt.Set() {
		row.Outcome = "pending"
	} else if v.may(WebhooksWrite) && !e.DisabledAt.Set() && d.Type != "" {
		row.ResendAction = row.URL + "/resend"
	}
	return row
}

// delivery is the one that the path names, if it was to its endpoint.
func (h *Handlers) delivery(v *visit) (*storage.WebhookEndpoint, *storage.WebhookDelivery, error) {
	deliveryID := v.r.PathValue("delivery")
	e, err := h.endpoint(v)
	if err != nil {
		return nil, nil, err
	}
	if !isDelivery(deliveryID) {
		return nil, nil, errNotFound
	}
	list, err := h.Store.WebhookDeliveries(v.r.Context(), storage.WebhookDeliveryFilter{Kind: webhook.Kind, Receiver: e.ID,
		ID: deliveryID, Limit: 1})
	if err != nil {
		return nil, nil, err
	}
	if len(list) == 0 {
		return nil, nil, errNotFound
	}
	return e, list[0], nil
}

func (h *Handlers) showDelivery(v *visit) error {
	e, d, err := h.delivery(v)
	if err != nil {
		return err
	}
	p := page.AdminWebhookDelivery{Console: v.console(page.PathAdminWebhooks), Row: deliveryRow(v, e, d), HookURL: hookURL(e.ID),
		Address: e.URL, ID: d.ID, MessageID: d.MessageID, SentAt: d.SentAt.Time, AnsweredAt: d.AnsweredAt.Time,
		Took: time.Duration(d.Duration) * time.Microsecond, SettledAt: d.SettledAt.Time, Disabled: e.DisabledAt.Set()}
	if !d.SettledAt.Set() {
		p.NextAt, p.GivenUpAt = d.NextAt.Time, d.ExpiresAt.Time
		p.UnderWay = d.ClaimedUntil.Set() && d.ClaimedUntil.After(h.Clock.Now())
	}
	if err := h.addPayload(v, e, d, &p); err != nil {
		return err
	}
	return v.show(p, nil)
}

// addPayload adds what the request says, as far as the role may see it. Private metadata is in it only where the endpoint asks
// for it and the role sees it of users as well; the text of mail and text messages, which may hold codes that sign people in,
// op/webhook shows nobody.
func (h *Handlers) addPayload(v *visit, e *storage.WebhookEndpoint, d *storage.WebhookDelivery, p *page.AdminWebhookDelivery) error {
	asked := *e
	if e.IncludePrivateMetadata && !v.may(UsersRead) {
		asked.IncludePrivateMetadata, p.PrivateLeftOut = false, true
	}
	body, err := h.Webhooks.Payload(v.r.Context(), &asked, d.MessageID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	p.Payload = indented(string(body))
	p.TextLeftOut = d.Type == string(webhook.EmailCreated) || d.Type == string(webhook.SMSCreated)
	return nil
}
