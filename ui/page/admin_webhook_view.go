package page

import (
	"slices"
	"strings"
)

// pick is what the part "pick" shows: one box to tick, with what it means.
type pick struct {
	Type, ID, Name, Value string // Type is radio or checkbox
	Label, More, Note     string // Note is what else has to be known before it is picked
	Code, Checked         bool   // the label is a name of code
}

// pickGroup is some boxes under one heading.
type pickGroup struct {
	Name  string
	Hint  string // what is missing of it, and who has that; "" for nothing
	Picks []pick
}

// EventGroups are the boxes of the events that an endpoint can choose.
func (v view) EventGroups(p AdminWebhookForm) (list []pickGroup) {
	for _, g := range WebhookGroups() {
		shown, withheld := pickGroup{Name: v.GroupName(g.Name)}, []string{}
		for _, e := range g.Events {
			if slices.Contains(p.Withheld, e) {
				withheld = append(withheld, e)
				continue
			}
			shown.Picks = append(shown.Picks, pick{Type: "checkbox", ID: "f-events-" + e, Name: "events", Value: e, Label: e, Code: true,
				More: v.EventMeans(e), Note: v.whoDelivers(e, p), Checked: slices.Contains(p.Chosen, e)})
		}
		if len(withheld) > 0 {
			shown.Hint = v.T("admin.hook.owners_events", strings.Join(withheld, ", "))
		}
		list = append(list, shown)
	}
	return list
}

// URLHint says what an address may be, and who may change it.
func (v view) URLHint(p AdminWebhookForm) string {
	if p.URLWithheld {
		return v.T("admin.hook.owners_url")
	}
	return v.T("admin.hook.url_hint")
}

// whoDelivers says what choosing a message means: somebody may come to owe people their mail.
func (v view) whoDelivers(event string, p AdminWebhookForm) string {
	switch {
	case event == "email.created" && p.MailIsTheirs, event == "sms.created" && p.TextIsTheirs:
		return v.T("admin.hook.theirs." + event)
	case event == "email.created", event == "sms.created":
		return v.T("admin.hook.ours." + event)
	}
	return ""
}

// EventPicks choose between all events and those that are named.
func (v view) EventPicks(some bool) []pick {
	return []pick{
		{Type: "radio", ID: "f-choice-all", Name: "choice", Value: "all", Label: v.T("admin.hook.events.all"),
			More: v.T("admin.hook.events.all_more"), Checked: !some},
		{Type: "radio", ID: "f-choice-some", Name: "choice", Value: "some", Label: v.T("admin.hook.events.some"), Checked: some},
	}
}

// SchemePicks are the signature schemes.
func (v view) SchemePicks(value string) (list []pick) {
	for _, s := range WebhookSchemes() {
		list = append(list, pick{Type: "radio", ID: "f-signature-" + s, Name: "signature", Value: s, Label: v.SchemeName(s),
			More: v.T("admin.hook.scheme." + s + ".more"), Checked: s == value})
	}
	return list
}

// PrivatePick is whether users are sent with what only curfew and its administrators see of them.
func (v view) PrivatePick(checked bool) pick {
	return pick{Type: "checkbox", ID: "f-private", Name: "include_private_metadata", Value: "yes", Label: v.T("admin.hook.private"), Checked: checked}
}

// picks is what the part "picks" shows: boxes of one question, with its fault.
type picks struct {
	field
	Picks  []pick
	Groups []pickGroup
}

// EventsField asks which events an endpoint is told of.
func (v view) EventsField(p AdminWebhookForm) picks {
	f := picks{field: v.field(p.Form, "events", false), Picks: v.EventPicks(p.Some), Groups: v.EventGroups(p)}
	f.Label = v.T("admin.hook.events")
	return f
}

// SchemeField asks how messages are signed.
func (v view) SchemeField(p AdminWebhookForm) picks {
	f := picks{field: v.field(p.Form, "signature", false), Picks: v.SchemePicks(p.Signature)}
	f.Label, f.Hint = v.T("admin.hook.signature"), v.T("admin.hook.signature_hint")
	return f
}

// HookInput is an Input of an endpoint's form, as long as it may be at most.
func (v view) HookInput(form Form, name, label, hint, value string) control {
	c := v.Input(form, name, label, hint, value)
	switch name {
	case "url":
		c.Required, c.Mode, c.Max = true, "url", 2000
	case "description":
		c.Max = 500
	case "owner_email":
		c.Type, c.Mode, c.Max = "email", "email", 254
	}
	return c
}

// OverlapChoice is a Choice among how long both secrets count.
func (v view) OverlapChoice(form Form, label, hint, value string) control {
	var list []Option
	for _, o := range WebhookOverlaps() {
		list = append(list, Option{o, v.T("admin.hook.overlap." + o)})
	}
	c := v.Choice(form, "overlap", label, value, list)
	c.Hint = hint
	return c
}

// OutcomeChoice is a Choice among what becomes of deliveries.
func (v view) OutcomeChoice(form Form, label, value string) control {
	list := []Option{{"", v.T("admin.any")}}
	for _, o := range WebhookOutcomes() {
		list = append(list, Option{o, v.OutcomeName(o)})
	}
	return v.Choice(form, "outcome", label, value, list)
}

// HookEventChoice is a Choice among the events that stand in a log.
func (v view) HookEventChoice(form Form, label, value string) control {
	list := []Option{{"", v.T("admin.any")}}
	for _, e := range WebhookEvents() {
		list = append(list, Option{e, e})
	}
	return v.Choice(form, "event", label, value, list)
}
