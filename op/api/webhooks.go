package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
)

// Webhook is an endpoint that is told of events.
type Webhook struct {
	Object string `json:"object" enum:"webhook"`
	ID     string `json:"id"`
	WebhookFields
	Signature           string  `json:"signature" enum:"hmac,ed25519"`
	Secret              string  `json:"secret,omitempty" doc:"whsec_...: only in the answer that made it, and for hmac"`
	PublicKey           *string `json:"public_key" doc:"whpk_...: what ed25519 signatures are verified with; null for hmac"`
	PreviousSecretUntil *int64  `json:"previous_secret_until" doc:"Until when messages are signed with the secret before the last rotation as well; null where there is none"`
	Status              string  `json:"status" enum:"enabled,disabled"`
	DisabledAt          *int64  `json:"disabled_at"`
	DisabledReason      *string `json:"disabled_reason" enum:"failed,gone" doc:"failed: nothing but failures for five days; gone: it answered 410"`
	FailingSince        *int64  `json:"failing_since" doc:"The first failure that no success has followed; null while it answers"`
	CreatedAt           int64   `json:"created_at"`
	UpdatedAt           int64   `json:"updated_at"`
}

// NewWebhook is what an endpoint begins with.
type NewWebhook struct {
	WebhookFields
	Signature string `json:"signature" required:"false" enum:"hmac,ed25519" default:"hmac" doc:"How messages are signed: v1 with a shared secret, or v1a with a key of which the endpoint knows the public half"`
}

// WebhookRotation says how a secret is to be replaced.
type WebhookRotation struct {
	OverlapSeconds *int64 `json:"overlap_seconds" required:"false" minimum:"0" maximum:"604800" default:"86400" doc:"For how long messages carry the signature of the secret before as well"`
}

type (
	webhookInput struct {
		ID string `path:"id"`
	}
	webhookListInput struct {
		Page
		Status string `query:"status" enum:"enabled,disabled"`
	}
	webhookCreateInput struct{ Body NewWebhook }
	webhookChangeInput struct {
		ID string `path:"id"`
		IfMatched
	}
	webhookUpdateInput struct {
		ID string `path:"id"`
		IfMatched
		Body patch[WebhookFields]
	}
	webhookRotateInput struct {
		ID string `path:"id"`
		IfMatched
		Body *WebhookRotation
	}
	webhookOutput struct {
		ETag string `header:"ETag"`
		Body Webhook
	}
)

func (a *API) webhookOperations() {
	tags := []string{"webhooks"}
	const all, one = "/v1/webhooks", "/v1/webhooks/{id}"
	operation(a, ScopeWebhooksRead, huma.Operation{OperationID: "list-webhooks", Method: http.MethodGet, Path: all,
		Summary: "List webhook endpoints, the oldest first", Tags: tags}, a.listWebhooks)
	operation(a, ScopeWebhooksWrite, huma.Operation{OperationID: "create-webhook", Method: http.MethodPost, Path: all,
		Summary: "Add a webhook endpoint", Tags: tags, DefaultStatus: http.StatusCreated,
		Description: "It is told of what happens from now on."}, a.createWebhook)
	operation(a, ScopeWebhooksRead, huma.Operation{OperationID: "get-webhook", Method: http.MethodGet, Path: one,
		Summary: "Get a webhook endpoint", Tags: tags}, a.getWebhook)
	operation(a, ScopeWebhooksWrite, huma.Operation{OperationID: "update-webhook", Method: http.MethodPatch, Path: one,
		Summary: "Change a webhook endpoint", Tags: tags, Description: "Members that are sent replace what was; null empties them. " +
			"What the endpoint is still owed goes to the new address."}, a.updateWebhook)
	operation(a, ScopeWebhooksWrite, huma.Operation{OperationID: "delete-webhook", Method: http.MethodDelete, Path: one,
		Summary: "Remove a webhook endpoint, its log and what it is still owed", Tags: tags}, a.deleteWebhook)
	operation(a, ScopeWebhooksWrite, huma.Operation{OperationID: "rotate-webhook-secret", Method: http.MethodPost,
		Path: one + "/rotate_secret", Summary: "Give a webhook endpoint a new secret", Tags: tags,
		Description: "For a while messages are signed with both, so that receivers can change over."}, a.rotateWebhook)
	operation(a, ScopeWebhooksWrite, huma.Operation{OperationID: "enable-webhook", Method: http.MethodPost, Path: one + "/enable",
		Summary: "Tell a disabled webhook endpoint again", Tags: tags,
		Description: "Of what happens from now on; what failed before can be sent again from its log."}, a.enableWebhook)
	a.webhookDeliveryOperations(tags, one)
}

