package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/userimport"
	"github.com/curfew-id/curfew/storage"
)

// UserImport is a bulk import of users and how far it is.
type UserImport struct {
	Object    string `json:"object" enum:"user_import"`
	ID        string `json:"id"`
	Status    string `json:"status" enum:"running,finished,cancelled" doc:"finished: as many lines as were announced have been taken; cancelled: it takes no more"`
	Total     *int64 `json:"total" doc:"Lines to come in all, as announced"`
	Lines     int64  `json:"lines" doc:"Lines that have been taken: where to go on"`
	Created   int64  `json:"created"`
	Existing  int64  `json:"existing" doc:"Lines whose address or external_id somebody has"`
	Failed    int64  `json:"failed"`
	CreatedBy string `json:"created_by"`
	CreatedAt int64  `json:"created_at"`
	UpdatedAt int64  `json:"updated_at"`

	CancelledAt *int64 `json:"cancelled_at"`
	ExpiresAt   int64  `json:"expires_at" doc:"When the import and its results are deleted: 30 days after its last line"`
}

// NewUserImport is what an import begins with.
type NewUserImport struct {
	Total *int64 `json:"total,omitempty" required:"false" minimum:"1" maximum:"1000000000" doc:"How many lines are to come"`
}

type (
	importInput struct {
		ID string `path:"id"`
	}
	importListInput struct {
		Page
		Status string `query:"status" enum:"running,finished,cancelled"`
	}
	importCreateInput struct{ Body NewUserImport }
	importLinesInput  struct {
		ID     string `path:"id"`
		Offset int64  `query:"offset" minimum:"0" doc:"How many lines of the whole stand before the first that is sent. Those taken already are passed over"`
	}
	importResultsInput struct {
		ID    string `path:"id"`
		After int64  `query:"after" minimum:"0" doc:"Begin behind this line"`
	}
	importOutput struct{ Body UserImport }
)

const ndjson = "application/x-ndjson"

func (a *API) userImportOperations() {
	tags := []string{"user_imports"}
	const one = "/v1/user_imports/{id}"
	lines := func(of string) map[string]*huma.MediaType {
		return map[string]*huma.MediaType{ndjson: {Schema: &huma.Schema{Type: huma.TypeString, Description: of}}}
	}
	stream := map[string]any{streams: true}
	operation(a, ScopeUsersWrite, huma.Operation{OperationID: "create-user-import", Method: http.MethodPost, Path: "/v1/user_imports",
		Summary: "Begin a bulk import of users", Tags: tags, DefaultStatus: http.StatusCreated}, a.createUserImport)
	operation(a, ScopeUsersWrite, huma.Operation{OperationID: "send-user-import-lines", Method: http.MethodPost, Path: one + "/lines",
		Summary: "Send lines of an import", Tags: tags, Metadata: stream,
		Description: "One JSON object a line, of whichever number. Lines are taken as they arrive, some hundred at a time; where the " +
			"connection breaks, send again from the import's lines on, or everything: what was taken is passed over. Lines hold " +
			"email, external_id, email_verified, password_hash, name, first_name, last_name, locale, role and the metadata of a user.",
		RequestBody: &huma.RequestBody{Required: true, Content: lines("One user a line")},
		Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"application/json": {
			Schema: a.huma.OpenAPI().Components.Schemas.Schema(typeOf[UserImport](), true, "")}}}}}, a.sendUserImportLines)
	operation(a, ScopeUsersRead, huma.Operation{OperationID: "list-user-imports", Method: http.MethodGet, Path: "/v1/user_imports",
		Summary: "List imports, the newest first", Tags: tags}, a.listUserImports)
	operation(a, ScopeUsersRead, huma.Operation{OperationID: "get-user-import", Method: http.MethodGet, Path: one,
		Summary: "See how far an import is", Tags: tags}, a.getUserImport)
	operation(a, ScopeUsersWrite, huma.Operation{OperationID: "cancel-user-import", Method: http.MethodPost, Path: one + "/cancel",
		Summary: "Let an import take no more lines", Tags: tags,
		Description: "The users that it made stay. Of one that is cancelled already nothing changes."}, a.cancelUserImport)
	operation(a, ScopeUsersWrite, huma.Operation{OperationID: "delete-user-import", Method: http.MethodDelete, Path: one,
		Summary: "Remove an import and what it says of each line", Tags: tags, Description: "The users that it made stay. It is done " +
			"by itself 30 days after the last line."}, a.deleteUserImport)
	operation(a, ScopeUsersRead, huma.Operation{OperationID: "get-user-import-results", Method: http.MethodGet, Path: one + "/results",
		Summary: "Read what became of each line of an import", Tags: tags, Metadata: stream,
		Description: "One JSON object a line: line, status (created, exists, failed), external_id, user_id, field, detail.",
		Responses:   map[string]*huma.Response{"200": {Description: "OK", Content: lines("One result a line")}}}, a.getUserImportResults)
	operation(a, ScopeUsersRead, huma.Operation{OperationID: "export-users", Method: http.MethodGet, Path: "/v1/users/export",
		Summary: "Read all users, or those that a filter names", Tags: []string{"users"}, Metadata: stream,
		Description: "One user a line, the oldest first, without anything that they prove with.",
		Responses:   map[string]*huma.Response{"200": {Description: "OK", Content: lines("One user a line")}}}, a.exportUsers)
}

