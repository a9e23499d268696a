package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/storage"
)

// Operations under /v1/me are for people: the app that somebody is signed in to calls them with its access token, from a
// browser too. They reach nothing but that person's own.

const ownScheme = "access_token"

type ownKey struct{}

// ownOf is the grant of the access token that the request carries.
func ownOf(ctx context.Context) *storage.Grant {
	g, _ := ctx.Value(ownKey{}).(*storage.Grant)
	return g
}

// ownOperation adds an operation for people. Scope is what the access token must have been issued with.
func ownOperation[I, O any](a *API, scope string, op huma.Operation, do func(context.Context, *I) (*O, error)) {
	op.Security = []map[string][]string{{ownScheme: {scope}}}
	if op.Method == http.MethodPost {
		op.Parameters = append(op.Parameters, onceParam())
	}
	op.MaxBodyBytes = maxBody + 1
	op.BodyReadTimeout = 30 * time.Second
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := do(ctx, in)
		if err != nil {
			return nil, a.problemOf(ctx, err)
		}
		return out, nil
	})
}

// isOwn tells whether an operation is for people, and with which scope.
func isOwn(op *huma.Operation) (scope string, ok bool) {
	if len(op.Security) != 1 || len(op.Security[0][ownScheme]) != 1 {
		return "", false
	}
	return op.Security[0][ownScheme][0], true
}

// owner returns the grant of a person's access token, whose session is live right now.
func (a *API) owner(r *http.Request, scope string) (*storage.Grant, error) {
	bearer, err := bearerOf(r)
	if err != nil {
		return nil, err
	}
	_, g, err := a.Tokens.ReadAccess(r.Context(), bearer)
	if errors.Is(err, key.ErrInvalid) {
		return nil, challenge(http.StatusUnauthorized, "invalid_token", "the access token is not good (any more)")
	}
	if err != nil {
		return nil, err
	}
	if g == nil {
		return nil, insufficient(scope, "only the token of a person who is signed in opens this")
	}
	if !slices.Contains(strings.Fields(g.Scope), scope) {
		return nil, insufficient(scope, "this needs the scope "+scope)
	}
	if (g.ActorSub != "" || g.SessionKind == storage.KindImpersonation) && strings.HasSuffix(scope, ":write") { // to see is not to change
		return nil, problem(http.StatusForbidden, "impersonated", "nothing of the account can be changed by somebody who impersonates its user")
	}
	return g, nil
}
