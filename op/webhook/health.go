package webhook

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// DisableAfter is how long an endpoint may do nothing but fail.
const DisableAfter = 5 * 24 * time.Hour

// leastAttempts is at how many with one message the endpoint must have failed besides: where little happens, the first failure
// may be days ago and have been followed by nothing at all.
const leastAttempts = 3

// note writes down how an attempt says the endpoint does. An endpoint that goes on as it did costs nothing.
func (w *Webhooks) note(ctx context.Context, e *storage.WebhookEndpoint, d *storage.Delivery, status int, began time.Time, failure error) error {
	switch {
	case failure == nil && !e.FailingSince.Set():
		return nil
	case failure == nil:
		return w.opt.Store.WebhookFailing(ctx, e.ID, time.Time{})
	case status == http.StatusGone: // Standard Webhooks: the receiver wants to hear no more
		return w.disable(ctx, e.ID, ReasonGone)
	case !e.FailingSince.Set():
		return w.opt.Store.WebhookFailing(ctx, e.ID, began)
	case began.Sub(e.FailingSince.Time) >= DisableAfter && d.Attempts >= leastAttempts:
		return w.disable(ctx, e.ID, ReasonFailed)
	}
	return nil
}

// disable is done once, however many attempts fail at a time: whoever writes the row first tells the owner.
func (w *Webhooks) disable(ctx context.Context, endpointID, reason string) error {
	var done *storage.WebhookEndpoint
	err := w.opt.Store.Tx(ctx, func(tx *storage.Store) error {
		done = nil
		e, err := tx.WebhookEndpoint(ctx, endpointID)
		if err != nil || e.DisabledAt.Set() || reason == ReasonFailed && !e.FailingSince.Set() {
			return err
		}
		data := map[string]any{"reason": reason}
		if e.FailingSince.Set() {
			data["failing_since"] = e.FailingSince.UnixMicro()
		}
		e.DisabledAt, e.DisabledReason = w.now(), reason
		if err := w.write(ctx, tx, e, audit.WebhookDisabled, logout.System, data); err != nil {
			return err
		}
		done = e
		return nil
	})
	if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrNotFound) { // somebody else was here
		return nil
	}
	if err != nil || done == nil {
		return err
	}
	w.opt.Log.WarnContext(ctx, "webhook endpoint disabled", "endpoint", endpointID, "reason", reason)
	return w.tellOwner(done)
}

func (w *Webhooks) tellOwner(e *storage.WebhookEndpoint) error {
	if e.OwnerEmail == "" || w.opt.Mail == nil {
		return nil
	}
	m, err := delivery.Write(delivery.WebhookDisabled, "", e.OwnerEmail,
		delivery.Facts{Service: w.opt.Service, Target: e.URL, At: e.DisabledAt.Time})
	if err != nil {
		return err
	}
	return w.opt.Mail(m)
}
