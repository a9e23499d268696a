package admin

import (
	"slices"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// Right is something that a role may do in the console.
type Right string

// Rights.
const (
	See               Right = "see" // the figures
	UsersRead         Right = "users:read"
	UsersWrite        Right = "users:write" // open, edit, delete, disable, reset, factors, metadata
	UsersRole         Right = "users:role"
	UsersImpersonate  Right = "users:impersonate"
	SessionsRead      Right = "sessions:read"
	SessionsEnd       Right = "sessions:end"
	SessionsEndAll    Right = "sessions:end_all" // everybody's
	ApplicationsRead  Right = "applications:read"
	ApplicationsWrite Right = "applications:write"
	TemplatesRead     Right = "templates:read"
	TemplatesWrite    Right = "templates:write"
	KeysRead          Right = "keys:read"
	KeysWrite         Right = "keys:write"
	PoliciesRead      Right = "policies:read"
	PoliciesWrite     Right = "policies:write"
	WebhooksRead      Right = "webhooks:read"
	WebhooksWrite     Right = "webhooks:write"
	APIKeysRead       Right = "api_keys:read"
	APIKeysWrite      Right = "api_keys:write"
	AuditRead         Right = "audit:read"
)

// Roles says what each role may do. A role that is not in it may do nothing.
var Roles = map[string][]Right{
	actor.RoleOwner: {See, UsersRead, UsersWrite, UsersRole, UsersImpersonate, SessionsRead, SessionsEnd, SessionsEndAll,
		ApplicationsRead, ApplicationsWrite, TemplatesRead, TemplatesWrite, KeysRead, KeysWrite, PoliciesRead, PoliciesWrite,
		WebhooksRead, WebhooksWrite, APIKeysRead, APIKeysWrite, AuditRead},
	actor.RoleAdmin: {See, UsersRead, UsersWrite, UsersImpersonate, SessionsRead, SessionsEnd, SessionsEndAll,
		ApplicationsRead, ApplicationsWrite, TemplatesRead, TemplatesWrite, KeysRead, PoliciesRead,
		WebhooksRead, WebhooksWrite, APIKeysRead, APIKeysWrite, AuditRead},
	actor.RoleSupport: {See, UsersRead, UsersImpersonate, SessionsRead, SessionsEnd},
	actor.RoleAuditor: {See, UsersRead, SessionsRead, ApplicationsRead, TemplatesRead, KeysRead, PoliciesRead, WebhooksRead,
		APIKeysRead, AuditRead},
}

// May tells whether a role has a right.
func May(role string, r Right) bool { return slices.Contains(Roles[role], r) }

// needs is the right that opens each section.
var needs = map[string]Right{page.PathAdmin: See, page.PathAdminUsers: UsersRead, page.PathAdminSessions: SessionsRead,
	page.PathAdminApps: ApplicationsRead, page.PathAdminTemplates: TemplatesRead, page.PathAdminKeys: KeysRead,
	page.PathAdminPolicies: PoliciesRead, page.PathAdminWebhooks: WebhooksRead, page.PathAdminAPIKeys: APIKeysRead,
	page.PathAdminAudit: AuditRead}

func sections(role string) (list []string) {
	for _, s := range page.Sections() {
		if May(role, needs[s.URL]) {
			list = append(list, s.URL)
		}
	}
	return list
}

// over tells whether one user may be changed by another, as far as their roles go: who may reset the password of an owner has
// the owner's rights.
func over(by, of *storage.User) bool { return actor.Over(by.Role, of.Role) }
