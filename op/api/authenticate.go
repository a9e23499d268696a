package api

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
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
	ScopeActorTokensRead   = "actor_tokens:read"
	ScopeActorTokensWrite  = "actor_tokens:write"
	ScopePoliciesRead      = "policies:read"
	ScopePoliciesWrite     = "policies:write"
	ScopeWebhooksRead      = "webhooks:read"
	ScopeWebhooksWrite     = "webhooks:write"
	ScopeAPIKeysRead       = "api_keys:read"
	ScopeAPIKeysWrite      = "api_keys:write"
	ScopeAuditRead         = "audit:read"
	ScopeKeysRead          = "keys:read"
	ScopeKeysWrite         = "keys:write"
	ScopeConsentsRead      = "consents:read"
	ScopeConsentsWrite     = "consents:write"
	ScopeRolesWrite        = "roles:write" // beside users:write: to give roles, and to change who is an owner
)

// Scopes are all of them.
var Scopes = []string{ScopeUsersRead, ScopeUsersWrite, ScopeApplicationsRead, ScopeApplicationsWrite,
	ScopeSessionsRead, ScopeSessionsWrite, ScopeSessionsEndAll, ScopeTokensCreate, ScopeTemplatesRead, ScopeTemplatesWrite,
	ScopeActorTokensRead, ScopeActorTokensWrite, ScopePoliciesRead, ScopePoliciesWrite, ScopeWebhooksRead, ScopeWebhooksWrite,
	ScopeAPIKeysRead, ScopeAPIKeysWrite, ScopeAuditRead, ScopeKeysRead, ScopeKeysWrite, ScopeConsentsRead, ScopeConsentsWrite, ScopeRolesWrite}

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
	ScopeActorTokensRead:   "Read who may act as whom, and who has",
	ScopeActorTokensWrite:  "Let people act as others, and end it",
	ScopePoliciesRead:      "Read policies",
	ScopePoliciesWrite:     "Change policies",
	ScopeWebhooksRead:      "Read webhook endpoints and what was sent to them",
	ScopeWebhooksWrite:     "Add and change webhook endpoints, which are then told of users and sessions",
	ScopeAPIKeysRead:       "Read API keys, never their secrets",
	ScopeAPIKeysWrite:      "Make and revoke API keys",
	ScopeAuditRead:         "Read the audit",
	ScopeKeysRead:          "Read which keys sign",
	ScopeKeysWrite:         "Rotate the keys that sign",
	ScopeConsentsRead:      "Read what users let applications have",
	ScopeConsentsWrite:     "Withdraw what users let applications have",
	ScopeRolesWrite:        "Give and take roles, and change owners; beside users:write",
	ScopeSessionsEndAll:    "End all sessions of everybody",
}

const schemeName = "oauth2"

func (a *API) securitySchemes() map[string]*huma.SecurityScheme {
	return map[string]*huma.SecurityScheme{
		schemeName: {Type: "oauth2", Description: "An access token of a client on its own behalf or of an administrator, which lives 60 seconds; or an API key.",
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
	by, err := a.caller(r, scope)
	if err == nil {
		next(huma.WithValue(ctx, callerKey{}, by))
	}
	return err
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
