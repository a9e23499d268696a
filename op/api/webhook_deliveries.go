package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/storage"
)

// WebhookDelivery is the receipt of how an endpoint was told of one event.
type WebhookDelivery struct {
	Object     string  `json:"object" enum:"webhook_delivery"`
	ID         string  `json:"id"`
	MessageID  string  `json:"message_id" doc:"The webhook-id of the requests: the same for each attempt, each endpoint, and when it is sent again"`
	Event      *string `json:"event" doc:"null where the message is kept no more: it can then not be sent again"`
	Status     string  `json:"status" enum:"pending,delivered,failed,gone" doc:"failed: not within a day; gone: the endpoint was disabled or removed meanwhile"`
	Attempts   int64   `json:"attempts"`
	NextAt     *int64  `json:"next_at" doc:"When it is tried next at the earliest; null once it is settled"`
	SentAt     *int64  `json:"sent_at" doc:"When the last attempt began"`
	AnsweredAt *int64  `json:"answered_at" doc:"When the last answer came, whatever it was"`
	DurationMS *int64  `json:"duration_ms" doc:"How long the last attempt took"`
	HTTPStatus *int64  `json:"http_status" doc:"Of the last answer"`
	Error      *string `json:"error" enum:"timeout,unreachable,tls,not_public,redirected,rejected,receiver_fault,internal" doc:"What kind of failure the last attempt met"`
	SettledAt  *int64  `json:"settled_at" doc:"null as long as it is pending"`
	CreatedAt  int64   `json:"created_at"`
}

type (
	webhookLogInput struct {
		Page
		ID     string `path:"id"`
		Status string `query:"status" enum:"pending,delivered,failed,gone"`
	}
	webhookResendInput struct {
		ID         string `path:"id"`
		DeliveryID string `path:"delivery_id"`
	}
	webhookDeliveryOutput struct{ Body WebhookDelivery }
)

func (a *API) webhookDeliveryOperations(tags []string, one string) {
	operation(a, ScopeWebhooksWrite, huma.Operation{OperationID: "test-webhook", Method: http.MethodPost, Path: one + "/test",
		Summary: "Send a webhook endpoint a test event", Tags: tags, DefaultStatus: http.StatusAccepted,
		Description: "Of the type webhook.test, whichever events it chose. What became of it is seen in its log."}, a.testWebhook)
	operation(a, ScopeWebhooksRead, huma.Operation{OperationID: "list-webhook-deliveries", Method: http.MethodGet, Path: one + "/deliveries",
		Summary: "List what a webhook endpoint was sent, the newest first", Tags: tags,
		Description: "Receipts are kept for 30 days."}, a.listWebhookDeliveries)
	operation(a, ScopeWebhooksWrite, huma.Operation{OperationID: "resend-webhook-delivery", Method: http.MethodPost,
		Path: one + "/deliveries/{delivery_id}/resend", Summary: "Send an event again", Tags: tags, DefaultStatus: http.StatusAccepted,
		Description: "As it was and under the same webhook-id, behind what the endpoint is owed already."}, a.resendWebhookDelivery)
}

func (a *API) testWebhook(ctx context.Context, in *webhookInput) (*webhookDeliveryOutput, error) {
	return a.oweWebhook(ctx, in.ID, func(tx *storage.Store, row *storage.WebhookEndpoint) (*storage.WebhookDelivery, error) {
		return a.Webhooks.Test(ctx, tx, row)
	})
}

func (a *API) resendWebhookDelivery(ctx context.Context, in *webhookResendInput) (*webhookDeliveryOutput, error) {
	if !isA(id.Delivery, in.DeliveryID) {
		return nil, storage.ErrNotFound
	}
	return a.oweWebhook(ctx, in.ID, func(tx *storage.Store, row *storage.WebhookEndpoint) (*storage.WebhookDelivery, error) {
		return a.Webhooks.Resend(ctx, tx, row, in.DeliveryID)
	})
}

func (a *API) oweWebhook(ctx context.Context, endpointID string,
	owe func(*storage.Store, *storage.WebhookEndpoint) (*storage.WebhookDelivery, error)) (out *webhookDeliveryOutput, err error) {
	err = a.Store.Tx(ctx, func(tx *storage.Store) error {
		row, err := a.Webhooks.Lookup(ctx, tx, endpointID)
		if err != nil {
			return err
		}
		d, err := owe(tx, row)
		if err != nil {
			return webhookProblem(err)
		}
		out = &webhookDeliveryOutput{showWebhookDelivery(d)}
		return nil
	})
	return out, err
}

func (a *API) listWebhookDeliveries(ctx context.Context, in *webhookLogInput) (*listOutput[WebhookDelivery], error) {
	after, err := in.after(id.Delivery)
	if err != nil {
		return nil, err
	}
	if _, err := a.Webhooks.Lookup(ctx, a.Store, in.ID); err != nil {
		return nil, err
	}
	rows, err := a.Webhooks.Log(ctx, in.ID, in.Status, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return listed(rows, in.Limit, func(d *storage.WebhookDelivery) string { return d.ID }, showWebhookDelivery), nil
}
