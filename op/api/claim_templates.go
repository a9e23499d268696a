package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/claims"
	"github.com/curfew-id/curfew/storage"
)

// ClaimTemplate is what is put into tokens beside what curfew sets itself.
type ClaimTemplate struct {
	Object    string `json:"object" enum:"claim_template"`
	Kind      string `json:"kind" enum:"session,client,named" doc:"In the tokens of all clients, of one, or in tokens by name"`
	Name      string `json:"name" doc:"The client's id, or the template's name; empty for session"`
	Claims    object `json:"claims"`
	MaxBytes  int    `json:"max_bytes" doc:"The most that the claims can take in a token"`
	CreatedAt int64  `json:"created_at"`
	UpdatedAt int64  `json:"updated_at"`
}

// ClaimTemplateFields is what can be changed of one.
type ClaimTemplateFields struct {
	Claims object `json:"claims" doc:"A JSON object whose strings may hold shortcodes: {{user.public_metadata.plan || 'free'}}. Registered claims and act cannot be set"`
}

// ClaimTemplateDryRun asks what a template would make of users there are.
type ClaimTemplateDryRun struct {
	Claims object `json:"claims"`
	Users  int    `json:"users" required:"false" minimum:"1" maximum:"5000" default:"500" doc:"How many to look at, at random"`
}

// ClaimTemplateSizes is what it would make of them, in bytes.
type ClaimTemplateSizes struct {
	Object        string  `json:"object" enum:"claim_template_sizes"`
	Users         int     `json:"users" doc:"How many were looked at"`
	P50           int     `json:"p50"`
	P99           int     `json:"p99"`
	Max           int     `json:"max"`
	MaxBytes      int     `json:"max_bytes" doc:"What no user can pass"`
	TooLarge      int     `json:"too_large" doc:"Values that were left out because they are larger than their place allows"`
	LargestUserID *string `json:"largest_user_id"`
	Largest       object  `json:"largest" doc:"The claims of that user"`
}

type (
	clientTemplateInput struct {
		ClientID string `path:"client_id" maxLength:"200"`
	}
	namedTemplateInput struct {
		Name string `path:"name" maxLength:"64" pattern:"^[a-z0-9][a-z0-9_-]*$" patternDescription:"lower case letters, digits, - and _"`
	}
	sessionTemplatePut struct {
		IfMatched
		Body ClaimTemplateFields
	}
	clientTemplateChange struct {
		ClientID string `path:"client_id" maxLength:"200"`
		IfMatched
	}
	clientTemplatePut struct {
		ClientID string `path:"client_id" maxLength:"200"`
		IfMatched
		Body ClaimTemplateFields
	}
	namedTemplateChange struct {
		Name string `path:"name" maxLength:"64" pattern:"^[a-z0-9][a-z0-9_-]*$" patternDescription:"lower case letters, digits, - and _"`
		IfMatched
	}
	namedTemplatePut struct {
		Name string `path:"name" maxLength:"64" pattern:"^[a-z0-9][a-z0-9_-]*$" patternDescription:"lower case letters, digits, - and _"`
		IfMatched
		Body ClaimTemplateFields
	}
	dryRunInput         struct{ Body ClaimTemplateDryRun }
	dryRunOutput        struct{ Body ClaimTemplateSizes }
	claimTemplateOutput struct {
		ETag string `header:"ETag"`
		Body ClaimTemplate
	}
)

