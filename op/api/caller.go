package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/curfew-id/curfew/op/apikey"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/storage"
)

// caller is who makes a request: a client with its own token, an API key, or a person with a role.
type caller struct {
	id   string // for the audit
	kind string // storage.MadeByClient, storage.MadeByUser, or byKey
	// scopes are all that the caller may use by what it presents and by what it is allowed at this moment: a right that was
	// taken away is gone at once, not when the last token with it is.
	scopes []string
	grant  *storage.Grant // of a person's token
}

const byKey = "api_key"

type callerKey struct{}

// callerIn is who makes the request; nil for an operation under /v1/me.
func callerIn(ctx context.Context) *caller {
	c, _ := ctx.Value(callerKey{}).(*caller)
	return c
}

// callerOf names who makes the request, for the audit.
func callerOf(ctx context.Context) string {
	if c := callerIn(ctx); c != nil {
		return c.id
	}
	return ""
}

// may tells whether the caller of an operation may use a scope beside the one that it declares.
func may(ctx context.Context, scope string) bool {
	c := callerIn(ctx)
	return c != nil && slices.Contains(c.scopes, scope)
}

// mayGive refuses to hand out scopes of this API that the caller has not: whoever can make clients or keys would have all.
func mayGive(ctx context.Context, field string, scopes []string) error {
	for _, s := range scopes {
		if isScope(s) && !may(ctx, s) {
			return beyondRights(field, s)
		}
	}
	return nil
}

func beyondRights(field, scope string) error {
	return problem(http.StatusForbidden, "beyond_rights", field+": you cannot give "+scope+", which you do not have",
		Fault{"body", field, "has a scope that you do not have"})
}

// caller returns who makes the request, if they may use the scope. The errors are those of RFC 6750 3.
func (a *API) caller(r *http.Request, scope string) (*caller, error) {
	bearer, err := bearerOf(r)
	if err != nil {
		return nil, err
	}
	var c *caller
	if strings.HasPrefix(bearer, apikey.Prefix) {
		c, err = a.keyCaller(r.Context(), bearer)
	} else {
		c, err = a.tokenCaller(r.Context(), bearer, scope)
	}
	if err != nil {
		return nil, err
	}
	if !slices.Contains(c.scopes, scope) {
		return nil, insufficient(scope, "this needs the scope "+scope)
	}
	return c, nil
}

func invalidToken() *Problem {
	return challenge(http.StatusUnauthorized, "invalid_token", "the access token is not good (any more)")
}

func (a *API) tokenCaller(ctx context.Context, bearer, scope string) (*caller, error) {
	claims, grant, err := a.Tokens.ReadAccess(ctx, bearer)
	switch {
	case errors.Is(err, key.ErrInvalid):
		return nil, invalidToken()
	case err != nil:
		return nil, err
	case grant != nil:
		return a.personCaller(ctx, claims, grant, scope)
	}
	scopes, err := a.clientScopes(ctx, claims.ClientID)
	if errors.Is(err, client.ErrUnknown) {
		return nil, invalidToken()
	}
	return &caller{id: claims.ClientID, kind: storage.MadeByClient, scopes: both(strings.Fields(claims.Scope), scopes)}, err
}

// clientScopes are what a client may use on its own behalf, as it is registered now.
func (a *API) clientScopes(ctx context.Context, clientID string) ([]string, error) {
	c, err := a.Clients.Get(ctx, clientID)
	if err != nil || !c.Allows(client.GrantClientCredentials) {
		return nil, err
	}
	return strings.Fields(c.Scope), nil
}

