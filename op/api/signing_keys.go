package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/op/key"
)

// SigningKey is the public side of a key that tokens are signed with. The private one leaves the database only sealed.
type SigningKey struct {
	Object    string `json:"object" enum:"signing_key"`
	KID       string `json:"kid"`
	Alg       string `json:"alg"`
	State     string `json:"state" enum:"next,signing,retired" doc:"next: published, signs later; retired: published until its last token is dead"`
	PublicJWK object `json:"public_jwk" doc:"RFC 7517"`
	CreatedAt int64  `json:"created_at"`
	ActiveAt  int64  `json:"active_at" doc:"When it begins to sign"`
	RetiredAt *int64 `json:"retired_at"`
}

type keyListOutput = listOutput[SigningKey]

func (a *API) signingKeyOperations() {
	tags := []string{"signing_keys"}
	operation(a, ScopeKeysRead, huma.Operation{OperationID: "list-signing-keys", Method: http.MethodGet, Path: "/v1/signing_keys",
		Summary: "List the keys that tokens are signed with", Tags: tags, Description: "All of them on one page, by when they begin to sign."}, a.listSigningKeys)
	operation(a, ScopeKeysWrite, huma.Operation{OperationID: "rotate-signing-keys", Method: http.MethodPost, Path: "/v1/signing_keys/rotate",
		Summary: "Publish a successor of every signing key now", Tags: tags, Description: "It signs when every app that caches the key " +
			"set knows it. A key whose successor is published already gets no second one."}, a.rotateSigningKeys)
}

func (a *API) listSigningKeys(ctx context.Context, _ *struct{}) (*keyListOutput, error) {
	list, err := a.Store.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	shown := make([]SigningKey, len(list))
	for i, k := range list {
		shown[i] = SigningKey{"signing_key", k.ID, k.Alg, key.State(list[i:], a.Clock.Now()), object(k.PublicJWK), k.CreatedAt.UnixMilli(),
			k.ActiveAt.UnixMilli(), milliOrNull(k.RetiredAt)}
	}
	return &keyListOutput{List[SigningKey]{Object: "list", Data: shown}}, nil
}

func (a *API) rotateSigningKeys(ctx context.Context, in *struct{}) (*keyListOutput, error) {
	if err := a.Ring.Rotate(key.WithBy(ctx, callerOf(ctx)), true); err != nil {
		return nil, fmt.Errorf("rotate signing keys: %w", err)
	}
	return a.listSigningKeys(ctx, in)
}
