package page

import "time"

// AdminApps is the list of applications.
type AdminApps struct {
	Console
	Apps   []AppRow
	NewURL string
	Pager  Pager
}

func (AdminApps) template() string { return "admin_apps" }

// AppRow is one application of a list.
type AppRow struct {
	URL, Name, ID, Kind string
	Backchannel         bool
	Frontchannel        bool
	UpdatedAt           time.Time
}

// AppKinds lists what an application can be: "admin.app.kind.<kind>".
func AppKinds() []string { return []string{"web", "browser", "service"} }

// AdminAppForm sets an application up, or changes it.
//
// Fields: kind (of a new one), name, redirect_uris, post_logout_redirect_uris, backchannel_logout_uri, frontchannel_logout_uri,
// scope, skip_consent.
type AdminAppForm struct {
	Console
	Form
	New                       bool
	ID                        string
	Kind                      string // of a new one "" until it is chosen
	Name                      string
	Redirects, PostRedirects  string // one to a line
	Backchannel, Frontchannel string
	Scope                     string
	SkipConsent               bool
	Version                   int64
	CancelURL                 string
}

func (AdminAppForm) template() string { return "admin_app_form" }

// AdminApp shows an application, its way in for developers, and what can be done to it.
type AdminApp struct {
	Console
	ID, Name, Kind                         string
	Secret                                 string // shown this once
	Redirects, PostRedirects, Grants       []string
	Backchannel, Frontchannel, Scope, Auth string
	SkipConsent                            bool
	CreatedAt, UpdatedAt                   time.Time
	Stack                                  string
	Stacks                                 []Stack
	Snippet                                Snippet
	EditURL                                string
	SecretAction, EndAction, DeleteAction  string
}

func (AdminApp) template() string { return "admin_app" }

// Stack is one that there is a snippet for: "admin.stack.<Name>".
type Stack struct {
	Name, URL string
	Current   bool
}

// StackNames lists every stack.
func StackNames() []string { return []string{"go", "browser", "node", "oidc", "curl"} }

// StackName is a stack in words.
func (v view) StackName(name string) string { return v.T("admin.stack." + name) }

// Snippet is a program that signs people in.
type Snippet struct {
	File, Install, Code string
}