func (a *API) createUserImport(ctx context.Context, in *importCreateInput) (*importOutput, error) {
	total := int64(0)
	if in.Body.Total != nil {
		total = *in.Body.Total
	}
	i, err := a.imports.Begin(ctx, a.Store, total, callerOf(ctx))
	if err != nil {
		return nil, err
	}
	return &importOutput{showUserImport(i)}, nil
}

func (a *API) listUserImports(ctx context.Context, in *importListInput) (*listOutput[UserImport], error) {
	after, err := in.after(id.Import)
	if err != nil {
		return nil, err
	}
	rows, err := a.Store.UserImports(ctx, storage.UserImportFilter{Status: in.Status, After: after, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	return listed(rows, in.Limit, func(i *storage.UserImport) string { return i.ID }, showUserImport), nil
}

func (a *API) getUserImport(ctx context.Context, in *importInput) (*importOutput, error) {
	i, err := a.userImport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &importOutput{showUserImport(i)}, nil
}

func (a *API) cancelUserImport(ctx context.Context, in *importInput) (*importOutput, error) {
	if !isA(id.Import, in.ID) {
		return nil, storage.ErrNotFound
	}
	i, err := a.imports.Cancel(ctx, in.ID, callerOf(ctx))
	if errors.Is(err, userimport.ErrFinished) {
		return nil, problem(http.StatusConflict, "import_finished", "all lines of the import were taken")
	}
	if err != nil {
		return nil, err
	}
	return &importOutput{showUserImport(i)}, nil
}

func (a *API) deleteUserImport(ctx context.Context, in *importInput) (*deletedOutput, error) {
	if !isA(id.Import, in.ID) {
		return nil, storage.ErrNotFound
	}
	if err := a.imports.Delete(ctx, in.ID, callerOf(ctx)); err != nil {
		return nil, err
	}
	return &deletedOutput{Deleted{Object: "user_import", ID: in.ID, Deleted: true}}, nil
}

// ForgetImports removes imports that are not kept any longer.
func (a *API) ForgetImports(ctx context.Context) error { return a.imports.Forget(ctx) }

func (a *API) userImport(ctx context.Context, importID string) (*storage.UserImport, error) {
	if !isA(id.Import, importID) {
		return nil, storage.ErrNotFound
	}
	return a.Store.UserImport(ctx, importID)
}

func showUserImport(i *storage.UserImport) UserImport {
	out := UserImport{Object: "user_import", ID: i.ID, Status: i.Status(), Lines: i.Lines, Created: i.Created, Existing: i.Existing,
		Failed: i.Failed, CreatedBy: i.CreatedBy, CreatedAt: i.CreatedAt.UnixMilli(), UpdatedAt: i.UpdatedAt.UnixMilli(),
		CancelledAt: milliOrNull(i.CancelledAt), ExpiresAt: i.UpdatedAt.Add(userimport.Keep).UnixMilli()}
	if i.Total != 0 {
		out.Total = &i.Total
	}
	return out
}
