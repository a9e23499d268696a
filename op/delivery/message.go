package delivery

import (
	"context"
	"errors"
)

// Kind says what a message is about.
type Kind string

// The kinds of message.
const (
	SignInCode      Kind = "sign_in_code"     // the code that was asked for at sign-in
	VerifyEmail     Kind = "verify_email"     // proves that an address can be read
	ResetPassword   Kind = "reset_password"   // lets a new password be set
	PasswordChanged Kind = "password_changed" // tells that it was
	NewSignIn       Kind = "new_sign_in"      // tells of a sign-in from a device not seen before
	SignUpAttempt   Kind = "sign_up_attempt"  // somebody signed up with an address that has an account
	UnknownAddress  Kind = "unknown_address"  // somebody asked for a new password where there is no account
	FactorsChanged  Kind = "factors_changed"  // a way to sign in was added or removed
	WebhookDisabled Kind = "webhook_disabled" // tells the owner of an endpoint that it gets nothing more
	Impersonated    Kind = "impersonated"     // tells that somebody acts as the user
	Invited         Kind = "invited"          // lets the first password be set in an account that somebody else opened
)

// Kinds lists all of them.
var Kinds = []Kind{SignInCode, VerifyEmail, ResetPassword, PasswordChanged, NewSignIn, SignUpAttempt, UnknownAddress,
	FactorsChanged, WebhookDisabled, Impersonated, Invited}

// Mail is one letter to one address.
type Mail struct {
	Kind    Kind
	To      string // address alone
	Subject string
	Text    string
	HTML    string
}

// SMS is one text message to one number (E.164).
type SMS struct {
	Kind Kind
	To   string
	Text string
}

// Mailer sends mail. An error that wraps ErrRefused will be the same next time.
type Mailer interface {
	SendMail(ctx context.Context, m Mail) error
}

// Texter sends text messages. An error that wraps ErrRefused will be the same next time.
type Texter interface {
	SendSMS(ctx context.Context, s SMS) error
}

// ErrRefused marks a message that the next hop will never take: there is no sense in trying again.
var ErrRefused = errors.New("message refused")
