package admin

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// What a list has at most of an event: the rest stands on its page.
const (
	detailsListed = 3
	valueListed   = 60 // characters
)

// short is an event as a list has it.
func (n *eventNames) short(e *storage.AuditEvent) (page.EventRow, []page.EventChange, error) {
	row, changes, err := n.whole(e)
	if err != nil {
		return row, nil, err
	}
	for i := range changes {
		changes[i].Before, changes[i].After = cut(changes[i].Before), cut(changes[i].After)
		row.Details = append(row.Details, page.EventDetail{Change: &changes[i]})
	}
	if over := len(row.Details) - detailsListed; over > 0 {
		row.Details, row.Left = row.Details[:detailsListed], over
	}
	for i := range row.Details {
		row.Details[i].Value = cut(row.Details[i].Value)
	}
	return row, changes, nil
}

func cut(s string) string {
	if utf8.RuneCountInString(s) <= valueListed {
		return s
	}
	return string([]rune(s)[:valueListed-1]) + "…"
}

// whole is an event with all that its data says in words, and the fields that were changed.
func (n *eventNames) whole(e *storage.AuditEvent) (row page.EventRow, changes []page.EventChange, err error) {
	d := eventData{}
	if err := json.Unmarshal([]byte(e.Data), &d); err != nil {
		return row, nil, err
	}
	if row, err = n.row(e, d); err != nil {
		return row, nil, err
	}
	row.Details, err = n.details(e, d, row)
	return row, changesOf(d), err
}

// details are those members of the data that have words, the most telling first.
func (n *eventNames) details(e *storage.AuditEvent, d eventData, row page.EventRow) (list []page.EventDetail, err error) {
	add := func(name, value string, code bool) {
		if value != "" {
			list = append(list, page.EventDetail{Name: name, Value: value, Code: code})
		}
	}
	words := func(name, key string) { list = append(list, page.EventDetail{Name: name, Key: key}) }
	ref := func(name string, r page.Ref) {
		if r.ID != "" {
			list = append(list, page.EventDetail{Name: name, Value: r.Name, Key: r.Key, URL: r.URL})
		}
	}
	ref("app", row.App)
	if actor := d.text("actor"); actor != e.Actor {
		ref("actor", n.user(actor))
	}
	if key, known := page.EventReasonKey(d.text("reason")); known && !reasonTyped(e) {
		words("reason", key)
	} else {
		add("reason", d.text("reason"), false)
	}
	if d.text("invitation") == "sent" {
		words("mail", "event.mail_invited")
	}
	kind := d.text("factor")
	switch audit.Kind(e.Kind) {
	case audit.FactorAdded, audit.FactorRemoved, audit.RecoveryCodesMade, audit.RecoveryCodeUsed:
		kind = d.text("kind")
	case audit.IdentifierVerified:
		if kind := d.text("kind"); kind == storage.IdentifierEmail || kind == storage.IdentifierPhone {
			words("identifier", "event.identifier."+kind)
		}
	}
	if slices.Contains(page.FactorKinds(), kind) {
		words("factor", "admin.factor."+kind)
	} else {
		add("factor", kind, true)
	}
	ref("approver", n.user(d.text("approver")))
	if took := d.texts("clients"); len(took) > 0 {
		var names []string
		for _, clientID := range took {
			app, err := n.app(clientID)
			if err != nil {
				return nil, err
			}
			names = append(names, app.Name)
		}
		add("apps", strings.Join(names, ", "), false)
	}
	add("name", d.text("name"), false)
	if kind := d.text("template"); slices.Contains(page.TemplateKinds(), kind) {
		words("template", "admin.template."+kind)
	}
	if hook := d.text("webhook"); hook != "" {
		r := page.EventDetail{Name: "webhook", Value: hook, Code: true}
		if n.v.may(WebhooksRead) && audit.Kind(e.Kind) != audit.WebhookDeleted {
			r.URL = page.PathAdminWebhooks + "/" + hook
		}
		list = append(list, r)
	}
	for _, name := range []string{"policy", "kid", "import_id"} {
		add(name, d.text(name), true)
	}
	add("proof", d.text("amr"), true)
	add("scope", d.text("scope"), true)
	for _, name := range append(d.texts("fields"), d.texts("changed")...) {
		if !slices.ContainsFunc(changesOf(d), func(c page.EventChange) bool { return c.Field == name }) {
			list = append(list, page.EventDetail{Change: &page.EventChange{Field: name}})
		}
	}
	return list, nil
}

// reasonTyped tells that the reason of an event was typed by somebody: it stays as it is, whatever it says.
func reasonTyped(e *storage.AuditEvent) bool {
	switch audit.Kind(e.Kind) {
	case audit.ImpersonationStarted, audit.ActorTokenCreated, audit.ActorTokenApproved:
		return true
	}
	return false
}

// changesOf are the fields that differ between the data's before and after, by name. Of what is no object, the whole is one field.
func changesOf(d eventData) (list []page.EventChange) {
	before, after := fieldsOf(d["before"]), fieldsOf(d["after"])
	names := slices.Sorted(maps.Keys(before))
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if _, both := before[name]; !both {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if was, is := before[name], after[name]; was != is {
			list = append(list, page.EventChange{Field: name, Before: was, After: is, Known: true})
		}
	}
	return list
}

func fieldsOf(raw json.RawMessage) map[string]string {
	list := map[string]string{}
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) == nil {
		for name, value := range members {
			list[name] = valueOf(value)
		}
	} else if len(raw) > 0 {
		list["claims"] = valueOf(raw)
	}
	return list
}

// valueOf is JSON as people write it: a text without quotes, a list with commas, everything else as it stands.
func valueOf(raw json.RawMessage) string {
	var text string
	var list []string
	switch {
	case string(raw) == "null":
		return ""
	case json.Unmarshal(raw, &text) == nil:
		return text
	case json.Unmarshal(raw, &list) == nil:
		return strings.Join(list, ", ")
	}
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return string(raw)
	}
	return b.String()
}
