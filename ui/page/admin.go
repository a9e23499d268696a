package page

import "time"

// The console's pages, which its navigation links to.
const (
	PathAdmin          = "/admin"
	PathAdminUsers     = PathAdmin + "/users"
	PathAdminSessions  = PathAdmin + "/sessions"
	PathAdminApps      = PathAdmin + "/applications"
	PathAdminTemplates = PathAdmin + "/templates"
	PathAdminKeys      = PathAdmin + "/keys"
	PathAdminAPIKeys   = PathAdmin + "/api-keys"
	PathAdminPolicies  = PathAdmin + "/policies"
	PathAdminWebhooks  = PathAdmin + "/webhooks"
	PathAdminAudit     = PathAdmin + "/audit"
)

// Console is what every page of the console has around its content.
type Console struct {
	Base
	Who           Who
	Role          string // of who looks
	Session       string // of who looks; its end leads away from the page
	SignOutAction string
	Section       string   // the path of the section that the page is in
	Sections      []string // the paths that the role may open
	Now           time.Time
}

func (Console) layout() string { return "admin" }

// Sections lists the console's sections in the order of the navigation, each with the key of its words.
func Sections() []Link {
	return []Link{
		{PathAdmin, "admin.nav.overview"}, {PathAdminUsers, "admin.nav.users"}, {PathAdminSessions, "admin.nav.sessions"},
		{PathAdminApps, "admin.nav.apps"}, {PathAdminTemplates, "admin.nav.templates"}, {PathAdminKeys, "admin.nav.keys"},
		{PathAdminPolicies, "admin.nav.policies"}, {PathAdminWebhooks, "admin.nav.webhooks"},
		{PathAdminAPIKeys, "admin.nav.api_keys"}, {PathAdminAudit, "admin.nav.audit"},
	}
}

// AdminEnter stands before the console where the session was not proved by what the console asks for.
type AdminEnter struct {
	Base
	Who       Who
	StepUpURL string // asks for the second factor; empty with EnrollURL
	EnrollURL string // where one is set up; empty: the person has one
	LeaveURL  string
}

func (AdminEnter) template() string { return "admin_enter" }

// AdminConfirm asks once more before something is done that cannot be taken back.
//
// Fields: confirm, "yes"; reason where Reason is set.
type AdminConfirm struct {
	Console
	Form
	Act       Act
	Object    string  // what it is done to
	Hidden    []Param // what was chosen before
	Reason    bool    // ask for one
	Told      []Told  // who will be told of an end
	Typed     string  // the reason, as typed
	CancelURL string
}

func (AdminConfirm) template() string { return "admin_confirm" }

// Act is what AdminConfirm asks about: "admin.act.<Act>.title", ".lead" and ".button".
type Act string

// Acts.
const (
	ActDisable      Act = "disable"
	ActReset        Act = "reset"
	ActInvite       Act = "invite"
	ActRemoveFactor Act = "remove_factor"
	ActEndSession   Act = "end_session"
	ActEndUser      Act = "end_user"
	ActEndApp       Act = "end_app"
	ActEndAll       Act = "end_all"
	ActRole         Act = "role"
	ActImpersonate  Act = "impersonate"
	ActSecret       Act = "secret"
	ActDeleteApp    Act = "delete_app"
	ActRotateKey    Act = "rotate_key"
	ActTemplate     Act = "delete_template"
	ActWebhook      Act = "delete_webhook"
	ActAPIKey       Act = "revoke_api_key"
)

// Acts lists every Act.
func Acts() []Act {
	return []Act{ActDisable, ActReset, ActInvite, ActRemoveFactor, ActEndSession, ActEndUser, ActEndApp, ActEndAll, ActRole, ActImpersonate,
		ActSecret, ActDeleteApp, ActRotateKey, ActTemplate, ActWebhook, ActAPIKey}
}

// Told says by what an app will learn of an end: "backchannel", "frontchannel" or "none".
type Told struct {
	App     string
	Channel string
	DeadBy  time.Time // from when on no token is good there, told or not
}

// Channels lists every channel of Told.
func Channels() []string { return []string{"backchannel", "frontchannel", "none"} }

// Roles lists every role by name; "" is who has none, "role.none".
func Roles() []string { return []string{"owner", "admin", "support", "auditor", ""} }

// Statuses lists what a session can stand at: "status.<status>".
func Statuses() []string {
	return []string{"pending", "active", "ended", "removed", "replaced", "revoked", "expired", "abandoned"}
}

// Pager leads to the next page of a list; empty: there is none.
type Pager struct {
	FirstURL, NextURL string
}
