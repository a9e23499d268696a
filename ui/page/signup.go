package page

// SignUp asks for what a new account needs.
//
// Fields: email, name (optional), password.
type SignUp struct {
	Base
	Form
	App       string
	Email     string
	Name      string
	MinLength int    // of the password, in characters
	SignInURL string // for those who have an account
	TermsURL  string // the operator's; empty hides it
	PolicyURL string // the operator's; empty hides it
}

func (SignUp) template() string { return "sign_up" }
