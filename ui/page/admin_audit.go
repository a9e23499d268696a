package page

import (
	"html/template"
	"strings"
	"time"
)

// AdminAudit is the audit log.
//
// Fields of the query: q (a user's address or id), kind, app, session, actor, from and to (days, UTC, both included), after.
type AdminAudit struct {
	Console
	Form
	Query, Kind, App, SessionID, Actor, From, To string

	Narrowed  bool // by more than user and kind
	Missing   bool // nobody is called so
	Events    []EventRow
	LookedTo  time.Time // the list ends there, because no more was looked at: the pager goes on behind it
	Pager     Pager
	VerifyURL string
	Verified  *Verification
	Verifying bool
}

func (AdminAudit) template() string { return "admin_audit" }

// Ref is something that a page names, with the page that shows it.
type Ref struct {
	Name string // what people call it; empty for nothing
	Key  string // of words in the place of Name
	ID   string
	URL  string // empty: there is none, or it is not the viewer's
}

// EventRow is one event of the audit log.
type EventRow struct {
	ID       string
	URL      string // of its page
	At       time.Time
	Kind     string // as the log has it
	Deed     Deed   // what it is called in words
	Alarming bool   // somebody may have been where they should not be
	Actor    Ref    // who did it
	User     Ref
	Session  Ref
	App      Ref
	Address  string
	Details  []EventDetail
	Left     int // of the details, how many do not stand in a list
}

// AdminEvent is one event with all that is kept of it.
type AdminEvent struct {
	Console
	Row           EventRow
	City, Country string
	Device        string // "Firefox on Linux"; empty: forgotten, or there was none
	DeviceID      string
	Request       string
	Changes       []EventChange // Row.Details has the rest
	Data          string        // JSON, indented
	Sealed        bool          // it has its place in a chain
	Vouched       bool          // a signed checkpoint is behind it
	Chain         string
	Position      int64
	Hash          string
	BeforeURL     string // the event before it in its chain
	AfterURL      string
	UserEventsURL string
}

func (AdminEvent) template() string { return "admin_event" }

// AdminVerification has the audit's chains looked at.
//
// Fields: span.
type AdminVerification struct {
	Console
	Form
	Span      string
	LiveURL   string // this page, as a script asks for it again
	Verified  *Verification
	Verifying *Verifying
}

func (AdminVerification) template() string { return "admin_verification" }

// Verifying is a look that is under way.
type Verifying struct {
	Span        string
	Since       time.Time
	Events, All int64 // how many were looked at, and about how many there are; All is 0 until that is known
}

// Percent is how far it has come.
func (v Verifying) Percent() int64 {
	if v.All == 0 {
		return 0
	}
	return min(100, v.Events*100/v.All)
}

// Verification is what a look at the audit's chains found.
type Verification struct {
	Span                                  string
	At                                    time.Time // when it began
	Took                                  time.Duration
	From, To                              time.Time // of the events, zero where there was none
	Events, Unsealed, Chains, Checkpoints int
	Faults                                []VerificationFault
	Stopped                               bool // it took too long, or failed: nothing is known
}

// VerificationFault is where the log is not as it was written.
type VerificationFault struct {
	Chain    string // empty: a checkpoint
	Position int64
	Event    Ref // empty where no event is there
	At       time.Time
	Detail   string // for administrators, in English
}

// VerifySpans lists what may be looked at: "admin.verify.span.<span>".
func VerifySpans() []string { return []string{"24h", "7d", "all"} }

// VerifySpan is what is looked at, in words.
func (v view) VerifySpan(span string) string { return v.T("admin.verify.span." + span) }

// VerifyChoice is a Choice of what to look at.
func (v view) VerifyChoice(form Form, label, value string) control {
	var list []Option
	for _, s := range VerifySpans() {
		list = append(list, Option{s, v.VerifySpan(s)})
	}
	return v.Choice(form, "span", label, value, list)
}

// Day is a field for a day.
func (v view) Day(form Form, name, label, value string) control {
	c := v.control(form, "input", name, label, "", value)
	c.Type, c.Max = "date", 10
	return c
}

// Counted is Number for what is counted in memory.
func (v view) Counted(n int) string { return v.Number(int64(n)) }

// Link is what a page names, with the way there.
func (v view) Link(r Ref) template.HTML {
	name := r.Name
	if r.Key != "" {
		name = v.T(r.Key)
	}
	name = "<bdi>" + template.HTMLEscapeString(name) + "</bdi>"
	if r.URL == "" {
		return template.HTML(name)
	}
	return template.HTML(`<a href="` + template.HTMLEscapeString(r.URL) + `">` + name + `</a>`)
}

// evented is what the part "event-row" shows.
type evented struct {
	view
	Row  EventRow
	User bool // name whom it is about
}

// Evented is one event in a list.
func (v view) Evented(row EventRow, user bool) evented { return evented{v, row, user} }

// Other is who did it, if that is not the user whom it is about.
func (e evented) Other() Ref {
	if e.Row.Actor.ID == e.Row.User.ID {
		return Ref{}
	}
	return e.Row.Actor
}

// Icon is what stands before the event.
func (e evented) Icon() string {
	switch {
	case e.Row.Alarming:
		return "alert"
	case strings.HasPrefix(e.Row.Kind, "impersonation."), e.Row.Deed == DeedActingEnded:
		return "acting"
	case e.Row.App.ID != "":
		return "app"
	case strings.HasPrefix(e.Row.Kind, "session"):
		return "desktop"
	}
	return "check"
}

// detailed is what the part "event-detail" shows.
type detailed struct {
	view
	D     EventDetail
	Named bool
}

// Detailed is a detail, with its name or behind it.
func (v view) Detailed(d EventDetail, named bool) detailed { return detailed{v, d, named} }
