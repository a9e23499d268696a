package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// ScopeOwnMetadata lets an app write what its user may write.
const ScopeOwnMetadata = "unsafe_metadata:write"

// OwnMetadata is what a person may see of their metadata.
type OwnMetadata struct {
	Object         string `json:"object" enum:"metadata"`
	PublicMetadata object `json:"public_metadata"`
	UnsafeMetadata object `json:"unsafe_metadata"`
}

// OwnMetadataFields is what a person may write.
type OwnMetadataFields struct {
	UnsafeMetadata object `json:"unsafe_metadata" doc:"Merged at every depth, null takes a member away (RFC 7396); at most 8 KiB"`
}

type (
	ownMetadataInput struct {
		IfMatched
		Body OwnMetadataFields
	}
	ownMetadataOutput struct {
		ETag string `header:"ETag"`
		Body OwnMetadata
	}
)

func (a *API) ownMetadataOperations() {
	tags := []string{"me"}
	ownOperation(a, "profile", huma.Operation{OperationID: "get-own-metadata", Method: http.MethodGet, Path: "/v1/me/metadata",
		Summary: "Read one's own metadata", Tags: tags}, a.getOwnMetadata)
	ownOperation(a, ScopeOwnMetadata, huma.Operation{OperationID: "merge-own-metadata", Method: http.MethodPatch, Path: "/v1/me/metadata",
		Summary: "Merge into one's own unsafe metadata", Tags: tags}, a.mergeOwnMetadata)
}

func (a *API) getOwnMetadata(ctx context.Context, _ *struct{}) (*ownMetadataOutput, error) {
	row, err := a.Store.User(ctx, ownOf(ctx).UserID)
	if err != nil {
		return nil, err
	}
	return showOwnMetadata(row), nil
}

func (a *API) mergeOwnMetadata(ctx context.Context, in *ownMetadataInput) (*ownMetadataOutput, error) {
	g := ownOf(ctx)
	var row *storage.User
	err := a.change(ctx, in.IfMatch, func(tx *storage.Store) (err error) {
		if row, err = tx.User(ctx, g.UserID); err != nil {
			return err
		}
		if err := checkMatch(in.IfMatch, row.Version); err != nil {
			return err
		}
		next, err := user.MergeMetadata([]byte(row.UnsafeMetadata), in.Body.UnsafeMetadata)
		if errors.Is(err, user.ErrMetadataNoObject) || errors.Is(err, user.ErrMetadataTooLarge) {
			return badField("body", "unsafe_metadata", err.Error())
		}
		if err != nil {
			return err
		}
		row.UnsafeMetadata = string(next)
		return a.Users.Update(ctx, tx, a.Door, row, g.UserID)
	})
	if err != nil {
		return nil, err
	}
	return showOwnMetadata(row), nil
}

func showOwnMetadata(row *storage.User) *ownMetadataOutput {
	return &ownMetadataOutput{etag(row.Version), OwnMetadata{Object: "metadata", PublicMetadata: object(row.PublicMetadata), UnsafeMetadata: object(row.UnsafeMetadata)}}
}
