package admin

import (
	"errors"
	"time"

	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// onHook runs do in a transaction, with the endpoint that the path names as that sees it.
func (h *Handlers) onHook(v *visit, do func(tx *storage.Store, e *storage.WebhookEndpoint) error) error {
	ctx := v.r.Context()
	err := h.Store.Tx(ctx, func(tx *storage.Store) error {
		e, err := h.Webhooks.Lookup(ctx, tx, v.r.PathValue("hook"))
		if err != nil {
			return err
		}
		return do(tx, e)
	})
	if errors.Is(err, webhook.ErrDisabled) || errors.Is(err, webhook.ErrPending) { // the page does not offer it then
		return errBadForm
	}
	return err
}

func (h *Handlers) testHook(v *visit) error {
	var d *storage.WebhookDelivery
	err := h.onHook(v, func(tx *storage.Store, e *storage.WebhookEndpoint) (err error) {
		d, err = h.Webhooks.Test(v.r.Context(), tx, e)
		return err
	})
	if err != nil {
		return err
	}
	return v.done(deliveryURL(d.Receiver, d.ID), page.TestSent)
}

func (h *Handlers) resendHook(v *visit) error {
	if !isDelivery(v.r.PathValue("delivery")) {
		return errNotFound
	}
	var d *storage.WebhookDelivery
	err := h.onHook(v, func(tx *storage.Store, e *storage.WebhookEndpoint) (err error) {
		d, err = h.Webhooks.Resend(v.r.Context(), tx, e, v.r.PathValue("delivery"))
		return err
	})
	if err != nil {
		return err
	}
	return v.done(deliveryURL(d.Receiver, d.ID), page.SentAgain)
}

func (h *Handlers) enableHook(v *visit) error {
	err := h.onHook(v, func(tx *storage.Store, e *storage.WebhookEndpoint) error {
		return h.Webhooks.Enable(v.r.Context(), tx, e, v.by())
	})
	if err != nil {
		return err
	}
	return v.done(hookURL(v.r.PathValue("hook")), page.HookEnabled)
}

// overlaps are how long a secret can count beside the next one, by the names that the form has for them.
var overlaps = map[string]time.Duration{"none": 0, "hour": time.Hour, "day": webhook.DefaultOverlap, "week": webhook.MaxOverlap}

// previousUntil is until when the secret before the last rotation counts; zero where it does not.
func (h *Handlers) previousUntil(e *storage.WebhookEndpoint) time.Time {
	if len(e.PreviousSecret) == 0 || !e.PreviousUntil.After(h.Clock.Now()) {
		return time.Time{}
	}
	return e.PreviousUntil.Time
}

// askHookSecret asks how long both secrets are to count: what a receiver does not know yet it refuses.
func (h *Handlers) askHookSecret(v *visit) error {
	e, err := h.endpoint(v)
	if err != nil {
		return err
	}
	return v.show(page.AdminWebhookSecret{Console: v.console(page.PathAdminWebhooks), Form: page.Form{Action: hookURL(e.ID) + "/secret"},
		Address: e.URL, Signature: e.Signature, Overlap: "day", PreviousUntil: h.previousUntil(e), CancelURL: hookURL(e.ID)}, nil)
}

func (h *Handlers) rotateHook(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	overlap, ok := overlaps[form.Get("overlap")]
	if !ok {
		return errBadForm
	}
	var e *storage.WebhookEndpoint
	var made webhook.Secret
	err = h.onHook(v, func(tx *storage.Store, row *storage.WebhookEndpoint) (err error) {
		e = row
		made, err = h.Webhooks.Rotate(v.r.Context(), tx, row, overlap, v.by())
		return err
	})
	if err != nil {
		return err
	}
	if e.PublicKey != "" { // the private half is nobody else's
		return v.done(hookURL(e.ID), page.HookRotated)
	}
	v.notice = page.Msg(page.HookRotated)
	return h.hook(v, e, made.String())
}

func (h *Handlers) deleteHook(v *visit) error {
	e, err := h.endpoint(v)
	if err != nil {
		return err
	}
	sure, err := v.confirmed(page.PathAdminWebhooks, func() (page.AdminConfirm, error) {
		return page.AdminConfirm{Act: page.ActWebhook, Object: e.URL, CancelURL: hookURL(e.ID)}, nil
	})
	if err != nil || !sure {
		return err
	}
	err = h.onHook(v, func(tx *storage.Store, e *storage.WebhookEndpoint) error {
		return h.Webhooks.Delete(v.r.Context(), tx, e, v.by())
	})
	if err != nil {
		return err
	}
	return v.done(page.PathAdminWebhooks, page.Deleted)
}
