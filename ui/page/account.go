package page

import "time"

// The account pages, which their navigation links to.
const (
	PathAccount  = "/account"
	PathSecurity = "/account/security"
	PathApps     = "/account/apps"
	PathSessions = "/account/sessions"
)

// Frame is what every account page has around its content.
type Frame struct {
	Base
	Who           Who
	SignOutAction string // the sign-out button posts here
	ShowSessions  bool   // show the way to AccountSessions
}

func (Frame) layout() string { return "account" }

// AccountProfile shows and changes who a person is.
//
// Fields: name, locale. VerifyAction is a form of its own without fields.
type AccountProfile struct {
	Frame
	Form
	Name         string
	Email        string
	Verified     bool
	VerifyAction string // sends the verification mail; empty hides it
	ChangeURL    string // to EmailChange; empty hides it
	Locale       string // chosen language; empty follows the browser
}

func (AccountProfile) template() string { return "account_profile" }

// EmailChange asks for the address that is to take the place of the present one. It
// counts when the code that is sent to it comes back by VerifyEmail.
//
// Fields: email.
type EmailChange struct {
	Frame
	Form
	Email     string // as typed
	Current   string
	CancelURL string
}

func (EmailChange) template() string { return "email_change" }

// AccountApps lists the apps that a person has let in.
type AccountApps struct {
	Frame
	Apps []ConnectedApp
}

// ConnectedApp is one entry of AccountApps. Withdrawing is a form of its own
// without fields.
type ConnectedApp struct {
	Client         Client
	Scopes         []Scope
	Since          time.Time
	LastUsedAt     time.Time // zero: never
	Offline        bool      // has lasting access (offline_access)
	WithdrawAction string
}

func (AccountApps) template() string { return "account_apps" }

func (p AccountApps) policy() policy {
	var logos []string
	for _, a := range p.Apps {
		logos = append(logos, a.Client.LogoURL)
	}
	return policy{images: logos}
}

// AccountSessions lists where a person is signed in.
type AccountSessions struct {
	Frame
	Now             time.Time // what "5 minutes ago" counts from
	Sessions        []SessionRow
	EndOthersAction string // signs out everywhere else; empty hides it
}

// SessionRow is one entry of AccountSessions. Ending is a form of its own
// without fields.
type SessionRow struct {
	Device       string // "Firefox on Linux", or the app's name for lasting access
	Place        string // may be empty
	StartedAt    time.Time
	LastActiveAt time.Time
	Current      bool // this device
	Mobile       bool // a phone or tablet
	Offline      bool // an app's lasting access, without a device
	Apps         []string
	EndAction    string
}

func (AccountSessions) template() string { return "account_sessions" }

// SessionEnd asks once more before sessions are ended.
//
// Fields: confirm, "yes".
type SessionEnd struct {
	Frame
	Form
	Others    bool   // everything but this device; otherwise one
	Device    string // which one
	Current   bool   // it is this device
	Offline   bool   // it is an app's lasting access
	CancelURL string
}

func (SessionEnd) template() string { return "session_end" }