func (a *API) listWebhooks(ctx context.Context, in *webhookListInput) (*listOutput[Webhook], error) {
	after, err := in.after(id.Webhook)
	if err != nil {
		return nil, err
	}
	rows, err := a.Store.WebhookEndpoints(ctx, after, webhook.MaxEndpoints)
	if err != nil {
		return nil, err
	}
	if in.Status != "" {
		rows = slices.DeleteFunc(rows, func(e *storage.WebhookEndpoint) bool { return e.DisabledAt.Set() != (in.Status == "disabled") })
	}
	shown := make([]Webhook, len(rows))
	for i, row := range rows {
		if shown[i], err = ShowWebhook(row); err != nil {
			return nil, err
		}
	}
	return listed(shown, in.Limit, func(w Webhook) string { return w.ID }, func(w Webhook) Webhook { return w }), nil
}

func (a *API) createWebhook(ctx context.Context, in *webhookCreateInput) (*webhookOutput, error) {
	if err := mayTell(ctx, webhook.Fields{}, in.Body.fields()); err != nil {
		return nil, err
	}
	row, made, err := a.Webhooks.Create(ctx, a.Store, in.Body.fields(), in.Body.Signature, callerOf(ctx))
	if err != nil {
		return nil, webhookProblem(err)
	}
	out, err := webhookShown(row)
	if err == nil {
		out.show(made)
	}
	return out, err
}

func (a *API) getWebhook(ctx context.Context, in *webhookInput) (*webhookOutput, error) {
	row, err := a.Webhooks.Lookup(ctx, a.Store, in.ID)
	if err != nil {
		return nil, err
	}
	return webhookShown(row)
}

func (a *API) updateWebhook(ctx context.Context, in *webhookUpdateInput) (*webhookOutput, error) {
	return a.changeWebhook(ctx, in.ID, in.IfMatch, func(tx *storage.Store, row *storage.WebhookEndpoint) error {
		before, err := webhookFieldsOf(row)
		if err != nil {
			return err
		}
		next, err := in.Body.apply(before)
		if err != nil {
			return err
		}
		if err := mayTell(ctx, before.fields(), next.fields()); err != nil {
			return err
		}
		return a.Webhooks.Update(ctx, tx, row, next.fields(), callerOf(ctx))
	})
}

func (a *API) rotateWebhook(ctx context.Context, in *webhookRotateInput) (*webhookOutput, error) {
	overlap := webhook.DefaultOverlap
	if in.Body != nil && in.Body.OverlapSeconds != nil {
		overlap = time.Duration(*in.Body.OverlapSeconds) * time.Second
	}
	var made webhook.Secret
	out, err := a.changeWebhook(ctx, in.ID, in.IfMatch, func(tx *storage.Store, row *storage.WebhookEndpoint) (err error) {
		made, err = a.Webhooks.Rotate(ctx, tx, row, overlap, callerOf(ctx))
		return err
	})
	if err == nil {
		out.show(made)
	}
	return out, err
}

func (a *API) enableWebhook(ctx context.Context, in *webhookChangeInput) (*webhookOutput, error) {
	return a.changeWebhook(ctx, in.ID, in.IfMatch, func(tx *storage.Store, row *storage.WebhookEndpoint) error {
		return a.Webhooks.Enable(ctx, tx, row, callerOf(ctx))
	})
}

func (a *API) deleteWebhook(ctx context.Context, in *webhookChangeInput) (*deletedOutput, error) {
	_, err := a.changeWebhook(ctx, in.ID, in.IfMatch, func(tx *storage.Store, row *storage.WebhookEndpoint) error {
		return a.Webhooks.Delete(ctx, tx, row, callerOf(ctx))
	})
	if err != nil {
		return nil, err
	}
	return &deletedOutput{Deleted{Object: "webhook", ID: in.ID, Deleted: true}}, nil
}

// changeWebhook runs do in a transaction, with the endpoint as that sees it, and returns what do made of it.
func (a *API) changeWebhook(ctx context.Context, endpointID, ifMatch string,
	do func(tx *storage.Store, row *storage.WebhookEndpoint) error) (out *webhookOutput, err error) {
	err = a.change(ctx, ifMatch, func(tx *storage.Store) error {
		row, err := a.Webhooks.Lookup(ctx, tx, endpointID)
		if err != nil {
			return err
		}
		if err := checkMatch(ifMatch, row.Version); err != nil {
			return err
		}
		if err := do(tx, row); err != nil {
			return webhookProblem(err)
		}
		out, err = webhookShown(row)
		return err
	})
	return out, err
}

func webhookShown(row *storage.WebhookEndpoint) (*webhookOutput, error) {
	body, err := ShowWebhook(row)
	return &webhookOutput{etag(row.Version), body}, err
}

// show adds a secret that has just been made. Of a key pair only the public half is anybody else's.
func (o *webhookOutput) show(made webhook.Secret) {
	if o.Body.PublicKey == nil {
		o.Body.Secret = made.String()
	}
}
