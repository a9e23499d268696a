package admin

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

func (h *Handlers) newHook(v *visit) error { return v.show(h.hookForm(v, nil), nil) }

// hookForm is the form of an endpoint as it stands; of a new one for nil.
func (h *Handlers) hookForm(v *visit, e *storage.WebhookEndpoint) page.AdminWebhookForm {
	p := page.AdminWebhookForm{Console: v.console(page.PathAdminWebhooks), MailIsTheirs: h.MailByWebhook, TextIsTheirs: h.TextByWebhook}
	p.Withheld = withheld(v, webhook.Fields{})
	if e == nil {
		p.New, p.Action, p.CancelURL, p.Signature = true, pathNewHook, page.PathAdminWebhooks, webhook.HMAC
		return p
	}
	p.Action, p.CancelURL, p.Version = hookURL(e.ID)+"/edit", hookURL(e.ID), e.Version
	p.URL, p.Description, p.Owner, p.Private, p.Signature = e.URL, e.Description, e.OwnerEmail, e.IncludePrivateMetadata, e.Signature
	return p
}

// readHook puts what was typed into a form. What the page does not offer is errBadForm.
func readHook(v *visit, p page.AdminWebhookForm) (page.AdminWebhookForm, error) {
	form, err := httpx.ReadForm(v.r, "events")
	if err != nil {
		return p, err
	}
	p.URL, p.Description, p.Owner = form.Get("url"), form.Get("description"), form.Get("owner_email")
	p.Private = form.Get("include_private_metadata") == "yes"
	p.Some, p.Chosen = form.Get("choice") == "some", form.List("events")
	for _, event := range p.Chosen {
		if !slices.Contains(webhook.Events, webhook.Event(event)) {
			return p, errBadForm
		}
	}
	if choice := form.Get("choice"); choice != "some" && choice != "all" {
		return p, errBadForm
	}
	if p.New {
		if p.Signature = form.Get("signature"); !slices.Contains(page.WebhookSchemes(), p.Signature) {
			return p, errBadForm
		}
		return p, nil
	}
	if p.Version, err = strconv.ParseInt(form.Get("version"), 10, 64); err != nil {
		return p, errBadForm
	}
	return p, nil
}

// hookFields is what a form makes of an endpoint. Boxes that were ticked below the choice of all events count for nothing.
func hookFields(p page.AdminWebhookForm) (webhook.Fields, page.Errors) {
	f := webhook.Fields{URL: strings.TrimSpace(p.URL), Description: p.Description, OwnerEmail: strings.TrimSpace(p.Owner),
		IncludePrivateMetadata: p.Private}
	faults := page.Errors{}
	if f.URL == "" {
		faults["url"] = page.Msg(page.Required)
	}
	if p.Some {
		for _, event := range webhook.Events { // in one order, whichever they were ticked in
			if slices.Contains(p.Chosen, string(event)) {
				f.Events = append(f.Events, event)
			}
		}
		if len(f.Events) == 0 { // none would stand for nearly all
			faults["events"] = page.Msg(page.HookNoEvents)
		}
	}
	return f, faults
}

// hookFaults says what of an endpoint is not accepted; the error is returned where it is none of the person's.
func hookFaults(err error) (page.Errors, error) {
	var field *webhook.FieldError
	switch {
	case errors.Is(err, webhook.ErrTooMany):
		return page.Fault("", page.HookTooMany, webhook.MaxEndpoints), nil
	case !errors.As(err, &field):
		return nil, err
	}
	switch name, _, _ := strings.Cut(field.Field, "["); name {
	case "url":
		if key, ok := urlFaults[field.Reason]; ok {
			return page.Fault(name, key), nil
		}
		return page.Fault(name, page.NotAccepted, field.Reason), nil
	case "owner_email":
		return page.Fault(name, page.EmailMalformed), nil
	case "description":
		return page.Fault(name, page.HookDescription, 500), nil
	default:
		return page.Fault(name, page.NotAccepted, field.Reason), nil
	}
}

var urlFaults = map[string]page.Key{webhook.NotAURL: page.HookURLMalformed, webhook.NotAbsolute: page.HookURLMalformed,
	webhook.HasUser: page.HookURLUser, webhook.HasFragment: page.HookURLFragment, webhook.NotHTTPS: page.HookURLHTTPS,
	webhook.NotPublic: page.HookURLNotPublic}

