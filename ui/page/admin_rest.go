package page

import "time"

// AdminKeys lists the signing keys.
type AdminKeys struct {
	Console
	Keys         []KeyRow
	RotateAction string
}

func (AdminKeys) template() string { return "admin_keys" }

// KeyRow is one signing key.
type KeyRow struct {
	ID, Alg             string
	Active, Next        bool // signs now; will
	CreatedAt, ActiveAt time.Time
	RetiredAt           time.Time
}

// AdminPolicies shows and changes who may act as whom.
//
// Fields: document, version.
type AdminPolicies struct {
	Console
	Form
	Document string
	Version  int64
}

func (AdminPolicies) template() string { return "admin_policies" }

// AdminTemplates lists the claim templates.
type AdminTemplates struct {
	Console
	Rows   []TemplateRow
	NewURL string
}

func (AdminTemplates) template() string { return "admin_templates" }

// TemplateRow is one claim template.
type TemplateRow struct {
	URL, Kind, Name string
	UpdatedAt       time.Time
}

// AdminTemplate edits one, with a dry run.
//
// Fields: kind, name (of a new one), claims, act ("dry_run" or "save").
type AdminTemplate struct {
	Console
	Form
	New          bool
	Kind, Name   string
	Claims       string
	Version      int64
	Dry          *DryRun
	DeleteAction string
}

func (AdminTemplate) template() string { return "admin_template" }

// DryRun is what a template would make of some users, in bytes.
type DryRun struct {
	Users, P50, P99, Max, Bound, TooLarge int
	Largest                               string
}

// TemplateKinds lists every kind of claim template: "admin.template.<kind>".
func TemplateKinds() []string { return []string{"session", "client", "named"} }

// TemplateKind is a kind of claim template in words.
func (v view) TemplateKind(kind string) string { return v.T("admin.template." + kind) }

// TemplateChoice is a Choice among kinds of claim template.
func (v view) TemplateChoice(form Form, label, value string) control {
	var list []Option
	for _, k := range TemplateKinds() {
		list = append(list, Option{k, v.TemplateKind(k)})
	}
	return v.Choice(form, "kind", label, value, list)
}
