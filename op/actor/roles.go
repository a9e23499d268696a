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

// Over tells whether who has one role may do something to who has another: nobody does to those with more rights. A role that
// nobody knows is the owners' to sort out.
func Over(by, of string) bool {
	a, known := rank[by]
	b, subjectKnown := rank[of]
	if !subjectKnown {
		return by == RoleOwner
	}
	return known && a >= b
}
