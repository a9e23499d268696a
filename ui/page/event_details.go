package page

import "slices"

// EventDetail is one thing that an event's data says.
type EventDetail struct {
	Name  string // "event.detail.<Name>"; empty for a changed field
	Value string // as it stands; Key where it has words
	Key   string // of its words
	URL   string // where it is shown
	Code  bool   // Value is a name that machines have

	Change *EventChange
}

// EventChange is a field that was changed.
type EventChange struct {
	Field         string // "event.field.<Field>", or as the data names it
	Before, After string // empty: there was nothing, or there is nothing any more
	Known         bool   // the values are kept, not only that they differ
}

// Names that have words.
var (
	eventDetails = []string{"changed", "reason", "factor", "proof", "app", "apps", "scope", "actor", "approver", "name", "kid", "webhook",
		"import_id", "template", "policy", "identifier", "mail", "more"}
	eventActors = []string{"system", "cli", "api_key", "nobody"}
	eventFields = []string{"name", "given_name", "family_name", "locale", "role", "status", "external_id", "session_limit", "phone", "public_metadata",
		"private_metadata", "unsafe_metadata", "claims"}
	eventReasons = []string{"signed_out", "revoked", "replaced", "expired", "idle", "password_changed", "user_disabled", "user_deleted",
		"consent_withdrawn", "refresh_token_reused", "code_reused", "ended_with_others", "ended_with_client", "ended_with_all",
		"device_forgotten", "impersonation_stopped", "actor_token_revoked", "actor_session_ended", "policy_changed", "wrong", "spent",
		"too_many_tries", "too_many_sessions", "failed", "gone"}
	eventIdentifiers = []string{"email", "phone"}
)

// EventReasonKey is the key of a reason's words; false where it has none.
func EventReasonKey(reason string) (string, bool) {
	return "event.reason." + reason, slices.Contains(eventReasons, reason)
}

// DetailWords is what a detail says.
func (v view) DetailWords(d EventDetail) string {
	if d.Key != "" {
		return v.T(d.Key)
	}
	return d.Value
}

// DetailName is what a detail is about.
func (v view) DetailName(d EventDetail) string { return v.T("event.detail." + d.Name) }

// FieldWords is the name of a changed field.
func (v view) FieldWords(field string) string {
	if slices.Contains(eventFields, field) {
		return v.T("event.field." + field)
	}
	return field
}

// ValueWords is the value of a changed field.
func (v view) ValueWords(field, value string) string {
	switch {
	case value == "" && field == "role":
		return v.RoleName("")
	case value == "":
		return v.T("event.value.none")
	case field == "role" && slices.Contains(Roles(), value):
		return v.RoleName(value)
	case field == "status" && value == "active":
		return v.T("admin.user.active")
	case field == "status" && value == "disabled":
		return v.T("admin.user.disabled")
	}
	return value
}
