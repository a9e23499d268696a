package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/apikey"
	"github.com/curfew-id/curfew/op/user"
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
	apiKeyListInput   struct{ Page }
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
	rows, err := a.Store.APIKeys(ctx, after, in.Limit+1)
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
	n := apikey.NewKey{Scopes: in.Body.Scopes, By: by.id, Kind: by.kind}
	var err error
	if n.Name, err = user.NormalizeName(in.Body.Name); err != nil || n.Name == "" {
		return nil, badField("body", "name", "must be 1 to 200 characters without control characters")
	}
	for i, s := range n.Scopes {
		if !isScope(s) {
			return nil, badField("body", "scopes["+strconv.Itoa(i)+"]", "is not a scope of this API")
		}
	}
	if err := mayGive(ctx, "scopes", n.Scopes); err != nil {
		return nil, err
	}
	if in.Body.ExpiresAt != nil {
		if n.ExpiresAt = time.UnixMilli(*in.Body.ExpiresAt); !n.ExpiresAt.After(a.Clock.Now()) || n.ExpiresAt.Year() > 9999 {
			return nil, badField("body", "expires_at", "must be in the future, in milliseconds since 1970")
		}
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
	if !isA(id.APIKey, in.ID) {
		return nil, storage.ErrNotFound
	}
	row, err := a.Store.APIKey(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &apiKeyOutput{ShowAPIKey(row)}, nil
}

func (a *API) revokeAPIKey(ctx context.Context, in *apiKeyInput) (out *apiKeyOutput, err error) {
	if !isA(id.APIKey, in.ID) {
		return nil, storage.ErrNotFound
	}
	err = a.Store.Tx(ctx, func(tx *storage.Store) error {
		row, err := tx.APIKey(ctx, in.ID)
		if err != nil {
			return err
		}
		if !row.RevokedAt.Set() {
			if err := a.Keys.Revoke(ctx, tx, in.ID, callerOf(ctx)); err != nil {
				return err
			}
			if row, err = tx.APIKey(ctx, in.ID); err != nil {
				return err
			}
		}
		out = &apiKeyOutput{ShowAPIKey(row)}
		return nil
	})
	return out, err
}

// ShowAPIKey returns the document of a key.
func ShowAPIKey(k *storage.APIKey) APIKey {
	return APIKey{Object: "api_key", ID: k.ID, Name: k.Name, Hint: k.Hint, Scopes: strings.Fields(k.Scope), CreatedBy: k.CreatedBy,
		CreatedAt: k.CreatedAt.UnixMilli(), ExpiresAt: milliOrNull(k.ExpiresAt), LastUsedAt: milliOrNull(k.LastUsedAt),
		RevokedAt: milliOrNull(k.RevokedAt), RevokedBy: orNull(k.RevokedBy)}
}