// personCaller is for administrators. What the app they use was granted, what it may have and what their role allows now
// have all to hold the scope.
func (a *API) personCaller(ctx context.Context, claims *token.AccessClaims, g *storage.Grant, scope string) (*caller, error) {
	if claims.Act != nil || g.ActorSub != "" {
		return nil, insufficient(scope, "who acts as somebody else has not that one's rights here")
	}
	allowed, err := a.roleScopes(ctx, g.UserID)
	if err != nil {
		return nil, err
	}
	c, err := a.Clients.Get(ctx, g.ClientID)
	if errors.Is(err, client.ErrUnknown) {
		return nil, invalidToken()
	}
	if err != nil {
		return nil, err
	}
	scopes := both(both(strings.Fields(g.Scope), strings.Fields(c.Scope)), allowed)
	if !slices.Contains(scopes, scope) {
		return nil, insufficient(scope, "this needs the scope "+scope+" and a role that allows it")
	}
	proved, err := a.Factors.Administers(ctx, g.UserID, g.ACR, g.AMR, g.AuthenticatedAt)
	if err != nil {
		return nil, err
	}
	if !proved { // RFC 9470 3: the app sends the person back for a second factor
		p := challenge(http.StatusUnauthorized, "insufficient_user_authentication",
			"administrators sign in with a second factor that is no code by mail; who has none sets it up on the way into the console")
		p.header["Www-Authenticate"][0] += `, acr_values="` + factor.ACRMulti + `"`
		return nil, p
	}
	return &caller{id: g.UserID, kind: storage.MadeByUser, scopes: scopes, grant: g}, nil
}

// roleScopes are what a person may use, by the role that they have now.
func (a *API) roleScopes(ctx context.Context, userID string) ([]string, error) {
	u, err := a.Store.User(ctx, userID)
	if errors.Is(err, storage.ErrNotFound) || err == nil && u.Status != storage.UserActive {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return ScopesOf(u.Role), nil
}

// keyCaller finds out whose key it is: it may no more than its maker may by now, so that nobody keeps by a key what was
// taken from them.
func (a *API) keyCaller(ctx context.Context, bearer string) (*caller, error) {
	k, err := a.Keys.Find(ctx, bearer)
	if errors.Is(err, apikey.ErrInvalid) {
		return nil, challenge(http.StatusUnauthorized, "invalid_token", "the API key is not good (any more)")
	}
	if err != nil {
		return nil, err
	}
	scopes, err := a.keyScopes(ctx, k)
	return &caller{id: k.ID, kind: byKey, scopes: scopes}, err
}

func (a *API) keyScopes(ctx context.Context, k *storage.APIKey) (allowed []string, err error) {
	switch k.CreatedByKind {
	case storage.MadeByCLI:
		return strings.Fields(k.Scope), nil
	case storage.MadeByClient:
		allowed, err = a.clientScopes(ctx, k.CreatedBy)
	default:
		allowed, err = a.roleScopes(ctx, k.CreatedBy)
	}
	if err != nil && !errors.Is(err, client.ErrUnknown) {
		return nil, err
	}
	return both(strings.Fields(k.Scope), allowed), nil
}

// still refuses to go on with what takes longer than a token lives, once anything was taken from the caller that they began it
// with: the key revoked, the session ended, the role another.
func (a *API) still(ctx context.Context) (err error) {
	c := callerIn(ctx)
	var now []string
	switch c.kind {
	case byKey:
		var k *storage.APIKey
		if k, err = a.Store.APIKey(ctx, c.id); err == nil && apikey.Good(k, a.Clock.Now()) {
			now, err = a.keyScopes(ctx, k)
		}
	case storage.MadeByClient:
		now, err = a.clientScopes(ctx, c.id)
	default:
		if _, _, err = a.Store.LiveSession(ctx, c.grant.UserID, c.grant.SessionID, a.Clock.Now()); err == nil {
			now, err = a.roleScopes(ctx, c.id)
		}
	}
	if err != nil && !errors.Is(err, storage.ErrNotFound) && !errors.Is(err, client.ErrUnknown) {
		return err
	}
	if len(both(c.scopes, now)) < len(c.scopes) {
		return problem(http.StatusForbidden, "rights_changed", "what let this begin is no more")
	}
	return nil
}

// both are the scopes that stand in both lists.
func both(a, b []string) (out []string) {
	for _, s := range a {
		if slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}
