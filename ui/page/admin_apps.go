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
func AppKinds() []string { return []string{"web", "browser", "native", "service"} }

// AdminApp shows an application, its way in for developers, who uses it, and what can be done to it.
type AdminApp struct {
	Console
	ID, Name, Kind                         string
	New                                    bool   // registered a moment ago
	Secret                                 string // shown this once
	Redirects, PostRedirects, Grants       []string
	Backchannel, Frontchannel, Scope, Auth string
	SkipConsent                            bool
	CreatedAt, UpdatedAt                   time.Time
	Use                                    AppUse
	Health                                 AppHealth
	TemplateURL, NewTemplateURL            string // of its claims; the second where there is none
	Stack                                  string
	Stacks                                 []Stack
	Program                                Program
	EditURL                                string
	SecretAction, EndAction, DeleteAction  string
}

func (AdminApp) template() string { return "admin_app" }

// AppUse says who uses an application: as far as was counted, which More says was not to the end.
type AppUse struct {
	Sessions   int
	More       bool
	LastUsedAt time.Time // zero where nobody does
	Rows       []AdminSessionRow
}

// AppHealth is how the newest messages to an application's back channel went. Sum is nought where there were none.
type AppHealth struct {
	Delivered, Failed, Waiting int
	P50                        time.Duration // until a message was taken, of the delivered
	LastError                  string        // class of the newest failure
	LastAt                     time.Time     // of the newest message
}

// Sum is how many messages were looked at.
func (h AppHealth) Sum() int { return h.Delivered + h.Failed + h.Waiting }

// Stack is one that there is a snippet for: "admin.stack.<Name>".
type Stack struct {
	Name, URL string
	Current   bool
}

// StackNames lists every stack: "admin.stack.<name>", what it is in ".more", what its program shows in ".see".
func StackNames() []string {
	return []string{"go", "node", "browser", "spa", "native", "curl", "oidc"}
}

// StackName is a stack in words.
func (v view) StackName(name string) string { return v.T("admin.stack." + name) }

// StackMore says what a stack is for, StackSee what its program shows.
func (v view) StackMore(name string) string { return v.T("admin.stack." + name + ".more") }

// StackSee says what there is to see when a stack's program runs.
func (v view) StackSee(name string) string { return v.T("admin.stack." + name + ".see") }

// Snippet is one file with what it needs.
type Snippet struct {
	File, Install, Code string
}

// Program signs people in: what it needs, its files, and the line that runs it. Install and Run can be empty.
type Program struct {
	Install, Run string
	Files        []ProgramFile
}

// ProgramFile is a file of a Program.
type ProgramFile struct{ Name, Code string }
