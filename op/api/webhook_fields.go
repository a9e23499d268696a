package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
)

// WebhookFields is what can be changed of an endpoint.
type WebhookFields struct {
	URL                    string   `json:"url" maxLength:"2000" doc:"Where events are posted: https, on the public internet. Redirects are not followed"`
	Description            string   `json:"description" required:"false" maxLength:"500"`
	Events                 []string `json:"events" required:"false" maxItems:"50" doc:"Names of events; none stands for all but email.created and sms.created, which must be named, by whoever has roles:write: they may carry codes that sign owners in"`
	OwnerEmail             string   `json:"owner_email" required:"false" maxLength:"254" doc:"Who is told when the endpoint is disabled"`
	IncludePrivateMetadata bool     `json:"include_private_metadata" required:"false" doc:"Whether users are sent with private_metadata"`
}

func (f WebhookFields) fields() webhook.Fields {
	out := webhook.Fields{URL: f.URL, Description: f.Description, OwnerEmail: f.OwnerEmail, IncludePrivateMetadata: f.IncludePrivateMetadata}
	for _, e := range f.Events {
		out.Events = append(out.Events, webhook.Event(e))
	}
	return out
}

func webhookFieldsOf(e *storage.WebhookEndpoint) (WebhookFields, error) {
	f, err := webhook.FieldsOf(e)
	out := WebhookFields{URL: f.URL, Description: f.Description, Events: []string{}, OwnerEmail: f.OwnerEmail,
		IncludePrivateMetadata: f.IncludePrivateMetadata}
	for _, e := range f.Events {
		out.Events = append(out.Events, string(e))
	}
	return out, err
}

// Documents are what webhooks say of things: what this API shows.
func Documents() webhook.Documents {
	return webhook.Documents{User: func(p *user.Described) any { return ShowUser(p) },
		Session: func(v *storage.SessionView) any { return ShowSession(v) }}
}

// ShowWebhook returns the document of an endpoint.
func ShowWebhook(e *storage.WebhookEndpoint) (Webhook, error) {
	f, err := webhookFieldsOf(e)
	out := Webhook{Object: "webhook", ID: e.ID, WebhookFields: f, Signature: e.Signature, PublicKey: orNull(e.PublicKey), Status: "enabled",
		DisabledAt: milliOrNull(e.DisabledAt), DisabledReason: orNull(e.DisabledReason), FailingSince: milliOrNull(e.FailingSince),
		CreatedAt: e.CreatedAt.UnixMilli(), UpdatedAt: e.UpdatedAt.UnixMilli()}
	if e.DisabledAt.Set() {
		out.Status = "disabled"
	}
	if len(e.PreviousSecret) > 0 {
		out.PreviousSecretUntil = milliOrNull(e.PreviousUntil)
	}
	return out, err
}

func showWebhookDelivery(d *storage.WebhookDelivery) WebhookDelivery {
	out := WebhookDelivery{Object: "webhook_delivery", ID: d.ID, MessageID: d.MessageID, Event: orNull(d.Type), Status: d.Outcome,
		Attempts: d.Attempts, SentAt: milliOrNull(d.SentAt), AnsweredAt: milliOrNull(d.AnsweredAt), Error: orNull(d.LastError),
		SettledAt: milliOrNull(d.SettledAt), CreatedAt: d.CreatedAt.UnixMilli()}
	if !d.SettledAt.Set() {
		out.Status, out.NextAt = "pending", milliOrNull(d.NextAt)
	}
	if d.SentAt.Set() {
		ms := d.Duration / 1000
		out.DurationMS = &ms
	}
	if d.LastStatus != 0 {
		out.HTTPStatus = &d.LastStatus
	}
	return out
}

// mayTell refuses to have an endpoint told what the caller could not learn themself: codes that sign owners in, and private
// metadata.
func mayTell(ctx context.Context, was, is webhook.Fields) error {
	if webhook.TakesCodes(was, is) && !may(ctx, ScopeRolesWrite) {
		return beyond("events", "having codes that sign people in sent somewhere", ScopeRolesWrite)
	}
	if is.IncludePrivateMetadata && (!was.IncludePrivateMetadata || was.URL != is.URL) && !may(ctx, ScopeUsersRead) {
		return beyond("include_private_metadata", "having private metadata sent somewhere", ScopeUsersRead)
	}
	return nil
}

func beyond(field, what, scope string) *Problem {
	return problem(http.StatusForbidden, "beyond_rights", what+" needs the scope "+scope, Fault{"body", field, "needs the scope " + scope})
}

// webhookProblem puts what an endpoint cannot be into a problem.
func webhookProblem(err error) error {
	var f *webhook.FieldError
	switch {
	case errors.As(err, &f):
		return badField("body", f.Field, f.Reason)
	case errors.Is(err, webhook.ErrTooMany):
		return problem(http.StatusConflict, "too_many_webhooks", err.Error())
	case errors.Is(err, webhook.ErrDisabled):
		return problem(http.StatusConflict, "webhook_disabled", "the endpoint is disabled; enable it first")
	case errors.Is(err, webhook.ErrPending):
		return problem(http.StatusConflict, "delivery_pending", err.Error())
	}
	return err
}
