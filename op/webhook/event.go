package webhook

import (
	"slices"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// Event is the type of a message. The names are Clerk's where that has the same event.
type Event string

// Events.
const (
	UserCreated          Event = "user.created"
	UserUpdated          Event = "user.updated"
	UserDeleted          Event = "user.deleted"
	SessionCreated       Event = "session.created"
	SessionEnded         Event = "session.ended"
	SessionRemoved       Event = "session.removed"
	SessionRevoked       Event = "session.revoked"
	SessionReplaced      Event = "session.replaced"
	SessionExpired       Event = "session.expired"
	SessionAbandoned     Event = "session.abandoned"
	ImpersonationStarted Event = "impersonation.started"
	ImpersonationStopped Event = "impersonation.stopped"
	EmailCreated         Event = "email.created"
	SMSCreated           Event = "sms.created"
)

// Test is the event of a test, which nobody subscribes to.
const Test Event = "webhook.test"

// Events are all that an endpoint can choose from.
var Events = []Event{UserCreated, UserUpdated, UserDeleted, SessionCreated, SessionEnded, SessionRemoved, SessionRevoked,
	SessionReplaced, SessionExpired, SessionAbandoned, ImpersonationStarted, ImpersonationStopped, EmailCreated, SMSCreated}

// byName are the events that an endpoint gets only if it names them: they may carry codes that sign people in.
var byName = []Event{EmailCreated, SMSCreated}

// TakesCodes tells whether a change from was to is takes mail or text messages where they did not go before (the zero Fields for
// an endpoint that is new). Whoever decides that can sign in as anybody, owners too, by a code that was meant for them.
func TakesCodes(was, is Fields) bool {
	return slices.ContainsFunc(byName, func(e Event) bool {
		return slices.Contains(is.Events, e) && (!slices.Contains(was.Events, e) || was.URL != is.URL)
	})
}

// wants tells whether an endpoint that chose events is told of one.
func wants(chosen []Event, e Event) bool {
	if len(chosen) == 0 {
		return !slices.Contains(byName, e)
	}
	return slices.Contains(chosen, e)
}

// userEvents are the acts that change what is shown of a user.
var userEvents = map[audit.Kind]Event{
	audit.SignedUp: UserCreated, audit.UserCreated: UserCreated,
	audit.UserUpdated: UserUpdated, audit.UserDisabled: UserUpdated, audit.UserEnabled: UserUpdated, audit.IdentifierVerified: UserUpdated,
	audit.PasswordChanged: UserUpdated, audit.PasswordReset: UserUpdated, audit.FactorAdded: UserUpdated, audit.FactorRemoved: UserUpdated,
	audit.RecoveryCodesMade: UserUpdated, audit.RecoveryCodeUsed: UserUpdated, // the last one takes backup_code_enabled with it
	audit.UserDeleted: UserDeleted,
}

// sessionEvents are what is told of an act on a session, which the row already shows.
func sessionEvents(kind audit.Kind, s *storage.Session) (list []Event) {
	impersonation := s.Kind == storage.KindImpersonation
	switch kind {
	case audit.SessionStarted:
		if list = append(list, SessionCreated); impersonation {
			list = append(list, ImpersonationStarted)
		}
	case audit.SessionEnded:
		if list = append(list, Event("session."+string(s.Status))); impersonation {
			list = append(list, ImpersonationStopped)
		}
	}
	return list
}
