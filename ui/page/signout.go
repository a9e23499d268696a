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

// SignedOut is the end of a sign-out.
type SignedOut struct {
	Base
	App         string
	ContinueURL string // post_logout_redirect_uri with state; empty hides the link
	// ContinueAfter goes to ContinueURL by itself after so many seconds, which
	// gives the frames time to load; 0 waits for the person.
	ContinueAfter int
	SignInURL     string
	// Frames are the clients' front-channel logout URIs with iss and sid
	// (OpenID Connect Front-Channel Logout, section 3).
	Frames []string
}

func (SignedOut) template() string { return "signed_out" }

func (p SignedOut) policy() policy { return policy{away: true, frames: p.Frames} }