func (a *API) claimTemplateOperations() {
	tags := []string{"claim_templates"}
	read := func(id, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: "/v1/claim_templates" + path, Summary: summary, Tags: tags}
	}
	write := func(method, id, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/claim_templates" + path, Summary: summary, Tags: tags}
	}
	operation(a, ScopeTemplatesRead, read("list-claim-templates", "", "List claim templates"), a.listTemplates)
	operation(a, ScopeTemplatesRead, write(http.MethodPost, "dry-run-claim-template", "/dry_run", "See what a template would make of users"), a.dryRunTemplate)
	operation(a, ScopeTemplatesRead, read("get-session-claim-template", "/session", "Get the template of all clients' tokens"),
		func(ctx context.Context, _ *struct{}) (*claimTemplateOutput, error) {
			return a.getTemplate(ctx, storage.TemplateSession, "")
		})
	operation(a, ScopeTemplatesWrite, write(http.MethodPut, "put-session-claim-template", "/session", "Set the template of all clients' tokens"),
		func(ctx context.Context, in *sessionTemplatePut) (*claimTemplateOutput, error) {
			return a.putTemplate(ctx, storage.TemplateSession, "", in.IfMatch, in.Body)
		})
	operation(a, ScopeTemplatesWrite, write(http.MethodDelete, "delete-session-claim-template", "/session", "Remove the template of all clients' tokens"),
		func(ctx context.Context, in *IfMatched) (*deletedOutput, error) {
			return a.deleteTemplate(ctx, storage.TemplateSession, "", in.IfMatch)
		})
	operation(a, ScopeTemplatesRead, read("get-client-claim-template", "/client/{client_id}", "Get the template of a client's tokens"),
		func(ctx context.Context, in *clientTemplateInput) (*claimTemplateOutput, error) {
			return a.getTemplate(ctx, storage.TemplateClient, in.ClientID)
		})
	operation(a, ScopeTemplatesWrite, write(http.MethodPut, "put-client-claim-template", "/client/{client_id}", "Set the template of a client's tokens"),
		func(ctx context.Context, in *clientTemplatePut) (*claimTemplateOutput, error) {
			return a.putTemplate(ctx, storage.TemplateClient, in.ClientID, in.IfMatch, in.Body)
		})
	operation(a, ScopeTemplatesWrite, write(http.MethodDelete, "delete-client-claim-template", "/client/{client_id}", "Remove the template of a client's tokens"),
		func(ctx context.Context, in *clientTemplateChange) (*deletedOutput, error) {
			return a.deleteTemplate(ctx, storage.TemplateClient, in.ClientID, in.IfMatch)
		})
	operation(a, ScopeTemplatesRead, read("get-named-claim-template", "/named/{name}", "Get a named template"),
		func(ctx context.Context, in *namedTemplateInput) (*claimTemplateOutput, error) {
			return a.getTemplate(ctx, storage.TemplateNamed, in.Name)
		})
	operation(a, ScopeTemplatesWrite, write(http.MethodPut, "put-named-claim-template", "/named/{name}", "Set a named template"),
		func(ctx context.Context, in *namedTemplatePut) (*claimTemplateOutput, error) {
			return a.putTemplate(ctx, storage.TemplateNamed, in.Name, in.IfMatch, in.Body)
		})
	operation(a, ScopeTemplatesWrite, write(http.MethodDelete, "delete-named-claim-template", "/named/{name}", "Remove a named template"),
		func(ctx context.Context, in *namedTemplateChange) (*deletedOutput, error) {
			return a.deleteTemplate(ctx, storage.TemplateNamed, in.Name, in.IfMatch)
		})
}

// listTemplates is one page: administrators write them by hand.
func (a *API) listTemplates(ctx context.Context, _ *struct{}) (*listOutput[ClaimTemplate], error) {
	_, rows, err := a.Store.ClaimTemplates(ctx)
	if err != nil {
		return nil, err
	}
	return listed(rows, len(rows), func(t *storage.ClaimTemplate) string { return t.Name }, showTemplate), nil
}

func (a *API) getTemplate(ctx context.Context, kind, name string) (*claimTemplateOutput, error) {
	if kind == storage.TemplateClient && !plausible(name) {
		return nil, storage.ErrNotFound
	}
	row, err := a.Store.ClaimTemplate(ctx, kind, name)
	if err != nil {
		return nil, err
	}
	return &claimTemplateOutput{etag(row.Version), showTemplate(row)}, nil
}

