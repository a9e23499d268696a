package admin

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

func (h *Handlers) showPolicies(v *visit) error {
	if h.Actors == nil {
		return errNotFound
	}
	policy, row, err := h.Actors.Policy(v.r.Context(), h.Store)
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(policy, "", "  ")
	if err != nil {
		return err
	}
	p := page.AdminPolicies{Console: v.console(page.PathAdminPolicies), Document: string(b), Version: row.Version}
	if v.may(PoliciesWrite) {
		p.Action = page.PathAdminPolicies
	}
	return v.show(p, nil)
}

func (h *Handlers) savePolicy(v *visit) error {
	if h.Actors == nil {
		return errNotFound
	}
	form, err := v.form()
	if err != nil {
		return err
	}
	p := page.AdminPolicies{Console: v.console(page.PathAdminPolicies), Form: page.Form{Action: page.PathAdminPolicies}, Document: form.Get("document")}
	if p.Version, err = strconv.ParseInt(form.Get("version"), 10, 64); err != nil {
		return errBadForm
	}
	if !json.Valid([]byte(p.Document)) || p.Document[0] != '{' {
		p.Errors = page.Fault("document", page.JSONMalformed)
		return v.show(p, p.Errors)
	}
	ctx := v.r.Context()
	err = h.Store.Tx(ctx, func(tx *storage.Store) error {
		_, row, err := h.Actors.Policy(ctx, tx)
		if err != nil {
			return err
		}
		if row.Version != p.Version {
			return storage.ErrConflict
		}
		_, err = h.Actors.SetPolicy(ctx, tx, row, p.Document, v.by())
		return err
	})
	var fault *actor.Fault
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &fault):
		p.Errors = page.Fault("document", page.NotAccepted, fault.Error())
	case errors.As(err, &kind):
		p.Errors = page.Fault("document", page.NotAccepted, kind.Field)
	case errors.Is(err, storage.ErrConflict):
		p.Errors = page.Fault("", page.ChangedMeanwhile)
		if _, row, err := h.Actors.Policy(ctx, h.Store); err == nil {
			p.Version = row.Version
		}
	case err != nil:
		return err
	default:
		return v.done(page.PathAdminPolicies, page.Saved)
	}
	return v.show(p, p.Errors)
}