// mayTell tells whether who visits may have an endpoint told that: by a code that is meant for an owner they would be one.
func mayTell(v *visit, was, is webhook.Fields) bool {
	return !webhook.TakesCodes(was, is) || v.may(UsersRole)
}

// withheld are the events that who visits cannot add to an endpoint. What an owner chose for it stays, and can be taken away.
func withheld(v *visit, was webhook.Fields) (list []string) {
	for _, e := range webhook.Events {
		if !mayTell(v, was, webhook.Fields{URL: was.URL, Events: []webhook.Event{e}}) {
			list = append(list, string(e))
		}
	}
	return list
}

// untold says which of a form only an owner could have filled in so.
func untold(p page.AdminWebhookForm) page.Errors {
	for _, e := range p.Chosen {
		if slices.Contains(p.Withheld, e) {
			return page.Fault("events", page.HookOwnersEvents)
		}
	}
	return page.Fault("url", page.HookOwnersURL)
}

func (h *Handlers) createHook(v *visit) error {
	p, err := readHook(v, h.hookForm(v, nil))
	if err != nil {
		return err
	}
	f, faults := hookFields(p)
	if p.Errors = faults; len(faults) > 0 {
		return v.show(p, p.Errors)
	}
	if !mayTell(v, webhook.Fields{}, f) {
		p.Errors = untold(p)
		return v.show(p, p.Errors)
	}
	e, secret, err := h.Webhooks.Create(v.r.Context(), h.Store, f, p.Signature, v.by())
	if p.Errors, err = hookFaults(err); err != nil || p.Errors != nil {
		return shownOr(v, p, p.Errors, err)
	}
	if e.PublicKey != "" { // the private half is nobody else's
		return v.done(hookURL(e.ID), page.HookCreated)
	}
	v.notice = page.Msg(page.HookCreated)
	return h.hook(v, e, secret.String())
}

func (h *Handlers) editHook(v *visit) error {
	p, err := h.editedHook(v)
	if err != nil {
		return err
	}
	return v.show(p, nil)
}

// editedHook is the form of the endpoint that the path names, as that stands.
func (h *Handlers) editedHook(v *visit) (page.AdminWebhookForm, error) {
	e, err := h.endpoint(v)
	if err != nil {
		return page.AdminWebhookForm{}, err
	}
	row, err := hookRow(e)
	p := h.hookForm(v, e)
	p.Some, p.Chosen = len(row.Events) > 0, row.Events
	if err == nil {
		var was webhook.Fields
		was, err = webhook.FieldsOf(e)
		p.Withheld = withheld(v, was)
		moved := was
		moved.URL = ""
		p.URLWithheld = !mayTell(v, was, moved)
	}
	return p, err
}

func (h *Handlers) saveHook(v *visit) error {
	is, err := h.editedHook(v)
	if err != nil {
		return err
	}
	p, err := readHook(v, is)
	if err != nil {
		return err
	}
	f, faults := hookFields(p)
	if p.Errors = faults; len(faults) > 0 {
		return v.show(p, p.Errors)
	}
	ctx := v.r.Context()
	err = h.Store.Tx(ctx, func(tx *storage.Store) error {
		e, err := h.Webhooks.Lookup(ctx, tx, v.r.PathValue("hook"))
		if err != nil {
			return err
		}
		if e.Version != p.Version { // somebody changed it since this page was read
			return storage.ErrConflict
		}
		was, err := webhook.FieldsOf(e)
		if err != nil {
			return err
		}
		if !mayTell(v, was, f) {
			return errForbidden
		}
		return h.Webhooks.Update(ctx, tx, e, f, v.by())
	})
	if errors.Is(err, errForbidden) {
		p.Errors = untold(p)
		return v.show(p, p.Errors)
	}
	if errors.Is(err, storage.ErrConflict) {
		if is, err = h.editedHook(v); err != nil {
			return err
		}
		p.Version, p.Errors = is.Version, page.Fault("", page.ChangedMeanwhile)
		return v.show(p, p.Errors)
	}
	if p.Errors, err = hookFaults(err); err != nil || p.Errors != nil {
		return shownOr(v, p, p.Errors, err)
	}
	return v.done(p.CancelURL, page.Saved)
}