func (a *API) putTemplate(ctx context.Context, kind, name, ifMatch string, f ClaimTemplateFields) (*claimTemplateOutput, error) {
	if kind == storage.TemplateClient && !plausible(name) {
		return nil, storage.ErrNotFound
	}
	var row *storage.ClaimTemplate
	err := a.change(ctx, ifMatch, func(tx *storage.Store) error {
		if kind == storage.TemplateClient {
			if _, err := a.Clients.In(ctx, tx, name); err != nil {
				return err
			}
		}
		now := storage.At(a.Clock.Now())
		var err error
		row, err = tx.ClaimTemplate(ctx, kind, name)
		if errors.Is(err, storage.ErrNotFound) {
			row, err = &storage.ClaimTemplate{Kind: kind, Name: name, CreatedAt: now}, nil
		}
		if err != nil {
			return err
		}
		if err := checkMatch(ifMatch, row.Version); err != nil {
			return err
		}
		before := row.Claims
		row.Claims, row.UpdatedAt = string(f.Claims), now
		if err := a.Tokens.Templates().Put(ctx, tx, row); err != nil {
			return templateProblem(err)
		}
		return a.auditTemplate(ctx, tx, audit.TemplateSaved, row, map[string]any{"before": before, "after": row.Claims})
	})
	if err != nil {
		return nil, err
	}
	return &claimTemplateOutput{etag(row.Version), showTemplate(row)}, nil
}

func (a *API) deleteTemplate(ctx context.Context, kind, name, ifMatch string) (*deletedOutput, error) {
	if kind == storage.TemplateClient && !plausible(name) {
		return nil, storage.ErrNotFound
	}
	err := a.change(ctx, ifMatch, func(tx *storage.Store) error {
		if err := tx.MoveClaimTemplates(ctx); err != nil {
			return err
		}
		row, err := tx.ClaimTemplate(ctx, kind, name)
		if err != nil {
			return err
		}
		if err := checkMatch(ifMatch, row.Version); err != nil {
			return err
		}
		if err := tx.DeleteClaimTemplate(ctx, kind, name); err != nil {
			return err
		}
		return a.auditTemplate(ctx, tx, audit.TemplateDeleted, row, map[string]any{"before": row.Claims})
	})
	if err != nil {
		return nil, err
	}
	return &deletedOutput{Deleted{Object: "claim_template", ID: name, Deleted: true}}, nil
}

func (a *API) auditTemplate(ctx context.Context, tx *storage.Store, kind audit.Kind, row *storage.ClaimTemplate, data map[string]any) error {
	e := audit.Event{Kind: kind, At: a.Clock.Now(), By: callerOf(ctx), Data: data}
	data["template"] = row.Kind
	if row.Kind == storage.TemplateClient {
		e.ClientID = row.Name
	} else if row.Name != "" {
		data["name"] = row.Name
	}
	return audit.Write(ctx, tx, e)
}

func (a *API) dryRunTemplate(ctx context.Context, in *dryRunInput) (*dryRunOutput, error) {
	d, err := a.Tokens.Templates().DryRun(ctx, in.Body.Claims, in.Body.Users, sampleSession())
	if err != nil {
		return nil, templateProblem(err)
	}
	return &dryRunOutput{ClaimTemplateSizes{Object: "claim_template_sizes", Users: d.Users, P50: d.P50, P99: d.P99, Max: d.Max,
		MaxBytes: d.Bound, TooLarge: d.TooLarge, LargestUserID: orNull(d.LargestUserID), Largest: d.Largest}}, nil
}

// sampleSession stands for any: its names are as long as those of a real one.
func sampleSession() *claims.Session {
	return &claims.Session{ID: "ses_00000000000000000000000000", Kind: string(storage.KindBrowser), ClientID: "cli_00000000000000000000000000",
		ClientName: "Application"}
}

func showTemplate(row *storage.ClaimTemplate) ClaimTemplate {
	most := 0
	if t, err := claims.Parse([]byte(row.Claims)); err == nil { // what is stored was parsed before
		most = t.Bound()
	}
	return ClaimTemplate{Object: "claim_template", Kind: row.Kind, Name: row.Name, Claims: object(row.Claims), MaxBytes: most,
		CreatedAt: row.CreatedAt.UnixMilli(), UpdatedAt: row.UpdatedAt.UnixMilli()}
}

// templateProblem says where a template is wrong and why.
func templateProblem(err error) error {
	var f *claims.Fault
	if !errors.As(err, &f) {
		return err
	}
	p := badField("body", f.At, f.Reason)
	p.Code = "invalid_claim_template"
	return p
}
