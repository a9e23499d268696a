package page

import "time"

// Resend is a form of its own that asks for a new code.
type Resend struct {
	Action string        // empty hides the form
	After  time.Duration // until it may be used; the server enforces it, the page shows it
}

// Seconds returns After in whole seconds, rounded up.
func (r Resend) Seconds() int {
	return int((r.After + time.Second - 1) / time.Second)
}

// EmailCode asks for the code that was sent by mail.
//
// Fields: code, six digits.
type EmailCode struct {
	Base
	Form
	App          string
	Email        string // who signs in, as typed
	Sent         string // where the code went, as it may be shown
	ChangeURL    string // back to Identifier
	Resend       Resend
	Alternatives []Alternative
}

func (EmailCode) template() string { return "email_code" }

// SMSCode asks for the code that was sent by text message.
//
// Fields: code, six digits.
type SMSCode struct {
	Base
	Form
	App          string
	Email        string
	Sent         string // the number, masked: "••• ••12"
	ChangeURL    string
	Resend       Resend
	Alternatives []Alternative
}

func (SMSCode) template() string { return "sms_code" }

// TOTP asks for the code of the authenticator app.
//
// Fields: code, six digits.
type TOTP struct {
	Base
	Form
	App          string
	Email        string
	ChangeURL    string
	Alternatives []Alternative
}

func (TOTP) template() string { return "totp" }

// RecoveryCode asks for one of the recovery codes.
//
// Fields: code; spaces, dashes and case do not matter.
type RecoveryCode struct {
	Base
	Form
	App          string
	Email        string
	ChangeURL    string
	Alternatives []Alternative
}

func (RecoveryCode) template() string { return "recovery_code" }

// VerifyEmail asks for the code that proves the address of a new account.
//
// Fields: code, six digits.
type VerifyEmail struct {
	Base
	Form
	App       string
	Sent      string // the address
	ChangeURL string // back to SignUp
	Resend    Resend
}

func (VerifyEmail) template() string { return "verify_email" }
