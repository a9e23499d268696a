package api

import (
	"slices"
	"strings"
)

// Roles of people in curfew itself.
const (
	roleOwner   = "owner"
	roleAdmin   = "admin"
	roleSupport = "support"
	roleAuditor = "auditor"
)

// ScopesOf are the scopes that a person with the role may use: the only place that says so. It is asked at each request with
// the role that the person has then.
func ScopesOf(role string) []string {
	var out []string
	for _, scope := range Scopes {
		if roleMay(role, scope) {
			out = append(out, scope)
		}
	}
	return out
}

func roleMay(role, scope string) bool {
	switch role {
	case roleOwner:
		return true
	case roleAdmin: // nothing by which they could become an owner, or undo what an owner has laid down
		return scope != ScopeRolesWrite && scope != ScopeKeysWrite && scope != ScopePoliciesWrite
	case roleSupport:
		return scope == ScopeUsersRead || scope == ScopeSessionsRead || scope == ScopeSessionsWrite || strings.HasPrefix(scope, "actor_tokens:")
	case roleAuditor:
		return strings.HasSuffix(scope, ":read")
	}
	return false
}

// isScope tells whether a scope opens something of the management API.
func isScope(scope string) bool { return slices.Contains(Scopes, scope) }
