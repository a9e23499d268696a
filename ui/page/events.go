package page

import "slices"

// Area is a part of the audit with the kinds of events in it: "event.area.<Name>".
type Area struct {
	Name  string
	Kinds []string
}

// Areas lists every kind of audit event, by what it is about. Each has a title: "event.<kind>".
func Areas() []Area {
	return []Area{
		{"accounts", []string{"user.signed_up", "user.created", "user.updated", "user.disabled", "user.enabled", "user.deleted",
			"user.identifier_verified", "users.import_begun",
			"users.import_cancelled", "users.import_deleted"}},
		{"sign_in", []string{"sign_in.failed", "sign_in.throttled", "proof.failed", "proof.throttled"}},
		{"sessions", []string{"session.started", "session.stepped_up", "session.switched", "session.ended", "sessions.ended",
			"device.forgotten"}},
		{"factors", []string{"factor.password_changed", "factor.password_reset", "factor.password_reset_begun", "factor.added", "factor.removed",
			"factor.recovery_codes_made", "factor.recovery_code_used"}},
		{"tokens", []string{"token_family.started", "token_family.revoked", "token_family.reused", "token_family.exchanged", "code.reused",
			"consent.granted", "consent.denied", "consent.withdrawn"}},
		{"impersonation", []string{"impersonation.token_created", "impersonation.token_approved", "impersonation.token_revoked",
			"impersonation.started", "impersonation.stopped"}},
		{"applications", []string{"client.created", "client.updated", "client.secret_rotated", "client.deleted"}},
		{"settings", []string{"key.created", "key.rotated", "key.retired", "key.deleted", "claim_template.saved", "claim_template.deleted",
			"policy.changed", "api_key.created", "api_key.revoked"}},
		{"webhooks", []string{"webhook.created", "webhook.updated", "webhook.secret_rotated", "webhook.enabled", "webhook.disabled",
			"webhook.deleted"}},
	}
}

// EventKinds lists every kind.
func EventKinds() (kinds []string) {
	for _, a := range Areas() {
		kinds = append(kinds, a.Kinds...)
	}
	return kinds
}

// variants are events whose words say more than their kind.
var variants = []Deed{DeedOfflineStarted, DeedActingEnded}

// personal are those that are told in other words to the person whom they are about: "event.<Deed>.you", where {0} is the
// application or the factor that it is about.
var personal = []Deed{DeedSignInFailed, DeedSignInThrottled, DeedOfflineStarted, DeedSteppedUp, DeedSwitched, DeedActingEnded,
	DeedAppStarted, DeedAppRevoked, DeedAppReused, DeedCodeReused, DeedConsentGranted, DeedConsentDenied, DeedConsentWithdrawn,
	DeedResetBegun, DeedFactorAdded, DeedFactorRemoved, DeedActingStarted}

// EventWords lists the keys of all words for events.
func EventWords() (keys []string) {
	keys = []string{"event.mail_invited"}
	for _, a := range Areas() {
		keys = append(keys, "event.area."+a.Name)
	}
	for _, k := range EventKinds() {
		keys = append(keys, "event."+k)
	}
	for _, d := range variants {
		keys = append(keys, "event."+string(d))
	}
	for _, d := range personal {
		keys = append(keys, "event."+string(d)+".you")
	}
	for prefix, names := range map[string][]string{"by": eventActors, "detail": eventDetails, "field": eventFields, "reason": eventReasons,
		"identifier": eventIdentifiers} {
		for _, n := range names {
			keys = append(keys, "event."+prefix+"."+n)
		}
	}
	return keys
}

// told is what was done, in words to the person whom it was done to.
func (v view) told(d Deed, about string) string {
	if slices.Contains(personal, d) {
		return v.T("event."+string(d)+".you", about)
	}
	return v.T("event." + string(d))
}

// EventTitle is what was done, in words to administrators. A kind that a newer version has written is its own title.
func (v view) EventTitle(d Deed) string {
	if !slices.Contains(variants, d) && !slices.Contains(EventKinds(), string(d)) {
		return string(d)
	}
	return v.T("event." + string(d))
}

// EventChoice is a Choice among kinds of audit events, by area.
func (v view) EventChoice(form Form, label, value string) control {
	c := v.Choice(form, "kind", label, value, []Option{{"", v.T("admin.any")}})
	for _, a := range Areas() {
		g := OptionGroup{Label: v.T("event.area." + a.Name)}
		for _, k := range a.Kinds {
			g.Options = append(g.Options, Option{k, v.EventTitle(Deed(k))})
		}
		c.Groups = append(c.Groups, g)
	}
	return c
}
