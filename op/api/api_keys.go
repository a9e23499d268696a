package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/apikey"
	"github.com/curfew-id/curfew/storage"
)

// APIKey opens this API to a script or a pipeline.
type APIKey struct {
	Object     string   `json:"object" enum:"api_key"`
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Secret     string   `json:"secret,omitempty" doc:"Only in the answer that made it: it is stored as a hash"`
	Hint       string   `json:"hint" doc:"The last four characters of the secret"`
	Scopes     []string `json:"scopes"`
	CreatedBy  string   `json:"created_by" doc:"A client, a user, or cli. The key may no more than they may"`
	CreatedAt  int64    `json:"created_at"`
	ExpiresAt  *int64   `json:"expires_at" doc:"null: never"`
	LastUsedAt *int64   `json:"last_used_at" doc:"To the minute"`
	RevokedAt  *int64   `json:"revoked_at"`
	RevokedBy  *string  `json:"revoked_by"`
}

// NewAPIKey is what a key begins with.
type NewAPIKey struct {
	Name      string   `json:"name" minLength:"1" maxLength:"200"`
	Scopes    []string `json:"scopes" minItems:"1" maxItems:"100" doc:"Scopes of this API that you have yourself"`
	ExpiresAt *int64   `json:"expires_at,omitempty" required:"false" doc:"Absent: never"`
}

type (
	apiKeyInput struct {
		ID string `path:"id"`
	}
	apiKeyListInput struct {
		Page
		Revoked string `query:"revoked" enum:"true,false" doc:"Only those that are revoked, or only those that are not"`
		Expired string `query:"expired" enum:"true,false" doc:"Only those whose time is over, or only those whose is not"`
	}
	apiKeyCreateInput struct{ Body NewAPIKey }
	apiKeyOutput      struct{ Body APIKey }
)

func (a *API) apiKeyOperations() {
	tags := []string{"api_keys"}
	const all, one = "/v1/api_keys", "/v1/api_keys/{id}"
	operation(a, ScopeAPIKeysRead, huma.Operation{OperationID: "list-api-keys", Method: http.MethodGet, Path: all,
		Summary: "List API keys, the oldest first", Tags: tags}, a.listAPIKeys)
	operation(a, ScopeAPIKeysWrite, huma.Operation{OperationID: "create-api-key", Method: http.MethodPost, Path: all,
		Summary: "Make an API key", Tags: tags, DefaultStatus: http.StatusCreated,
		Description: "For clients and people: an API key makes no others, so that revoking it takes away all that it opened."}, a.createAPIKey)
	operation(a, ScopeAPIKeysRead, huma.Operation{OperationID: "get-api-key", Method: http.MethodGet, Path: one,
		Summary: "Get an API key", Tags: tags}, a.getAPIKey)
	operation(a, ScopeAPIKeysWrite, huma.Operation{OperationID: "revoke-api-key", Method: http.MethodPost, Path: one + "/revoke",
		Summary: "Revoke an API key", Tags: tags, Description: "It is refused from the next request on. Of one that is revoked already nothing changes."}, a.revokeAPIKey)
}

func (a *API) listAPIKeys(ctx context.Context, in *apiKeyListInput) (*listOutput[APIKey], error) {
	after, err := in.after(id.APIKey)
	if err != nil {
		return nil, err
	}
	rows, err := a.Store.APIKeys(ctx, storage.APIKeyFilter{Revoked: eitherWay(in.Revoked), Expired: eitherWay(in.Expired),
		Now: a.Clock.Now(), After: after, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	return listed(rows, in.Limit, func(k *storage.APIKey) string { return k.ID }, ShowAPIKey), nil
}

func (a *API) createAPIKey(ctx context.Context, in *apiKeyCreateInput) (*apiKeyOutput, error) {
	by := callerIn(ctx)
	if by.kind == byKey {
		return nil, problem(http.StatusForbidden, "beyond_rights", "an API key makes no others")
	}
	n := apikey.NewKey{Name: in.Body.Name, Scopes: in.Body.Scopes, By: by.id, Kind: by.kind}
	if in.Body.ExpiresAt != nil {
		n.ExpiresAt = time.UnixMilli(max(*in.Body.ExpiresAt, 0)) // no number stands for never
	}
	n, err := a.Keys.Check(n, Scopes, by.scopes)
	if err != nil {
		return nil, newKeyProblem(err)
	}
	var out *apiKeyOutput
	err = a.Store.Tx(ctx, func(tx *storage.Store) error {
		row, plain, err := a.Keys.Create(ctx, tx, n)
		if err != nil {
			return err
		}
		out = &apiKeyOutput{ShowAPIKey(row)}
		out.Body.Secret = plain
		return nil
	})
	return out, err
}

func (a *API) getAPIKey(ctx context.Context, in *apiKeyInput) (*apiKeyOutput, error) {
	row, err := a.Keys.Lookup(ctx, a.Store, in.ID)
	if err != nil {
		return nil, err
	}
	return &apiKeyOutput{ShowAPIKey(row)}, nil
}

func (a *API) revokeAPIKey(ctx context.Context, in *apiKeyInput) (*apiKeyOutput, error) {
	row, err := a.Keys.End(ctx, a.Store, in.ID, callerOf(ctx))
	if err != nil {
		return nil, err
	}
	return &apiKeyOutput{ShowAPIKey(row)}, nil
}

func newKeyProblem(err error) error {
	var field *apikey.FieldError
	switch {
	case !errors.As(err, &field):
		return err
	case field.Beyond != "":
		return beyondRights(field.Field, field.Beyond)
	}
	return badField("body", field.Field, field.Reason)
}

// ShowAPIKey returns the document of a key.
func ShowAPIKey(k *storage.APIKey) APIKey {
	return APIKey{Object: "api_key", ID: k.ID, Name: k.Name, Hint: k.Hint, Scopes: strings.Fields(k.Scope), CreatedBy: k.CreatedBy,
		CreatedAt: k.CreatedAt.UnixMilli(), ExpiresAt: milliOrNull(k.ExpiresAt), LastUsedAt: milliOrNull(k.LastUsedAt),
		RevokedAt: milliOrNull(k.RevokedAt), RevokedBy: orNull(k.RevokedBy)}
}
