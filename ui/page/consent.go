package page

// Consent asks whether an app may have what it asks for.
//
// Fields: decision, "allow" or "deny".
type Consent struct {
	Base
	Form
	Client    Client
	Who       Who
	SwitchURL string // to ChooseAccount; empty hides it
	Scopes    []Scope
}

func (Consent) template() string { return "consent" }

// The client's logo is its own, so it may stand on the client's own site.
func (c Consent) policy() policy {
	return policy{images: []string{c.Client.LogoURL}}
}

// Client is an OAuth client as people see it; members as in RFC 7591, section 2.
type Client struct {
	Name      string
	LogoURL   string
	URI       string // client_uri; its host is shown
	PolicyURL string
	TermsURL  string
}

// Scope is one thing that an app may do. Standard scopes have texts of their
// own in every language.
type Scope struct {
	Name        string // the scope value of RFC 6749, section 3.3
	Description string // for scopes that are not standard; may be empty
	Granted     bool   // allowed before
}

// StandardScopes lists the scopes that the locale files put into words.
func StandardScopes() []string {
	return []string{"openid", "profile", "email", "phone", "address", "offline_access"}
}
