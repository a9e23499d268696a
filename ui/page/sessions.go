package page

import "time"

// AccountSessions lists where a person is signed in, and where they were lately.
type AccountSessions struct {
	Frame
	Now             time.Time // what "5 minutes ago" counts from
	Sessions        []SessionRow
	EndOthersAction string // signs out everywhere else; empty hides it
	EndAllAction    string // signs out everywhere; empty hides it
	Ended           []EndedRow
	LiveURL         string // the page without counting as a use, for the script that keeps it up to date
}

// SessionRow is one entry of AccountSessions. Ending is a form of its own
// without fields.
type SessionRow struct {
	Device       string // "Firefox on Linux", or the app's name for lasting access
	Address      string // may be empty
	City         string // may be empty
	Country      string // ISO 3166-1 alpha-2; may be empty
	StartedAt    time.Time
	LastActiveAt time.Time
	Current      bool // this device
	Mobile       bool // a phone or tablet
	Offline      bool // an app's lasting access, without a device
	Acting       bool // somebody acts for the person in it, on a device of their own
	Apps         []string
	EndAction    string
}

// EndedRow is a session that is over.
type EndedRow struct {
	Device  string
	Mobile  bool
	Offline bool
	Why     End
	EndedAt time.Time
	Over    bool      // no token of it is good any more
	DeadBy  time.Time // from when on that is so; zero where no app took part
	URL     string    // of its SessionEnded
}

func (AccountSessions) template() string { return "account_sessions" }

// SessionEnd asks once more before sessions are ended.
//
// Fields: confirm, "yes".
type SessionEnd struct {
	Frame
	Form
	Others    bool   // everything but this device; otherwise one
	All       bool   // everything, this device too
	Device    string // which one
	Current   bool   // it is this device
	Offline   bool   // it is an app's lasting access
	CancelURL string
}

func (SessionEnd) template() string { return "session_end" }

// SessionEnded shows what became of a session that is over: why it ended, and for each app that took part how it was told.
type SessionEnded struct {
	Frame
	Now       time.Time
	Row       EndedRow
	Address   string
	City      string
	Country   string
	StartedAt time.Time
	Receipts  []Receipt
	BackURL   string
}

func (SessionEnded) template() string { return "session_ended" }

// Receipt says how one app was told of the end of a session, by one channel.
type Receipt struct {
	App    string // its name
	State  ReceiptState
	At     time.Time     // when it was told; for the states that say so
	Took   time.Duration // until it answered, ReceiptTold
	DeadBy time.Time     // from when on no token of the session is good there
	Over   bool          // DeadBy has passed
}

// ReceiptState is where telling an app stands.
type ReceiptState string

// States of a receipt.
const (
	ReceiptTold     ReceiptState = "told"     // it answered that it took it
	ReceiptTelling  ReceiptState = "telling"  // nothing came back yet
	ReceiptRetrying ReceiptState = "retrying" // it could not be reached or did not take it, and will be tried again
	ReceiptFailed   ReceiptState = "failed"   // it was tried until the time was over
	ReceiptGone     ReceiptState = "gone"     // it was deleted or does not want to be told any more
	ReceiptFrame    ReceiptState = "frame"    // it was told by a frame in the person's browser
	ReceiptLive     ReceiptState = "live"     // it was told by the stream that it listens to
	ReceiptNone     ReceiptState = "none"     // nobody told it
)

// ReceiptStates lists every state.
func ReceiptStates() []ReceiptState {
	return []ReceiptState{ReceiptTold, ReceiptTelling, ReceiptRetrying, ReceiptFailed, ReceiptGone, ReceiptFrame, ReceiptLive, ReceiptNone}
}

// Good reports whether the app is known to be out.
func (r Receipt) Good() bool { return r.State == ReceiptTold || r.Over }

// End is why a session ended, in words of its own: "end.<End>.why" in a list, "end.<End>.notice" to the person whose
// session it was.
type End string

// Ends.
const (
	EndSignedOut End = "signed_out" // by the person, there
	EndElsewhere End = "elsewhere"  // by the person, from another device
	EndReplaced  End = "replaced"   // the account was used on another device, beyond the limit
	EndOperator  End = "operator"   // by an administrator
	EndExpired   End = "expired"
	EndIdle      End = "idle"
	EndPassword  End = "password" // the password was changed
	EndDisabled  End = "disabled" // the account was
	EndSafety    End = "safety"   // a token of the session was used twice: somebody may have a copy
	EndConsent   End = "consent"  // the person withdrew what the app was allowed
	EndSupport   End = "support"  // somebody who acted for the person has stopped, or had to
	EndOther     End = "other"
)

// Ends lists every End.
func Ends() []End {
	return []End{EndSignedOut, EndElsewhere, EndReplaced, EndOperator, EndExpired, EndIdle, EndPassword, EndDisabled, EndSafety,
		EndConsent, EndSupport, EndOther}
}

// Notice is what a page says to the person whose session ended so.
func (e End) Notice() Message { return Message{Key: Key("end." + string(e) + ".notice")} }
