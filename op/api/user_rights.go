package api

import (
	"context"
	"net/http"

	"github.com/curfew-id/curfew/storage"
)

// mayChange refuses to change an owner, for whoever could not make one: an administrator who can disable the owners, or
// rename them, has their place.
func mayChange(ctx context.Context, row *storage.User) error {
	if row.Role == roleOwner && !may(ctx, ScopeRolesWrite) {
		return problem(http.StatusForbidden, "beyond_rights", "changing an owner needs the scope "+ScopeRolesWrite)
	}
	return nil
}

// mayGiveRole refuses a role that the caller may not give or take.
func mayGiveRole(ctx context.Context, was, is string) error {
	if was != is && !may(ctx, ScopeRolesWrite) {
		return problem(http.StatusForbidden, "beyond_rights", "giving or taking a role needs the scope "+ScopeRolesWrite,
			Fault{"body", "role", "needs the scope " + ScopeRolesWrite})
	}
	return nil
}
