package page

// Page is one hosted page. Only the structs of this package implement it.
type Page interface {
	// template names the file in ui/template, without its extension.
	template() string
	// layout names the shell in ui/template/layout that it stands in.
	layout() string
	// shared returns what every page has.
	shared() Base
	// policy returns what this page needs beyond the Content-Security-Policy
	// that all pages have.
	policy() policy
}

// Base is what every page has. Its zero value is right for most.
type Base struct {
	// Locales are the end user's preferred languages, best first: ui_locales
	// of the request (OpenID Connect Core 3.1.2.1) or the user's own setting.
	// They win over Accept-Language.
	Locales []string
	// Notice is one sentence shown above the content, such as CodeSentAgain.
	Notice Message
	// Frames are loaded unseen: the clients' front-channel logout URIs with iss and sid (OpenID Connect Front-Channel
	// Logout 1.0, section 3), for a page that tells a person that their session has ended.
	Frames []string
	// Acting is that somebody sees the page as somebody else. The Renderer finds it out for each request; it is here for
	// samples.
	Acting *Acting
}

func (b Base) shared() Base { return b }

func (Base) layout() string { return "panel" }

func (Base) policy() policy { return policy{} }

// Who is the person that a page speaks to.
type Who struct {
	Name  string // may be empty
	Email string
}

// Display returns the name, or the address of a person who gave none.
func (w Who) Display() string {
	if w.Name != "" {
		return w.Name
	}
	return w.Email
}

// Link is a way on from a page.
type Link struct {
	URL   string
	Label Key
}
