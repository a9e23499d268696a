package admin

import (
	"net/url"
	"slices"

	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

const (
	pathNewHook  = page.PathAdmin + "/new-webhook"
	pathHook     = page.PathAdminWebhooks + "/{hook}"
	pathDelivery = pathHook + "/deliveries/{delivery}"
)

func hookURL(id string) string { return page.PathAdminWebhooks + "/" + url.PathEscape(id) }

func deliveryURL(hookID, id string) string {
	return hookURL(hookID) + "/deliveries/" + url.PathEscape(id)
}

func (h *Handlers) listHooks(v *visit) error {
	rows, err := h.Store.WebhookEndpoints(v.r.Context(), "", webhook.MaxEndpoints)
	if err != nil {
		return err
	}
	p := page.AdminWebhooks{Console: v.console(page.PathAdminWebhooks)}
	switch full := len(rows) >= webhook.MaxEndpoints; {
	case full:
		p.Most = webhook.MaxEndpoints
	case v.may(WebhooksWrite):
		p.NewURL = pathNewHook
	}
	heard := map[string]bool{}
	for _, e := range rows {
		row, err := hookRow(e)
		if err != nil {
			return err
		}
		p.Rows = append(p.Rows, row)
		for _, event := range row.Events {
			heard[event] = heard[event] || !row.Disabled()
		}
	}
	for event, left := range map[webhook.Event]bool{webhook.EmailCreated: h.MailByWebhook, webhook.SMSCreated: h.TextByWebhook} {
		if left && !heard[string(event)] {
			p.Unheard = append(p.Unheard, string(event))
		}
	}
	slices.Sort(p.Unheard)
	return v.show(p, nil)
}

func hookRow(e *storage.WebhookEndpoint) (page.WebhookRow, error) {
	f, err := webhook.FieldsOf(e)
	row := page.WebhookRow{URL: hookURL(e.ID), Address: e.URL, Description: e.Description, FailingSince: e.FailingSince.Time,
		DisabledAt: e.DisabledAt.Time, DisabledReason: e.DisabledReason}
	for _, event := range f.Events {
		row.Events = append(row.Events, string(event))
	}
	return row, err
}

// endpoint is the one that the path names.
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

// hook shows an endpoint, with its secret where that has just been made: in the answer to the POST itself, so that it is in no
// URL, no cookie and no page that can be loaded again.
func (h *Handlers) hook(v *visit, e *storage.WebhookEndpoint, secret string) error {
	row, err := hookRow(e)
	if err != nil {
		return err
	}
	at := hookURL(e.ID)
	p := page.AdminWebhook{Console: v.console(page.PathAdminWebhooks), Row: row, ID: e.ID, Owner: e.OwnerEmail, Signature: e.Signature,
		PublicKey: e.PublicKey, Private: e.IncludePrivateMetadata, Secret: secret, CreatedAt: e.CreatedAt.Time,
		UpdatedAt: e.UpdatedAt.Time, LogURL: at, PreviousUntil: h.previousUntil(e)}
	if v.may(WebhooksWrite) {
		p.EditURL, p.RotateURL, p.DeleteAction = at+"/edit", at+"/secret", at+"/delete"
		if row.Disabled() {
			p.EnableAction = at + "/enable"
		} else {
			p.TestAction = at + "/test"
		}
	}
	stacks := hookStacks(e.Signature)
	p.Stack = v.query("stack")
	if !slices.Contains(stacks, p.Stack) {
		p.Stack = stacks[0]
	}
	for _, s := range stacks {
		p.Stacks = append(p.Stacks, page.Stack{Name: s, URL: at + "?stack=" + s, Current: s == p.Stack})
	}
	p.Snippet = hookSnippet(p.Stack, e)
	if err := h.addLog(v, e, &p); err != nil {
		return err
	}
	return v.show(p, nil)
}
