package page

import "time"

// AccountSecurity shows the password and the factors of a person. Each action
// is a form of its own.
//
// Fields of Password: current_password (when Set), new_password.
type AccountSecurity struct {
	Frame
	Password  PasswordChange
	TOTP      TOTPFactor
	Phone     PhoneFactor
	EmailCode EmailCodeFactor
	Recovery  RecoveryFactor
}

func (AccountSecurity) template() string { return "account_security" }

// PasswordChange is the password form of AccountSecurity.
type PasswordChange struct {
	Form
	Set       bool // there is a password to change
	Email     string
	MinLength int       // in characters
	ChangedAt time.Time // zero: not known
}

// TOTPFactor is the authenticator app.
type TOTPFactor struct {
	Since        time.Time // zero: not set up
	EnrollURL    string
	RemoveAction string
}

// PhoneFactor is codes by text message.
type PhoneFactor struct {
	Number       string // masked; empty: not set up
	Since        time.Time
	EnrollURL    string // empty: text messages are not offered
	RemoveAction string
}

// EmailCodeFactor is codes by mail as a second factor.
type EmailCodeFactor struct {
	On        bool
	Address   string
	OnAction  string // empty: the address is not verified yet
	OffAction string
}

// RecoveryFactor is the recovery codes.
type RecoveryFactor struct {
	Left, Total int    // Total 0: none were made
	NewAction   string // makes new ones; the old ones stop working; empty hides it
}

// TOTPEnroll sets up an authenticator app.
//
// Fields: code, six digits.
type TOTPEnroll struct {
	Frame
	Form
	QR        []byte // PNG of the otpauth URI, at least 256 px wide
	Secret    string // base32; shown in groups of four
	CancelURL string
	Console   bool // it is on the way into the console
}

func (TOTPEnroll) template() string { return "totp_enroll" }

// RecoveryCodes shows new recovery codes, once.
type RecoveryCodes struct {
	Frame
	Codes   []string
	DoneURL string
}

func (RecoveryCodes) template() string { return "recovery_codes" }

// PhoneEnroll sets up a phone number: first the number, then, with Sent, the
// code that went to it.
//
// Fields: phone; in the second step code, six digits.
type PhoneEnroll struct {
	Frame
	Form
	Phone     string // as typed
	Sent      string // the number that the code went to; empty: first step
	Resend    Resend
	CancelURL string
}

func (PhoneEnroll) template() string { return "phone_enroll" }
