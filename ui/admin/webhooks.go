package admin

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

const pathHook = page.PathAdminWebhooks + "/{hook}"

func hookURL(id string) string { return page.PathAdminWebhooks + "/" + url.PathEscape(id) }

func (h *Handlers) listHooks(v *visit) error { return h.hooks(v, page.AdminWebhooks{}) }

// hooks lists the endpoints, with what was typed for another one.
func (h *Handlers) hooks(v *visit, p page.AdminWebhooks) error {
	rows, err := h.Store.WebhookEndpoints(v.r.Context(), "", webhook.MaxEndpoints)
	if err != nil {
		return err
	}
	p.Console = v.console(page.PathAdminWebhooks)
	if v.may(WebhooksWrite) {
		p.Action = page.PathAdminWebhooks
	}
	for _, e := range rows {
		p.Rows = append(p.Rows, hookRow(e))
	}
	return v.show(p, p.Errors)
}

func hookRow(e *storage.WebhookEndpoint) page.WebhookRow {
	return page.WebhookRow{URL: hookURL(e.ID), Address: e.URL, Description: e.Description, Disabled: e.DisabledAt.Set(), Failing: e.FailingSince.Set()}
}

func (h *Handlers) createHook(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	p := page.AdminWebhooks{URL: form.Get("url"), Description: form.Get("description"), Events: form.Get("events"), Owner: form.Get("owner_email")}
	f := webhook.Fields{URL: strings.TrimSpace(p.URL), Description: p.Description, OwnerEmail: strings.TrimSpace(p.Owner)}
	for _, name := range strings.Fields(p.Events) {
		f.Events = append(f.Events, webhook.Event(name))
	}
	ctx := v.r.Context()
	e, secret, err := h.Webhooks.Create(ctx, h.Store, f, webhook.HMAC, v.by())
	var field *webhook.FieldError
	switch {
	case errors.As(err, &field):
		name, _, _ := strings.Cut(field.Field, "[")
		p.Errors = page.Fault(name, page.NotAccepted, field.Reason)
		return h.hooks(v, p)
	case errors.Is(err, webhook.ErrTooMany):
		p.Errors = page.Fault("", page.NotAccepted, err.Error())
		return h.hooks(v, p)
	case err != nil:
		return err
	}
	return h.hook(v, e, secret.String())
}

func (h *Handlers) endpoint(v *visit) (*storage.WebhookEndpoint, error) {
	return h.Webhooks.Lookup(v.r.Context(), h.Store, v.r.PathValue("hook"))
}

func (h *Handlers) showHook(v *visit) error {
	e, err := h.endpoint(v)
	if err != nil {
		return err
	}
	return h.hook(v, e, "")
}

// hook shows an endpoint, with its secret where that has just been made.
func (h *Handlers) hook(v *visit, e *storage.WebhookEndpoint, secret string) error {
	at := hookURL(e.ID)
	p := page.AdminWebhook{Console: v.console(page.PathAdminWebhooks), Row: hookRow(e), ID: e.ID, Owner: e.OwnerEmail, Secret: secret, CreatedAt: e.CreatedAt.Time}
	var events []string
	if err := json.Unmarshal([]byte(e.Events), &events); err == nil {
		p.Events = strings.Join(events, " ")
	}
	may := v.may(WebhooksWrite)
	if may {
		p.RotateAction, p.DeleteAction = at+"/secret", at+"/delete"
		p.TestAction = at + "/test"
		if p.Row.Disabled {
			p.TestAction, p.EnableAction = "", at+"/enable"
		}
	}
	list, err := h.Webhooks.Log(v.r.Context(), e.ID, "", v.query("after"), rowsShown+1)
	if err != nil {
		return err
	}
	if len(list) > rowsShown {
		list = list[:rowsShown]
		p.Pager.NextURL = v.next(list[rowsShown-1].ID)
	}
	for _, d := range list {
		row := page.WebhookDeliveryRow{Type: d.Type, Outcome: d.Outcome, Error: d.LastError, Status: d.LastStatus, Attempts: d.Attempts, At: d.CreatedAt.Time}
		if row.Outcome == "" {
			row.Outcome = "pending"
		} else if may && !p.Row.Disabled && d.Type != "" {
			row.ResendAction = at + "/deliveries/" + url.PathEscape(d.ID) + "/resend"
		}
		p.Deliveries = append(p.Deliveries, row)
	}
	return v.show(p, nil)
}

func (h *Handlers) testHook(v *visit) error {
	e, err := h.endpoint(v)
	if err != nil {
		return err
	}
	if _, err := h.Webhooks.Test(v.r.Context(), h.Store, e); err != nil {
		return hookError(err)
	}
	return v.done(hookURL(e.ID), page.TestSent)
}

func (h *Handlers) resendHook(v *visit) error {
	e, err := h.endpoint(v)
	if err != nil {
		return err
	}
	if _, err := h.Webhooks.Resend(v.r.Context(), h.Store, e, v.r.PathValue("delivery")); err != nil {
		return hookError(err)
	}
	return v.done(hookURL(e.ID), page.SentAgain)
}

func (h *Handlers) enableHook(v *visit) error {
	e, err := h.endpoint(v)
	if err != nil {
		return err
	}
	if err := h.Webhooks.Enable(v.r.Context(), h.Store, e, v.by()); err != nil {
		return err
	}
	return v.done(hookURL(e.ID), page.Saved)
}

func (h *Handlers) rotateHook(v *visit) error {
	e, err := h.endpoint(v)
	if err != nil {
		return err
	}
	sure, err := v.confirmed(page.PathAdminWebhooks, func() (page.AdminConfirm, error) {
		return page.AdminConfirm{Act: page.ActHookSecret, Object: e.URL, CancelURL: hookURL(e.ID)}, nil
	})
	if err != nil || !sure {
		return err
	}
	secret, err := h.Webhooks.Rotate(v.r.Context(), h.Store, e, webhook.DefaultOverlap, v.by())
	if err != nil {
		return err
	}
	return h.hook(v, e, secret.String())
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
	if err := h.Webhooks.Delete(v.r.Context(), h.Store, e, v.by()); err != nil {
		return err
	}
	return v.done(page.PathAdminWebhooks, page.Deleted)
}

// hookError is what the page does not offer; any other error is what it was.
func hookError(err error) error {
	if slices.ContainsFunc([]error{webhook.ErrDisabled, webhook.ErrPending}, func(known error) bool { return errors.Is(err, known) }) {
		return errBadForm
	}
	return err
}
