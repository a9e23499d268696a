package page

// Identifier asks who wants to sign in, the first step. With Base.Notice set to
// that of an End it says why the person is here again.
//
// Fields: email.
type Identifier struct {
	Base
	Form
	App       string // the client's name; empty when signing in to curfew itself
	Email     string // prefilled: login_hint, or what was posted
	SignUpURL string // empty hides the way to an account
	BackURL   string // to ChooseAccount; empty hides it
}

func (Identifier) template() string { return "identifier" }

// Password asks for the password.
//
// Fields: password. (A hidden field "email" is there for password managers only
// and is to be ignored.)
type Password struct {
	Base
	Form
	App          string
	Email        string        // who signs in, as typed
	ChangeURL    string        // back to Identifier
	ForgotURL    string        // to ResetRequest; empty hides it
	Alternatives []Alternative // for example an e-mail code instead
}

func (Password) template() string { return "password" }

// ChooseFactor lets a person choose the second factor.
//
// Fields: method, posted to the chosen Alternative's Action.
type ChooseFactor struct {
	Base
	App       string
	Email     string
	ChangeURL string
	Methods   []Alternative
	Error     Message // no method could be used just now
}

func (ChooseFactor) template() string { return "choose_factor" }

// ChooseAccount lists the accounts that this browser knows.
//
// Fields: account, the ID of the chosen one; posted to Form.Action to go on with
// it, or to ForgetAction to take it off the list.
type ChooseAccount struct {
	Base
	Form
	App          string
	Accounts     []Account
	AnotherURL   string // to an empty Identifier
	ForgetAction string // empty hides it
}

// Account is one entry of ChooseAccount.
type Account struct {
	ID       string
	Who      Who
	SignedIn bool // has an active session on this device
}

func (ChooseAccount) template() string { return "choose_account" }

// Reauthenticate asks again for the password before something delicate.
//
// Fields: password.
type Reauthenticate struct {
	Base
	Form
	Email        string
	CancelURL    string
	Alternatives []Alternative
}

func (Reauthenticate) template() string { return "reauthenticate" }
