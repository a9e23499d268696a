package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// UserMetadata are the tiers of a user's metadata. One that is not sent stays as it is.
type UserMetadata struct {
	PublicMetadata  object `json:"public_metadata" required:"false" doc:"Apps read it; at most 8 KiB"`
	PrivateMetadata object `json:"private_metadata" required:"false" doc:"Only this API sees it; at most 8 KiB"`
	UnsafeMetadata  object `json:"unsafe_metadata" required:"false" doc:"The user may write it; at most 8 KiB"`
}

type userMetadataInput struct {
	ID string `path:"id"`
	IfMatched
	Body UserMetadata
}

func (a *API) userMetadataOperations() {
	tags := []string{"users"}
	operation(a, ScopeUsersWrite, huma.Operation{OperationID: "merge-user-metadata", Method: http.MethodPatch, Path: "/v1/users/{id}/metadata",
		Summary: "Merge into a user's metadata", Tags: tags,
		Description: "Objects are merged at every depth, null takes a member away (RFC 7396)."}, a.mergeUserMetadata)
	operation(a, ScopeUsersWrite, huma.Operation{OperationID: "replace-user-metadata", Method: http.MethodPut, Path: "/v1/users/{id}/metadata",
		Summary: "Replace a user's metadata", Tags: tags}, a.replaceUserMetadata)
}

func (a *API) mergeUserMetadata(ctx context.Context, in *userMetadataInput) (*userOutput, error) {
	return a.changeMetadata(ctx, in, user.MergeMetadata)
}

// replaceUserMetadata merges into nothing: that leaves out what is null, checks the size and nothing more.
func (a *API) replaceUserMetadata(ctx context.Context, in *userMetadataInput) (*userOutput, error) {
	return a.changeMetadata(ctx, in, func(_, whole []byte) ([]byte, error) { return user.MergeMetadata(nil, whole) })
}

func (a *API) changeMetadata(ctx context.Context, in *userMetadataInput, by func(was, sent []byte) ([]byte, error)) (*userOutput, error) {
	return a.changeUser(ctx, in.ID, in.IfMatch, func(tx *storage.Store) error {
		row, err := tx.User(ctx, in.ID)
		if err != nil {
			return err
		}
		for _, t := range []struct {
			name string
			sent object
			row  *string
		}{
			{"public_metadata", in.Body.PublicMetadata, &row.PublicMetadata},
			{"private_metadata", in.Body.PrivateMetadata, &row.PrivateMetadata},
			{"unsafe_metadata", in.Body.UnsafeMetadata, &row.UnsafeMetadata},
		} {
			if t.sent == nil {
				continue
			}
			next, err := by([]byte(*t.row), t.sent)
			if err != nil {
				return badField("body", t.name, err.Error())
			}
			*t.row = string(next)
		}
		return a.Users.Update(ctx, tx, a.Door, row, callerOf(ctx))
	})
}
