package page

import "time"

// AdminUsers is the list of users, with the form that narrows it.
//
// Fields of the query: q, status, role, second ("yes", "no"), seen (one of SeenSpans), after.
type AdminUsers struct {
	Console
	Form
	Query, Status, RoleFilter, Second, Seen string

	Users  []UserRow
	More   bool // a search found more than one page
	Partly bool // not all were looked at: the pager goes on
	Pager  Pager

	NewURL string // "" for who opens no accounts
}

func (AdminUsers) template() string { return "admin_users" }

// UserRow is one user of a list.
type UserRow struct {
	URL          string
	Name, Email  string
	Role         string
	Disabled     bool
	CreatedAt    time.Time
	LastSignInAt time.Time // zero: never
}

// SeenSpans lists by when users last signed in they can be narrowed to: "admin.users.seen.<span>".
func SeenSpans() []string { return []string{"7d", "30d", "not30d", "not90d", "not1y"} }

// SeenChoice is a Choice among SeenSpans.
func (v view) SeenChoice(form Form, label, value string) control {
	list := []Option{{"", v.T("admin.any")}}
	for _, s := range SeenSpans() {
		list = append(list, Option{s, v.T("admin.users.seen." + s)})
	}
	return v.Choice(form, "seen", label, value, list)
}

// SecondChoice is a Choice between users with a second factor and without.
func (v view) SecondChoice(form Form, label, value string) control {
	return v.Choice(form, "second", label, value, []Option{{"", v.T("admin.any")}, {"yes", v.T("admin.users.second.yes")},
		{"no", v.T("admin.users.second.no")}})
}

// AdminUser is all that the console knows of one user. An empty action hides what it would do.
//
// Fields of Metadata: tier (public, private or unsafe), how (merge or replace), json. Of RoleForm: role.
type AdminUser struct {
	Console
	ID       string
	Name     string
	Email    string
	Verified bool
	Phone    string
	Locale   string
	UserRole string

	GivenName, FamilyName string
	SessionLimit          int // 0: as configured

	Disabled  bool
	Self      bool // the one who looks
	CreatedAt time.Time
	UpdatedAt time.Time
	LastSeen  time.Time

	Factors             []FactorRow
	Live                []AdminSessionRow
	Devices             []DeviceRow
	Consents            []ConsentRow
	Metadata            []MetadataForm
	History             []EventRow
	OlderURL, NewestURL string     // of the history
	ActedBy, Acted      []EventRow // impersonations of the user, and those by them

	ExternalID string // what they are called where they come from

	DisableAction, EnableAction, ResetAction, InviteAction, EndAllAction, ImpersonateAction string
	EditURL, DeleteURL                                                                      string
	RoleForm                                                                                Form
	MoreSessionsURL, MoreEventsURL                                                          string
}

func (AdminUser) template() string { return "admin_user" }

// FactorRow is something that a user proves with.
type FactorRow struct {
	Kind         string // password, email, sms, totp, recovery
	Label        string
	Left         int // of recovery codes
	CreatedAt    time.Time
	UsedAt       time.Time
	RemoveAction string
}

// FactorKinds lists every kind: "admin.factor.<kind>".
func FactorKinds() []string { return []string{"password", "email", "sms", "totp", "recovery"} }

// FactorName is a kind of factor in words.
func (v view) FactorName(kind string) string { return v.T("admin.factor." + kind) }

// DeviceRow is a browser that a user was seen on.
type DeviceRow struct {
	Name, Address, City, Country string
	Mobile                       bool
	FirstSeenAt, LastSeenAt      time.Time
}

// ConsentRow is what a user allowed an app.
type ConsentRow struct {
	App, AppURL string
	Scope       string
	GrantedAt   time.Time
}

// MetadataForm edits one tier of a user's metadata.
type MetadataForm struct {
	Form
	Tier    string // public, private, unsafe
	JSON    string // as it is, or as typed
	Version int64  // what it was read at
	Replace bool
}

// Tiers lists every tier: "admin.meta.<tier>" and ".hint".
func Tiers() []string { return []string{"public", "private", "unsafe"} }

// TierName is a tier in words.
func (v view) TierName(tier string) string { return v.T("admin.meta." + tier) }

// TierHint says who reads and writes a tier.
func (v view) TierHint(tier string) string { return v.T("admin.meta." + tier + ".hint") }
