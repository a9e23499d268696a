package page

import (
	"cmp"
	"html/template"
	"slices"
	"time"
)

// Console is the navigation of the console's pages, as far as the role may open them.
func (v view) Console(sections []string, at string) (list []navEntry) {
	for _, s := range Sections() {
		if slices.Contains(sections, s.URL) {
			list = append(list, navEntry{URL: s.URL, Words: string(s.Label), Current: s.URL == at})
		}
	}
	return list
}

// RoleName is a role in words.
func (v view) RoleName(role string) string { return v.T("role." + cmp.Or(role, "none")) }

// StatusName is where a session stands, in words.
func (v view) StatusName(status string) string { return v.T("status." + status) }

// ActWords are the words of an AdminConfirm.
func (v view) ActWords(a Act, part string) string { return v.T("admin.act." + string(a) + "." + part) }

// ActLead is its lead, with the object set apart.
func (v view) ActLead(a Act, object string) template.HTML {
	return v.Strong("admin.act."+string(a)+".lead", object)
}

// ChannelName says how an app is told.
func (v view) ChannelName(channel string) string { return v.T("admin.channel." + channel) }

// KindName is an app's kind in words.
func (v view) KindName(kind string) string { return v.T("admin.app.kind." + kind) }

// When is a moment in a list: how long ago, with the exact time behind it for who points at it.
func (v view) When(now, at time.Time) template.HTML {
	if at.IsZero() {
		return template.HTML(template.HTMLEscapeString("—"))
	}
	return template.HTML(`<time datetime="` + v.ISO(at) + `" title="` + at.UTC().Format("2006-01-02 15:04:05 UTC") + `">` +
		template.HTMLEscapeString(v.Ago(now, at)) + `</time>`)
}

// control is what the part "control" shows: one labelled field of the console.
type control struct {
	field
	Control string // input, area or choice
	Rows    int
	Options []Option
	Groups  []OptionGroup // behind the Options
}

// OptionGroup is some choices under a heading.
type OptionGroup struct {
	Label   string
	Options []Option
}

// Option is one choice of a field.
type Option struct{ Value, Words string }

func (v view) control(form Form, kind, name, label, hint, value string) control {
	c := control{field: v.field(form, name, false), Control: kind, Rows: 8}
	c.Label, c.Hint, c.Value, c.Complete, c.Required, c.Max = label, hint, value, "off", false, 4000
	return c
}

// Input is a field of one line.
func (v view) Input(form Form, name, label, hint, value string) control {
	return v.control(form, "input", name, label, hint, value)
}

// Needed is an Input that cannot be left out.
func (v view) Needed(form Form, name, label, hint, value string) control {
	c := v.control(form, "input", name, label, hint, value)
	c.Required = true
	return c
}

// Area is a field of several lines, in the letters of code.
func (v view) Area(form Form, name, label, hint, value string, rows int) control {
	c := v.control(form, "area", name, label, hint, value)
	c.Rows, c.Max = rows, 40_000
	return c
}

// Choice is one of some values.
func (v view) Choice(form Form, name, label, value string, options []Option) control {
	c := v.control(form, "choice", name, label, "", value)
	c.Options, c.Required = options, true
	return c
}

// RoleChoice is a Choice among roles; any adds one for all of them.
func (v view) RoleChoice(form Form, label, value string, any bool) control {
	var list []Option
	if any {
		list = append(list, Option{"", v.T("admin.any")})
	}
	for _, r := range Roles() {
		if r != "" || !any {
			list = append(list, Option{r, v.RoleName(r)})
		}
	}
	return v.Choice(form, "role", label, value, list)
}

// StatusChoice is a Choice among what sessions stand at.
func (v view) StatusChoice(form Form, label, value string) control {
	list := []Option{{"", v.T("admin.any")}}
	for _, s := range Statuses() {
		list = append(list, Option{s, v.StatusName(s)})
	}
	return v.Choice(form, "status", label, value, list)
}

// UserStatusChoice is a Choice among the statuses of users.
func (v view) UserStatusChoice(form Form, label, value string) control {
	return v.Choice(form, "status", label, value, []Option{{"", v.T("admin.any")}, {"active", v.T("admin.user.active")},
		{"disabled", v.T("admin.user.disabled")}})
}

// paging is what the part "pager" shows.
type paging struct {
	view
	Pager
}

// Paging leads on in a list.
func (v view) Paging(p Pager) paging { return paging{v, p} }

// sessioned is what the part "session-row" shows.
type sessioned struct {
	view
	Row AdminSessionRow
}

// Now is what "5 minutes ago" counts from.
func (s sessioned) Now() time.Time {
	if p, ok := s.P.(interface{ now() time.Time }); ok {
		return p.now()
	}
	return time.Time{}
}

func (c Console) now() time.Time { return c.Now }

// Sessioned is one session in a list.
func (v view) Sessioned(row AdminSessionRow) sessioned { return sessioned{v, row} }

// tier is what the part "metadata" shows.
type tier struct {
	view
	M MetadataForm
}

// Tier edits one tier of metadata.
func (v view) Tier(m MetadataForm) tier { return tier{v, m} }

// Filled tells that there is something in the tier.
func (t tier) Filled() bool { return t.M.JSON != "" && t.M.JSON != "{}" }

// Field is the JSON of the tier. There are three on the page, each with an id of its own.
func (t tier) Field() control {
	c := t.Area(t.M.Form, "json", t.T("admin.meta.json"), "", t.M.JSON, 8)
	c.ID += "-" + t.M.Tier
	return c
}

// How chooses between merging and replacing.
func (t tier) How() control {
	value := "merge"
	if t.M.Replace {
		value = "replace"
	}
	c := t.Choice(t.M.Form, "how", t.T("admin.meta.how"), value, []Option{{"merge", t.T("admin.meta.merge")}, {"replace", t.T("admin.meta.replace")}})
	c.ID += "-" + t.M.Tier
	return c
}

// drawn is what the part "chart" shows.
type drawn struct {
	view
	C Chart
}

// Drawn is a chart.
func (v view) Drawn(c Chart) drawn { return drawn{v, c} }

// Sum is what a series comes to, in words.
func (d drawn) Sum(s Series) string {
	var n int64
	for _, x := range s.Values {
		n += x
	}
	return d.Number(n)
}

// figures is one line of a chart as a table.
type figures struct {
	At     time.Time
	Values []string // of each series, and their sum where there are several
}

// Lines are the numbers of a chart for who does not see it, the newest first.
func (d drawn) Lines() (list []figures) {
	for i := len(d.C.Times) - 1; i >= 0; i-- {
		f := figures{At: d.C.Times[i]}
		for _, s := range d.C.Series {
			f.Values = append(f.Values, d.Amount(d.C, s.Values[i]))
		}
		if len(d.C.Series) > 1 {
			f.Values = append(f.Values, d.Amount(d.C, d.C.sum(i)))
		}
		list = append(list, f)
	}
	return list
}
