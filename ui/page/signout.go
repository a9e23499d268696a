package page

// SignOutConfirm asks before signing out (OpenID Connect RP-Initiated Logout,
// section 2: nobody else may sign a person out).
//
// Fields: decision, "sign_out" or "stay".
type SignOutConfirm struct {
	Base
	Form
	App    string // the client that asks; empty when nobody does
	Who    Who
	Hidden []Param // posted along with the decision
}

func (SignOutConfirm) template() string { return "sign_out_confirm" }

// SignedOut is the end of a sign-out. Its Frames tell the apps.
type SignedOut struct {
	Base
	App         string
	ContinueURL string // post_logout_redirect_uri with state; empty hides the link
	// Continue goes to ContinueURL by itself when the frames have loaded, and after five
	// seconds at the latest: an app that does not answer keeps nobody waiting.
	Continue   bool
	Everywhere bool // and on every other device
	SignInURL  string
}

func (SignedOut) template() string { return "signed_out" }

func (p SignedOut) policy() policy { return policy{away: true} }
