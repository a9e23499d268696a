package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/curfew-id/curfew/op/actor"
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

// mayEnd refuses a person to end sessions of who has more rights than they have, as the console does. A client and a key are not
// asked: an end is never too early for what watches over accounts.
func (a *API) mayEnd(ctx context.Context, tx *storage.Store, userID string) error {
	c := callerIn(ctx)
	if c.kind != storage.MadeByUser {
		return nil
	}
	of, err := tx.User(ctx, userID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil // and so have no rights
	}
	if err != nil {
		return err
	}
	by, err := tx.User(ctx, c.id)
	if err == nil && !actor.Over(by.Role, of.Role) {
		err = problem(http.StatusForbidden, "beyond_rights", "the user has more rights than you")
	}
	return err
}
