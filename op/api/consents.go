package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/storage"
)

// Consent is what a user lets an application have.
type Consent struct {
	Object    string   `json:"object" enum:"consent"`
	UserID    string   `json:"user_id"`
	ClientID  string   `json:"client_id"`
	Scopes    []string `json:"scopes"`
	CreatedAt int64    `json:"created_at"`
	UpdatedAt int64    `json:"updated_at"`
}

type (
	consentInput struct {
		UserID   string `path:"user_id"`
		ClientID string `path:"client_id"`
	}
	consentListInput struct {
		Page
		UserID   string `query:"user_id" maxLength:"200"`
		ClientID string `query:"client_id" maxLength:"200"`
	}
	consentOutput struct{ Body Consent }
)

func (a *API) consentOperations() {
	tags := []string{"consents"}
	operation(a, ScopeConsentsRead, huma.Operation{OperationID: "list-consents", Method: http.MethodGet, Path: "/v1/consents",
		Summary: "List what users let applications have", Tags: tags}, a.listConsents)
	operation(a, ScopeConsentsWrite, huma.Operation{OperationID: "withdraw-consent", Method: http.MethodPost,
		Path: "/v1/consents/{user_id}/{client_id}/withdraw", Summary: "Withdraw a user's consent", Tags: tags,
		Description: "The application's tokens are revoked and its lasting access ends; the user is asked again. Returns what it was."}, a.withdrawConsent)
}

func (a *API) listConsents(ctx context.Context, in *consentListInput) (*listOutput[Consent], error) {
	after, err := in.after("")
	if err != nil {
		return nil, err
	}
	if in.UserID != "" && !isA(id.User, in.UserID) {
		return nil, badField("query", "user_id", "is not the id of a user")
	}
	if in.ClientID != "" && !plausible(in.ClientID) {
		return nil, badField("query", "client_id", "is not the id of a client")
	}
	f := storage.ConsentFilter{UserID: in.UserID, ClientID: in.ClientID, Limit: in.Limit + 1}
	f.AfterUser, f.AfterClient, _ = strings.Cut(after, "/") // no user's id has one
	if after != "" && !isA(id.User, f.AfterUser) {
		return nil, badCursor()
	}
	rows, err := a.Store.FindConsents(ctx, f)
	if err != nil {
		return nil, err
	}
	return listed(rows, in.Limit, func(c *storage.Consent) string { return c.UserID + "/" + c.ClientID }, showConsent), nil
}

func (a *API) withdrawConsent(ctx context.Context, in *consentInput) (out *consentOutput, err error) {
	if !isA(id.User, in.UserID) || !plausible(in.ClientID) {
		return nil, storage.ErrNotFound
	}
	row, err := a.Store.Consent(ctx, in.UserID, in.ClientID)
	if err != nil {
		return nil, err
	}
	if err := a.Consents.Withdraw(ctx, in.UserID, in.ClientID, callerOf(ctx)); err != nil {
		return nil, err
	}
	return &consentOutput{showConsent(row)}, nil
}

func showConsent(c *storage.Consent) Consent {
	return Consent{Object: "consent", UserID: c.UserID, ClientID: c.ClientID, Scopes: strings.Fields(c.Scope),
		CreatedAt: c.GrantedAt.UnixMilli(), UpdatedAt: c.UpdatedAt.UnixMilli()}
}
