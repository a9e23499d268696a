package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/storage"
)

// UserImport is a bulk import of users and how far it is.
type UserImport struct {
	Object    string `json:"object" enum:"user_import"`
	ID        string `json:"id"`
	Status    string `json:"status" enum:"running,finished" doc:"finished: as many lines as were announced have been taken"`
	Total     *int64 `json:"total" doc:"Lines to come in all, as announced"`
	Lines     int64  `json:"lines" doc:"Lines that have been taken: where to go on"`
	Created   int64  `json:"created"`
	Existing  int64  `json:"existing" doc:"Lines whose address somebody has, or whose external_id was imported already"`
	Failed    int64  `json:"failed"`
	CreatedBy string `json:"created_by"`
	CreatedAt int64  `json:"created_at"`
	UpdatedAt int64  `json:"updated_at"`
}

// NewUserImport is what an import begins with.
type NewUserImport struct {
	Total *int64 `json:"total,omitempty" required:"false" minimum:"1" maximum:"1000000000" doc:"How many lines are to come"`
}

type (
	importInput struct {
		ID string `path:"id"`
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
	operation(a, ScopeUsersRead, huma.Operation{OperationID: "get-user-import", Method: http.MethodGet, Path: one,
		Summary: "See how far an import is", Tags: tags}, a.getUserImport)
	operation(a, ScopeUsersRead, huma.Operation{OperationID: "get-user-import-results", Method: http.MethodGet, Path: one + "/results",
		Summary: "Read what became of each line of an import", Tags: tags, Metadata: stream,
		Description: "One JSON object a line: line, status (created, exists, failed), external_id, user_id, field, detail.",
		Responses:   map[string]*huma.Response{"200": {Description: "OK", Content: lines("One result a line")}}}, a.getUserImportResults)
	operation(a, ScopeUsersRead, huma.Operation{OperationID: "export-users", Method: http.MethodGet, Path: "/v1/users/export",
		Summary: "Read all users", Tags: []string{"users"}, Metadata: stream,
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

func (a *API) getUserImport(ctx context.Context, in *importInput) (*importOutput, error) {
	i, err := a.userImport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &importOutput{showUserImport(i)}, nil
}

func (a *API) userImport(ctx context.Context, importID string) (*storage.UserImport, error) {
	if !isA(id.Import, importID) {
		return nil, storage.ErrNotFound
	}
	return a.Store.UserImport(ctx, importID)
}

func showUserImport(i *storage.UserImport) UserImport {
	out := UserImport{Object: "user_import", ID: i.ID, Status: "running", Lines: i.Lines, Created: i.Created, Existing: i.Existing,
		Failed: i.Failed, CreatedBy: i.CreatedBy, CreatedAt: i.CreatedAt.UnixMilli(), UpdatedAt: i.UpdatedAt.UnixMilli()}
	if i.Total != 0 {
		out.Total = &i.Total
		if i.Lines >= i.Total {
			out.Status = "finished"
		}
	}
	return out
}
