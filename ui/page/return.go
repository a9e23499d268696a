package page

// Return leads back to the client. It is a page with status 200 and not a
// redirect, because browsers apply form-action of the page that posted to the
// redirects that follow: see ui/page/headers.go.
type Return struct {
	Base
	// URL is the redirect URI with the response. Any scheme that a client may
	// register works, also those of native apps (RFC 8252, section 7.1).
	URL string
	App string // the client's name
}

func (Return) template() string { return "return" }

func (Return) policy() policy { return policy{away: true} }

// FormPost carries the response to the client as a form (OAuth 2.0 Form Post
// Response Mode, section 2). A script submits it; without one there is a button.
type FormPost struct {
	Base
	Action string // the redirect URI
	App    string
	Params []Param // in the order in which they are posted
}

// Param is one name and value of a FormPost.
type Param struct {
	Name, Value string
}

func (FormPost) template() string { return "form_post" }

func (p FormPost) policy() policy { return policy{away: true, form: p.Action} }
