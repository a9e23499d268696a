package webhook

import (
	"context"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/storage"
)

// KeepMessages is how long a message can be sent again.
const KeepMessages = 30 * 24 * time.Hour

// Log returns deliveries to an endpoint, the newest first: up to n behind after, with one outcome ("pending" for none yet) or
// with any ("").
func (w *Webhooks) Log(ctx context.Context, endpointID, outcome, after string, n int) ([]*storage.WebhookDelivery, error) {
	return w.opt.Store.WebhookDeliveries(ctx, storage.WebhookDeliveryFilter{Kind: Kind, Receiver: endpointID, Outcome: outcome,
		After: after, Limit: n})
}

// Payload is the body of the request that Send would make to e of a message now, or storage.ErrNotFound where the message is
// kept no more. Of a mail or text message it is what anybody may see: the text, which may hold a code that signs somebody in,
// is left out, so that whoever reads the log cannot sign in as its user.
func (w *Webhooks) Payload(ctx context.Context, e *storage.WebhookEndpoint, messageID string) ([]byte, error) {
	m, err := w.opt.Store.WebhookMessage(ctx, messageID)
	if err != nil {
		return nil, err
	}
	said, err := w.uncover(m)
	if err != nil {
		return nil, err
	}
	if said, err = blank(Event(m.Type), said); err != nil {
		return nil, err
	}
	return bodyFor(e, m, said)
}

// Test owes e a test event, whichever it chose, and returns the delivery.
func (w *Webhooks) Test(ctx context.Context, tx *storage.Store, e *storage.WebhookEndpoint) (*storage.WebhookDelivery, error) {
	if e.DisabledAt.Set() {
		return nil, ErrDisabled
	}
	m := message{event: Test, at: w.opt.Clock.Now(), receivers: []string{e.ID}, data: map[string]string{"object": "webhook", "id": e.ID}}
	owed, err := m.insert(ctx, tx)
	if err != nil {
		return nil, err
	}
	return &storage.WebhookDelivery{Delivery: *owed[0], Type: string(Test)}, nil
}

// Resend owes e once more what a delivery carried, under the same message id, and returns the new delivery. It goes behind
// what is owed already. ErrPending where the delivery is not settled, storage.ErrNotFound where there is none or its message
// is kept no more.
func (w *Webhooks) Resend(ctx context.Context, tx *storage.Store, e *storage.WebhookEndpoint, deliveryID string) (*storage.WebhookDelivery, error) {
	if e.DisabledAt.Set() {
		return nil, ErrDisabled
	}
	list, err := tx.WebhookDeliveries(ctx, storage.WebhookDeliveryFilter{Kind: Kind, Receiver: e.ID, ID: deliveryID, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || list[0].Type == "" {
		return nil, storage.ErrNotFound
	}
	old := list[0]
	if !old.SettledAt.Set() {
		return nil, ErrPending
	}
	now := w.now()
	fresh := &storage.Delivery{ID: id.New(id.Delivery), Kind: Kind, Receiver: e.ID, OrderKey: old.OrderKey, MessageID: old.MessageID,
		NextAt: now, CreatedAt: now, ExpiresAt: storage.At(now.Add(delivery.TTL))}
	if err := tx.InsertInOrder(ctx, []*storage.Delivery{fresh}); err != nil {
		return nil, err
	}
	return &storage.WebhookDelivery{Delivery: *fresh, Type: old.Type}, nil
}

// Forget removes messages that are too old to be sent again, mails and text messages that are too old to be delivered, and
// what was told of users who have been deleted as soon as that was told or given up.
func (w *Webhooks) Forget(ctx context.Context) error {
	now := w.opt.Clock.Now()
	for _, e := range byName {
		if err := w.opt.Store.DeleteWebhookMessagesOf(ctx, string(e), now.Add(-KeepLetters), 5000); err != nil {
			return err
		}
	}
	return w.opt.Store.DeleteWebhookMessages(ctx, now.Add(-KeepMessages), now.Add(-delivery.TTL-time.Hour), 5000)
}

// Lookup returns an endpoint, or storage.ErrNotFound.
func (w *Webhooks) Lookup(ctx context.Context, tx *storage.Store, endpointID string) (*storage.WebhookEndpoint, error) {
	if _, err := id.Bytes(id.Webhook, endpointID); err != nil {
		return nil, storage.ErrNotFound
	}
	return tx.WebhookEndpoint(ctx, endpointID)
}
