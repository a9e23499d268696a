package page

import "time"

// Home is the provider's root page.
type Home struct {
	Base
	Issuer       string
	Who          Who    // empty: nobody is signed in on this device
	Session      string // whose end leads away from the page; empty as Who is
	AccountURL   string
	SignInURL    string // empty hides it
	DiscoveryURL string
	DemoURL      string // dev only; empty hides it
	MailURL      string // dev only; empty hides it
}

func (Home) layout() string { return "wide" }

func (Home) template() string { return "home" }

// MailList is the mailbox of `curfew dev`: everything the server would send.
type MailList struct {
	Base
	Messages []Mail // newest first
	Refresh  int    // seconds between reloads; 0 never
	// Authenticators stand in for the phones of seeded accounts.
	Authenticators []Authenticator
}

func (MailList) layout() string { return "wide" }

func (MailList) template() string { return "mail_list" }

// Authenticator is what an authenticator app shows at the moment.
type Authenticator struct {
	Account string
	Code    string
	Wait    int // seconds until the code counts, because the one before it was used; 0: it does
	Left    int // seconds that it is shown for, once it counts
}

// Mail is one message of the mailbox.
type Mail struct {
	URL     string // of its MailMessage
	SMS     bool
	To      string
	Subject string // empty for text messages
	Code    string // the code in it, if there is one
	SentAt  time.Time
}

// MailMessage is one message in full.
type MailMessage struct {
	Base
	Mail    Mail
	From    string
	Body    string // plain text; http and https addresses become links
	BackURL string
}

func (MailMessage) layout() string { return "wide" }

func (MailMessage) template() string { return "mail_message" }
