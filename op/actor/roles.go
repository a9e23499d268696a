package actor

// Roles of users. Any other is a mistake of somebody's, and takes part in nothing.
const (
	RoleOwner   = "owner"
	RoleAdmin   = "admin"
	RoleSupport = "support"
	RoleAuditor = "auditor"
	RoleNone    = "" // people who are no administrators
)

// Roles are all of them, the most powerful first.
var Roles = []string{RoleOwner, RoleAdmin, RoleSupport, RoleAuditor, RoleNone}

// rank orders roles by their rights. Support and auditors have different ones, of which neither are more.
var rank = map[string]int{RoleOwner: 3, RoleAdmin: 2, RoleSupport: 1, RoleAuditor: 1, RoleNone: 0}
