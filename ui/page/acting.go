package page

import (
	"html/template"
	"time"
)

// PathActingStop is where impersonations are stopped: a question for those who come by a link, which an app's banner has, and
// the answer for the banner of our own pages.
const PathActingStop = "/impersonate/stop"

// Acting is that the session of a request is an impersonation: somebody who is not the user sees the pages as the user.
// Every page says so above all else.
type Acting struct {
	User, Actor Who
	EndsAt      time.Time // of the session, if it is not idle before
	StopAction  string    // the stop button posts here
}

// Impersonate asks an actor once before they act as somebody.
//
// Fields: ticket, hidden.
type Impersonate struct {
	Base
	Form
	User, Actor Who
	Reason      string    // may be empty
	Minutes     int       // that it lasts at most
	Until       time.Time // the question can be answered
	Ticket      string
	CancelURL   string
}

func (Impersonate) template() string { return "impersonate" }

// ImpersonateStop asks who came by a link whether to stop. Its button is that of the banner.
type ImpersonateStop struct {
	Base
	Form
	User      Who
	CancelURL string
}

func (ImpersonateStop) template() string { return "impersonate_stop" }

// ImpersonateStopped tells the actor that they are themselves again. Its Frames tell the apps, and then it goes on.
type ImpersonateStopped struct {
	Base
	User, Actor Who
	ContinueURL string
}

func (ImpersonateStopped) template() string { return "impersonate_stopped" }

// Acting returns who acts as whom on this page; nil where nobody does.
func (v view) Acting() *Acting {
	if a := v.P.shared().Acting; a != nil {
		return a
	}
	return v.acting
}

// ReadOnly tells that the page is of an account that its reader must not change.
func (v view) ReadOnly() bool { return v.Acting() != nil && v.P.layout() == "account" }

// Both returns the name with the address, for who must not be taken for somebody else.
func (w Who) Both() string {
	if w.Name == "" || w.Name == w.Email {
		return w.Email
	}
	return w.Name + " (" + w.Email + ")"
}

// Minute is Clock without the seconds.
func (v view) Minute(at time.Time) template.HTML {
	return template.HTML(`<time datetime="` + v.ISO(at) + `" data-minute>` + template.HTMLEscapeString(v.T("date.clock", at.UTC().Format("15:04"))) + `</time>`)
}
