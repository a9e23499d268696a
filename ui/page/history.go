package page

import "time"

// PathHistory is where a person reads what was done with their account.
const PathHistory = PathAccount + "/history"

// AccountHistory tells a person what was done with their account, and by whom, the newest first.
type AccountHistory struct {
	Frame
	Entries   []HistoryEntry
	OlderURL  string // empty on the last page
	NewestURL string // empty on the first page
}

func (AccountHistory) template() string { return "account_history" }

// HistoryEntry is one act.
type HistoryEntry struct {
	Deed    Deed
	About   string // the app that it is about; may be empty
	Method  Method // that was added or removed; may be empty
	Why     End    // of a session that ended
	By      By
	Support string // the name of who acted as the person; may be empty
	Reason  string // that they gave; may be empty
	At      time.Time
	Device  string // "Firefox on Linux"; may be empty, as all of where it was done
	Mobile  bool
	Address string
	City    string
	Country string
}

// Deed is what was done: the kind of an audit event, or a kind of one that has other words. See EventWords.
type Deed string

// Deeds that a person is told of.
const (
	DeedSignedUp         Deed = "user.signed_up"
	DeedCreated          Deed = "user.created"
	DeedUpdated          Deed = "user.updated"
	DeedDisabled         Deed = "user.disabled"
	DeedEnabled          Deed = "user.enabled"
	DeedVerified         Deed = "user.identifier_verified"
	DeedSignInFailed     Deed = "sign_in.failed"
	DeedSignInThrottled  Deed = "sign_in.throttled"
	DeedProofFailed      Deed = "proof.failed"
	DeedProofThrottled   Deed = "proof.throttled"
	DeedSignedIn         Deed = "session.started"
	DeedOfflineStarted   Deed = "session.started.offline"
	DeedSteppedUp        Deed = "session.stepped_up"
	DeedSwitched         Deed = "session.switched"
	DeedEnded            Deed = "session.ended"
	DeedActingEnded      Deed = "session.ended.acting"
	DeedAllEnded         Deed = "sessions.ended"
	DeedDeviceForgotten  Deed = "device.forgotten"
	DeedAppStarted       Deed = "token_family.started"
	DeedAppRevoked       Deed = "token_family.revoked"
	DeedAppReused        Deed = "token_family.reused"
	DeedCodeReused       Deed = "code.reused"
	DeedConsentGranted   Deed = "consent.granted"
	DeedConsentDenied    Deed = "consent.denied"
	DeedConsentWithdrawn Deed = "consent.withdrawn"
	DeedPasswordChanged  Deed = "factor.password_changed"
	DeedPasswordReset    Deed = "factor.password_reset"
	DeedResetBegun       Deed = "factor.password_reset_begun"
	DeedFactorAdded      Deed = "factor.added"
	DeedFactorRemoved    Deed = "factor.removed"
	DeedCodesMade        Deed = "factor.recovery_codes_made"
	DeedCodeUsed         Deed = "factor.recovery_code_used"
	DeedActingStarted    Deed = "impersonation.started"
)

// Deeds lists every one.
func Deeds() []Deed {
	return []Deed{DeedSignedUp, DeedCreated, DeedUpdated, DeedDisabled, DeedEnabled, DeedVerified, DeedSignInFailed, DeedSignInThrottled,
		DeedProofFailed, DeedProofThrottled, DeedSignedIn, DeedOfflineStarted, DeedSteppedUp, DeedSwitched, DeedEnded, DeedActingEnded,
		DeedAllEnded, DeedDeviceForgotten, DeedAppStarted, DeedAppRevoked, DeedAppReused, DeedCodeReused, DeedConsentGranted,
		DeedConsentDenied, DeedConsentWithdrawn, DeedPasswordChanged, DeedPasswordReset, DeedResetBegun, DeedFactorAdded, DeedFactorRemoved,
		DeedCodesMade, DeedCodeUsed, DeedActingStarted}
}

// By is who did it, in words of its own: "history.by.<By>".
type By string

// Who does something. What others did is not told apart by name, but for who acted as the person.
const (
	ByNobody   By = "" // said by the deed, or not known
	ByYou      By = "you"
	ByOperator By = "operator"
	BySupport  By = "support"
	BySystem   By = "system"
	ByApp      By = "app"
)

// Bys lists every one that has words.
func Bys() []By { return []By{ByYou, ByOperator, BySupport, BySystem, ByApp} }

// Icon is what stands before the entry.
func (e HistoryEntry) Icon() string {
	switch {
	case e.By == BySupport:
		return "acting"
	case e.Alarming():
		return "alert"
	case e.Mobile:
		return "mobile"
	case e.Device != "":
		return "desktop"
	case e.About != "":
		return "app"
	}
	return "check"
}

// Alarming tells that somebody else may have been at the account.
func (e HistoryEntry) Alarming() bool {
	switch e.Deed {
	case DeedSignInFailed, DeedSignInThrottled, DeedProofFailed, DeedProofThrottled, DeedAppReused, DeedCodeReused:
		return true
	}
	return e.Why == EndSafety
}

// Did is what was done, in words.
func (v view) Did(e HistoryEntry) string {
	if e.Method != "" {
		return v.told(e.Deed, v.T("history.method."+string(e.Method)))
	}
	return v.told(e.Deed, e.About)
}

// DoneBy is who did it, in words.
func (v view) DoneBy(e HistoryEntry) string {
	if e.By == BySupport && e.Support == "" {
		return v.T("history.by.unnamed_support")
	}
	return v.T("history.by."+string(e.By), e.Support)
}
