package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/key"
)

// Scopes of the management API.
const (
	ScopeUsersRead         = "users:read"
	ScopeUsersWrite        = "users:write"
	ScopeApplicationsRead  = "oauth_applications:read"
	ScopeApplicationsWrite = "oauth_applications:write"
	ScopeSessionsRead      = "sessions:read"
	ScopeSessionsWrite     = "sessions:write"
	ScopeSessionsEndAll    = "sessions:end_all" // not among what ends one session or another: it signs everybody out
	ScopeTokensCreate      = "session_tokens:create"
	ScopeTemplatesRead     = "claim_templates:read"
	ScopeTemplatesWrite    = "claim_templates:write"
)

// Scopes are all of them.
var Scopes = []string{ScopeUsersRead, ScopeUsersWrite, ScopeApplicationsRead, ScopeApplicationsWrite,
	ScopeSessionsRead, ScopeSessionsWrite, ScopeSessionsEndAll, ScopeTokensCreate, ScopeTemplatesRead, ScopeTemplatesWrite}

var scopeMeaning = map[string]string{
	ScopeUsersRead:         "Read users with their private metadata",
	ScopeUsersWrite:        "Create, change, disable and delete users",
	ScopeApplicationsRead:  "Read OAuth applications",
	ScopeApplicationsWrite: "Create, change and delete OAuth applications and their secrets",
	ScopeSessionsRead:      "Read sessions",
	ScopeSessionsWrite:     "End sessions",
	ScopeTokensCreate:      "Make tokens of live sessions by named claim templates, of whichever user",
	ScopeTemplatesRead:     "Read claim templates and try them on users",
	ScopeTemplatesWrite:    "Change what tokens say",
	ScopeSessionsEndAll:    "End all sessions of everybody",
}

const schemeName = "oauth2"

func (a *API) securitySchemes() map[string]*huma.SecurityScheme {
	return map[string]*huma.SecurityScheme{
		schemeName: {Type: "oauth2", Description: "An access token of a client on its own behalf; it lives 60 seconds.",
			Flows: &huma.OAuthFlows{ClientCredentials: &huma.OAuthFlow{TokenURL: a.Issuer + "/oauth/token", Scopes: scopeMeaning}}},
		ownScheme: {Type: "http", Scheme: "bearer", BearerFormat: "JWT",
			Description: "The access token of the person who is signed in, with the scope that is named."},
	}
}

// scopeOf is the scope that an operation declares in its description, which is what is enforced: there is no second list.
func scopeOf(op *huma.Operation) (string, error) {
	if len(op.Security) != 1 || len(op.Security[0][schemeName]) != 1 || !slices.Contains(Scopes, op.Security[0][schemeName][0]) {
		return "", fmt.Errorf("operation %s does not declare exactly one scope", op.OperationID)
	}
	return op.Security[0][schemeName][0], nil
}

func (a *API) checkScopes() error {
	var errs []error
	for op := range a.operations() {
		if _, own := isOwn(op); !own {
			_, err := scopeOf(op)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// authenticate lets an operation begin if the request's token may.
func (a *API) authenticate(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	err := a.letIn(ctx, r, next)
	if err == nil {
		return
	}
	var p *Problem
	if errors.As(a.problemOf(r.Context(), err), &p) {
		p.write(r.Context(), w)
	}
}

func (a *API) letIn(ctx huma.Context, r *http.Request, next func(huma.Context)) error {
	if scope, own := isOwn(ctx.Operation()); own {
		g, err := a.owner(r, scope)
		if err == nil {
			next(huma.WithValue(ctx, ownKey{}, g))
		}
		return err
	}
	scope, err := scopeOf(ctx.Operation())
	if err != nil {
		return err
	}
	clientID, err := a.caller(r, scope)
	if err == nil {
		next(huma.WithValue(ctx, callerKey{}, clientID))
	}
	return err
}

type callerKey struct{}

// callerOf is the client that makes the request: who did it, for the audit.
func callerOf(ctx context.Context) string {
	clientID, _ := ctx.Value(callerKey{}).(string)
	return clientID
}

// caller returns the client whose own token the request carries, if both the token and the client, as it is registered
// now, have the scope. The errors are those of RFC 6750 3.
func (a *API) caller(r *http.Request, scope string) (string, error) {
	bearer, err := bearerOf(r)
	if err != nil {
		return "", err
	}
	claims, grant, err := a.Tokens.ReadAccess(r.Context(), bearer)
	if errors.Is(err, key.ErrInvalid) {
		return "", challenge(http.StatusUnauthorized, "invalid_token", "the access token is not good (any more)")
	}
	if err != nil {
		return "", err
	}
	if grant != nil {
		return "", insufficient(scope, "only a client's own token opens the management API")
	}
	c, err := a.Clients.Get(r.Context(), claims.ClientID)
	if errors.Is(err, client.ErrUnknown) {
		return "", challenge(http.StatusUnauthorized, "invalid_token", "the access token is not good (any more)")
	}
	if err != nil {
		return "", err
	}
	// A right that was taken from the client is gone at once, not when its last token is.
	if !claims.HasScope(scope) || c.MayScope(scope) == "" || !c.Allows(client.GrantClientCredentials) {
		return "", insufficient(scope, "this needs the scope "+scope)
	}
	return c.ID, nil
}

// bearerOf returns the one access token of a request (RFC 6750 2.1).
func bearerOf(r *http.Request) (string, error) {
	header := r.Header.Values("Authorization")
	if len(header) > 1 {
		return "", challenge(http.StatusBadRequest, "invalid_request", "more than one Authorization header")
	}
	bearer := ""
	if len(header) == 1 {
		if scheme, rest, _ := strings.Cut(header[0], " "); strings.EqualFold(scheme, "Bearer") {
			bearer = strings.TrimLeft(rest, " ")
		}
	}
	if bearer == "" { // RFC 6750 3.1: no error code for a request without a token
		p := challenge(http.StatusUnauthorized, "", "an access token is needed")
		p.Code = "unauthenticated"
		return "", p
	}
	return bearer, nil
}

func insufficient(scope, detail string) *Problem {
	p := challenge(http.StatusForbidden, "insufficient_scope", detail)
	p.header["Www-Authenticate"][0] += `, scope="` + scope + `"`
	return p
}

// challenge is a problem with the header of RFC 6750 3. Code and detail are our own words and need no quoting.
func challenge(status int, code, detail string) *Problem {
	p := problem(status, code, detail)
	value := `Bearer realm="curfew"`
	if code != "" {
		value += `, error="` + code + `"`
	}
	p.header = http.Header{"Www-Authenticate": {value}}
	return p
}
