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

// Deed is what was done, in words of its own: "history.<Deed>". Those about an app or a method name it.
type Deed string

// Deeds.
const (
	DeedSignedUp         Deed = "signed_up"
	DeedCreated          Deed = "created"
	DeedUpdated          Deed = "updated"
	DeedDisabled         Deed = "disabled"
	DeedEnabled          Deed = "enabled"
	DeedVerified         Deed = "verified"
	DeedSignInFailed     Deed = "sign_in_failed"
	DeedSignInThrottled  Deed = "sign_in_throttled"
	DeedProofFailed      Deed = "proof_failed"
	DeedProofThrottled   Deed = "proof_throttled"
	DeedSignedIn         Deed = "signed_in"
	DeedSteppedUp        Deed = "stepped_up"
	DeedSwitched         Deed = "switched"
	DeedEnded            Deed = "ended"
	DeedAllEnded         Deed = "all_ended"
	DeedDeviceForgotten  Deed = "device_forgotten"
	DeedOfflineStarted   Deed = "offline_started"
	DeedAppStarted       Deed = "app_started"
	DeedAppRevoked       Deed = "app_revoked"
	DeedAppReused        Deed = "app_reused"
	DeedConsentGranted   Deed = "consent_granted"
	DeedConsentDenied    Deed = "consent_denied"
	DeedConsentWithdrawn Deed = "consent_withdrawn"
	DeedPasswordChanged  Deed = "password_changed"
	DeedPasswordReset    Deed = "password_reset"
	DeedFactorAdded      Deed = "factor_added"
	DeedFactorRemoved    Deed = "factor_removed"
	DeedCodesMade        Deed = "codes_made"
	DeedCodeUsed         Deed = "code_used"
	DeedActingStarted    Deed = "acting_started"
	DeedActingEnded      Deed = "acting_ended"
)

// Deeds lists every one.
func Deeds() []Deed {
	return []Deed{DeedSignedUp, DeedCreated, DeedUpdated, DeedDisabled, DeedEnabled, DeedVerified, DeedSignInFailed, DeedSignInThrottled,
		DeedProofFailed, DeedProofThrottled, DeedSignedIn, DeedSteppedUp, DeedSwitched, DeedEnded, DeedAllEnded,
		DeedDeviceForgotten, DeedOfflineStarted, DeedAppStarted, DeedAppRevoked, DeedAppReused, DeedConsentGranted, DeedConsentDenied,
		DeedConsentWithdrawn, DeedPasswordChanged, DeedPasswordReset, DeedFactorAdded, DeedFactorRemoved, DeedCodesMade, DeedCodeUsed,
		DeedActingStarted, DeedActingEnded}
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
	case DeedSignInFailed, DeedSignInThrottled, DeedProofFailed, DeedProofThrottled, DeedAppReused:
		return true
	}
	return e.Why == EndSafety
}

// Did is what was done, in words.
func (v view) Did(e HistoryEntry) string {
	if e.Method != "" {
		return v.T("history."+string(e.Deed), v.T("history.method."+string(e.Method)))
	}
	return v.T("history."+string(e.Deed), e.About)
}

// DoneBy is who did it, in words.
func (v view) DoneBy(e HistoryEntry) string {
	if e.By == BySupport && e.Support == "" {
		return v.T("history.by.unnamed_support")
	}
	return v.T("history.by."+string(e.By), e.Support)
}
