package page

import "time"

// The account pages, which their navigation links to.
const (
	PathAccount  = "/account"
	PathSecurity = "/account/security"
	// PathConsoleFactor is where somebody with a role sets up the factor that the console asks for.
	PathConsoleFactor = PathSecurity + "/console"
	PathApps          = "/account/apps"
	PathSessions      = "/account/sessions"
)

// Frame is what every account page has around its content.
type Frame struct {
	Base
	Who           Who
	Session       string // whose end leads away from the page; empty for none
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
