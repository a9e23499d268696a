package page

// ResetRequest asks for the address of an account whose password is lost.
//
// Fields: email.
type ResetRequest struct {
	Base
	Form
	Email   string
	BackURL string // to the sign-in; empty hides it
}

func (ResetRequest) template() string { return "reset_request" }

// ResetSent says that a mail is under way, in the same words whether or not
// there is such an account.
type ResetSent struct {
	Base
	Email   string // as typed
	BackURL string
}

func (ResetSent) template() string { return "reset_sent" }

// ResetPassword asks for the new password of a person who came by the mail.
//
// Fields: password. (A hidden field "email" is there for password managers only
// and is to be ignored.)
type ResetPassword struct {
	Base
	Form
	Email     string
	MinLength int  // in characters
	Invited   bool // it is the first, of an account that somebody else opened
}

func (ResetPassword) template() string { return "reset_password" }
