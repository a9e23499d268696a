package admin

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/claims"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// A template is named in the query: the name of the one for all clients is empty.
const (
	pathTemplate   = page.PathAdmin + "/template"
	pathTemplateNo = pathTemplate + "/delete"
)

func templateURL(path, kind, name string) string {
	return path + "?" + url.Values{"kind": {kind}, "name": {name}}.Encode()
}

func (h *Handlers) listTemplates(v *visit) error {
	_, rows, err := h.Store.ClaimTemplates(v.r.Context())
	if err != nil {
		return err
	}
	p := page.AdminTemplates{Console: v.console(page.PathAdminTemplates)}
	if v.may(TemplatesWrite) {
		p.NewURL = pathTemplate
	}
	for _, t := range rows {
		p.Rows = append(p.Rows, page.TemplateRow{URL: templateURL(pathTemplate, t.Kind, t.Name), Kind: t.Kind, Name: t.Name, UpdatedAt: t.UpdatedAt.Time})
	}
	return v.show(p, nil)
}

// template returns the page of the template that the query names, a new one for none.
func (h *Handlers) template(v *visit) (p page.AdminTemplate, err error) {
	p = page.AdminTemplate{Console: v.console(page.PathAdminTemplates), Kind: v.query("kind"), Name: v.query("name")}
	if v.may(TemplatesWrite) {
		p.Action = pathTemplate
	}
	if p.Kind == "" {
		if p.Action == "" {
			return p, errNotFound
		}
		p.New, p.Kind, p.Claims = true, storage.TemplateSession, "{\n  \"plan\": \"{{user.public_metadata.plan}}\"\n}"
		return p, nil
	}
	row, err := h.Store.ClaimTemplate(v.r.Context(), p.Kind, p.Name)
	if err != nil {
		return p, err
	}
	p.Claims, p.Version = indented(row.Claims), row.Version
	if p.Action != "" {
		p.Action, p.DeleteAction = templateURL(pathTemplate, p.Kind, p.Name), templateURL(pathTemplateNo, p.Kind, p.Name)
	}
	return p, nil
}

func (h *Handlers) showTemplate(v *visit) error {
	p, err := h.template(v)
	if err != nil {
		return err
	}
	return v.show(p, nil)
}

// saveTemplate saves one, or shows what it would make of some users.
func (h *Handlers) saveTemplate(v *visit) error {
	p, err := h.template(v)
	if err != nil {
		return err
	}
	form, err := v.form()
	if err != nil {
		return err
	}
	if p.New {
		p.Kind, p.Name = form.Get("kind"), form.Get("template_name")
		if !slices.Contains(page.TemplateKinds(), p.Kind) {
			return errBadForm
		}
		if p.Kind == storage.TemplateSession {
			p.Name = ""
		} else if p.Name == "" || len(p.Name) > 200 {
			p.Errors = page.Fault("template_name", page.Required)
		}
	}
	was, _ := strconv.ParseInt(form.Get("version"), 10, 64)
	p.Claims = form.Get("claims")
	ctx := v.r.Context()
	switch {
	case p.Errors != nil:
	case form.Get("act") == "dry_run":
		p.Dry, err = h.dryRun(ctx, p.Claims)
	case was != p.Version:
		p.Errors = page.Fault("", page.ChangedMeanwhile)
	default:
		err = h.putTemplate(ctx, v, p)
	}
	var fault *claims.Fault
	switch {
	case errors.As(err, &fault):
		p.Errors = page.Fault("claims", page.NotAccepted, fault.Error())
	case errors.Is(err, storage.ErrConflict):
		p.Errors = page.Fault("", page.ChangedMeanwhile)
	case errors.Is(err, storage.ErrNotFound):
		p.Errors = page.Fault("template_name", page.NotAccepted, p.Name)
	case err != nil:
		return err
	case p.Errors == nil && p.Dry == nil:
		return v.done(page.PathAdminTemplates, page.Saved)
	}
	return v.show(p, p.Errors)
}

// dryUsers is how many users at random a dry run looks at.
const dryUsers = 200

func (h *Handlers) dryRun(ctx context.Context, source string) (*page.DryRun, error) {
	d, err := h.Templates.DryRun(ctx, []byte(source), dryUsers, &claims.Session{ID: "ses_00000000000000000000000000",
		Kind: string(storage.KindBrowser), ClientID: "cli_00000000000000000000000000", ClientName: "Application"})
	if err != nil {
		return nil, err
	}
	return &page.DryRun{Users: d.Users, P50: d.P50, P99: d.P99, Max: d.Max, Bound: d.Bound, TooLarge: d.TooLarge, Largest: indented(string(d.Largest))}, nil
}

func (h *Handlers) putTemplate(ctx context.Context, v *visit, p page.AdminTemplate) error {
	return h.Store.Tx(ctx, func(tx *storage.Store) error {
		if p.Kind == storage.TemplateClient {
			if _, err := tx.Client(ctx, p.Name); err != nil {
				return err
			}
		}
		now := storage.At(h.Clock.Now())
		row, err := tx.ClaimTemplate(ctx, p.Kind, p.Name)
		if errors.Is(err, storage.ErrNotFound) {
			row, err = &storage.ClaimTemplate{Kind: p.Kind, Name: p.Name, CreatedAt: now}, nil
		}
		if err != nil {
			return err
		}
		if row.Version != p.Version {
			return storage.ErrConflict
		}
		before := row.Claims
		row.Claims, row.UpdatedAt = p.Claims, now
		if err := h.Templates.Put(ctx, tx, row); err != nil {
			return err
		}
		return h.auditTemplate(ctx, tx, audit.TemplateSaved, v, row, map[string]any{"before": before, "after": row.Claims})
	})
}

func (h *Handlers) deleteTemplate(v *visit) error {
	p, err := h.template(v)
	if err != nil {
		return err
	}
	sure, err := v.confirmed(page.PathAdminTemplates, func() (page.AdminConfirm, error) {
		return page.AdminConfirm{Act: page.ActTemplate, Object: p.Name, CancelURL: p.Action}, nil
	})
	if err != nil || !sure {
		return err
	}
	ctx := v.r.Context()
	err = h.Store.Tx(ctx, func(tx *storage.Store) error {
		if err := tx.MoveClaimTemplates(ctx); err != nil {
			return err
		}
		row, err := tx.ClaimTemplate(ctx, p.Kind, p.Name)
		if err != nil {
			return err
		}
		if err := tx.DeleteClaimTemplate(ctx, p.Kind, p.Name); err != nil {
			return err
		}
		return h.auditTemplate(ctx, tx, audit.TemplateDeleted, v, row, map[string]any{"before": row.Claims})
	})
	if err != nil {
		return err
	}
	return v.done(page.PathAdminTemplates, page.Deleted)
}

func (h *Handlers) auditTemplate(ctx context.Context, tx *storage.Store, kind audit.Kind, v *visit, row *storage.ClaimTemplate, data map[string]any) error {
	e := audit.Event{Kind: kind, At: h.Clock.Now(), By: v.by(), Data: data}
	data["template"] = row.Kind
	if row.Kind == storage.TemplateClient {
		e.ClientID = row.Name
	} else if row.Name != "" {
		data["name"] = row.Name
	}
	return audit.Write(ctx, tx, e)
}
