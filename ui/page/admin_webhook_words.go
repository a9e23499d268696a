package page

import (
	"html/template"
	"slices"
)

// WebhookGroup is some of the events that an endpoint can choose: "admin.hook.group.<Name>".
type WebhookGroup struct {
	Name   string
	Events []string // "admin.hook.event.<event>"
}

// groupMessages is the group of what may carry codes.
const groupMessages = "messages"

// WebhookGroups are all events that an endpoint can choose.
func WebhookGroups() []WebhookGroup {
	return []WebhookGroup{
		{"users", []string{"user.created", "user.updated", "user.deleted"}},
		{"sessions", []string{"session.created", "session.ended", "session.removed", "session.revoked", "session.replaced",
			"session.expired", "session.abandoned"}},
		{"impersonation", []string{"impersonation.started", "impersonation.stopped"}},
		{groupMessages, []string{"email.created", "sms.created"}},
	}
}

// WebhookEvents are those of the groups and the one of a test: what stands in a log.
func WebhookEvents() (list []string) {
	for _, g := range WebhookGroups() {
		list = append(list, g.Events...)
	}
	return append(list, "webhook.test")
}

// WebhookOutcomes lists what becomes of a delivery: "admin.hook.outcome.<outcome>" and ".more".
func WebhookOutcomes() []string { return []string{"pending", "delivered", "failed", "gone"} }

// WebhookFailures lists the kinds of failure that an attempt can meet: "admin.hook.failure.<kind>".
func WebhookFailures() []string {
	return []string{"timeout", "unreachable", "tls", "not_public", "redirected", "rejected", "receiver_fault", "internal"}
}

// WebhookReasons lists why an endpoint is disabled: "admin.hook.reason.<reason>".
func WebhookReasons() []string { return []string{"failed", "gone"} }

// WebhookSchemes lists the signature schemes: "admin.hook.scheme.<scheme>" and ".more", "admin.hook.rotate.<scheme>".
func WebhookSchemes() []string { return []string{"hmac", "ed25519"} }

// WebhookOverlaps lists how long a secret can count beside the next one: "admin.hook.overlap.<overlap>".
func WebhookOverlaps() []string { return []string{"none", "hour", "day", "week"} }

// WebhookStacks lists what there is a snippet for: "admin.hook.stack.<stack>".
func WebhookStacks() []string { return []string{"node", "svix", "go"} }

// EventMeans says in words when an event happens; "" for one that has no words.
func (v view) EventMeans(event string) string {
	if !slices.Contains(WebhookEvents(), event) {
		return ""
	}
	return v.T("admin.hook.event." + event)
}

// GroupName is a group of events in words.
func (v view) GroupName(name string) string { return v.T("admin.hook.group." + name) }

// OutcomeName is what became of a delivery, in a word.
func (v view) OutcomeName(outcome string) string { return v.T("admin.hook.outcome." + outcome) }

// OutcomeMore is what that means.
func (v view) OutcomeMore(outcome string) string {
	return v.T("admin.hook.outcome." + outcome + ".more")
}

// FailureName is a kind of failure in words; one that has none is its own name.
func (v view) FailureName(kind string) string {
	if !slices.Contains(WebhookFailures(), kind) {
		return kind
	}
	return v.T("admin.hook.failure." + kind)
}

// HookState says since when an endpoint fails, or is disabled and why; nothing of one that does well.
func (v view) HookState(r WebhookRow) template.HTML {
	switch {
	case r.Disabled() && slices.Contains(WebhookReasons(), r.DisabledReason):
		return v.HTML("admin.hook.reason."+r.DisabledReason, v.Stamp(r.DisabledAt))
	case r.Disabled():
		return v.HTML("admin.hook.disabled_at", v.Stamp(r.DisabledAt))
	case r.Failing():
		return v.HTML("admin.hook.failing_since", v.Stamp(r.FailingSince))
	}
	return ""
}

// EventCount says how many events an endpoint chose.
func (v view) EventCount(events []string) string {
	if len(events) == 0 {
		return v.T("admin.hook.events.all")
	}
	return v.N("admin.hook.events.count", len(events))
}

// SchemeName is a signature scheme in words.
func (v view) SchemeName(scheme string) string { return v.T("admin.hook.scheme." + scheme) }

// RotateTitle asks whether a new secret is wanted.
func (v view) RotateTitle(scheme string) string { return v.T("admin.hook.rotate." + scheme) }

// HookStack is what there is a snippet for, in words.
func (v view) HookStack(name string) string { return v.T("admin.hook.stack." + name) }

// Unheard says what nobody delivers.
func (v view) Unheard(event string) string { return v.T("admin.hook.unheard." + event) }
