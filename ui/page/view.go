package page

import (
	"encoding/base64"
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/curfew-id/curfew/ui/locale"
)

// view is what a template sees: one request's language, its page and the brand.
// All that a template calls is a method of it, so nothing of one request can
// reach another through a shared function map.
type view struct {
	*locale.Texts
	P      Page
	Brand  Brand
	Status int

	set    *locale.Set
	acting *Acting
}

// Asset returns the URL of a static file, with its hash.
func (v view) Asset(name string) (string, error) { return assetURL(name) }

// Text returns a message in words.
func (v view) Text(m Message) string { return v.T(string(m.Key), m.Args...) }

// Key returns the words of a key that a page carries.
func (v view) Key(k Key) string { return v.T(string(k)) }

// Languages returns the languages that a person may choose from.
func (v view) Languages() []*locale.Texts { return v.set.All() }

// Initial returns the letter that stands for a person or an app.
func (v view) Initial(name string) string {
	r, _ := utf8.DecodeRuneInString(strings.TrimSpace(name))
	if r == utf8.RuneError {
		return "·"
	}
	return strings.ToUpper(string(r))
}

// Host returns the host of a URL, which says more about an app than its name does.
func (v view) Host(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Host
}

// Groups sets s in groups of four, as people read and type it.
func (v view) Groups(s string) []string {
	var groups []string
	for len(s) > 4 {
		groups, s = append(groups, s[:4]), s[4:]
	}
	return append(groups, s)
}

// QR returns a PNG as the source of an image.
func (v view) QR(png []byte) template.URL {
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(png))
}

// ISO returns at for the datetime attribute.
func (v view) ISO(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// Away returns raw as a link that leaves for a client. Apps register schemes of
// their own (RFC 8252, section 7.1), which the template engine would blank, so the ones
// that would run or read something here are refused instead.
func (v view) Away(raw string) (template.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme == "" {
		return "", fmt.Errorf("not an absolute URL to return to")
	}
	switch strings.ToLower(u.Scheme) {
	case "javascript", "data", "vbscript", "blob", "file", "filesystem", "about", "view-source":
		return "", fmt.Errorf("scheme %q is not one to return to", u.Scheme)
	}
	return template.URL(raw), nil
}

// Clock returns at as the time of day, to the second, for Texts.HTML. The zone is named, since a server does not know the
// reader's; a script puts the reader's in its place.
func (v view) Clock(at time.Time) template.HTML {
	return template.HTML(`<time datetime="` + v.ISO(at) + `" data-clock>` + template.HTMLEscapeString(v.T("date.clock", at.UTC().Format("15:04:05"))) + `</time>`)
}

// Stamp is Clock with the day.
func (v view) Stamp(at time.Time) template.HTML {
	return template.HTML(`<time datetime="` + v.ISO(at) + `" data-clock="day">` +
		template.HTMLEscapeString(v.Date(at)+", "+v.T("date.clock", at.UTC().Format("15:04:05"))) + `</time>`)
}

// Place says where an address is, as far as it is known; "" for nowhere known.
func (v view) Place(city, country string) string {
	name := v.Country(country)
	if city == "" || name == "" {
		return city + name
	}
	return city + ", " + name
}

// Received is what became of telling one app, in words.
func (v view) Received(r Receipt) template.HTML {
	said := v.HTML("receipt."+string(r.State), v.Clock(r.At), v.Seconds(r.Took))
	if r.Over {
		return said + " " + v.HTML("receipt.dead", v.Clock(r.DeadBy))
	}
	return said + " " + v.HTML("receipt.dies", v.Clock(r.DeadBy))
}

// Why says why a session ended.
func (v view) Why(e End) string { return v.T("end." + string(e) + ".why") }

// Standard reports whether a scope has words of its own in the locale files.
func (v view) Standard(scope string) bool {
	for _, s := range StandardScopes() {
		if s == scope {
			return true
		}
	}
	return false
}

// person is what the part "who" shows.
type person struct {
	view
	Email, URL string
}

// Person is the chip that says who is signing in, with the way to another.
func (v view) Person(email, changeURL string) person { return person{v, email, changeURL} }

// ways is what the part "alternatives" shows.
type ways struct {
	view
	Ways []Alternative
	App  string
}

// Ways is the list of other methods.
func (v view) Ways(list []Alternative) ways { return ways{view: v, Ways: list} }

// again is what the part "resend" shows.
type again struct {
	view
	Resend
}

// Again is the form that asks for a new code.
func (v view) Again(r Resend) again { return again{v, r} }

// rights is what the part "scopes" shows.
type rights struct {
	view
	Scopes []Scope
}

// Rights is the list of what an app may do.
func (v view) Rights(s []Scope) rights { return rights{v, s} }

// way is what the part "way" shows.
type way struct {
	view
	Alternative
	Main bool
}

// Way is one method to choose, as one of the main choices or below another.
func (v view) Way(a Alternative, main bool) way { return way{v, a, main} }

// Icon returns the method's icon.
func (w way) Icon() string { return string(w.Method) }

// Words returns the key of the method's invitation.
func (w way) Words() string { return "way." + string(w.Method) }

// navEntry is one way between the account pages.
type navEntry struct {
	URL     string
	Words   string // a key
	Current bool
}

// Nav is the navigation of the account pages, with or without the sessions.
func (v view) Nav(sessions bool) []navEntry {
	at := map[string]string{
		"account_profile": PathAccount, "email_change": PathAccount, "account_apps": PathApps,
		"account_history": PathHistory, "account_sessions": PathSessions, "session_end": PathSessions, "session_ended": PathSessions,
	}[v.P.template()]
	if at == "" {
		at = PathSecurity // the pages that set up a factor
	}
	list := []navEntry{
		{URL: PathAccount, Words: "nav.profile"}, {URL: PathSecurity, Words: "nav.security"}, {URL: PathApps, Words: "nav.apps"},
	}
	if sessions {
		list = append(list, navEntry{URL: PathSessions, Words: "nav.sessions"})
	}
	list = append(list, navEntry{URL: PathHistory, Words: "nav.history"})
	for i := range list {
		list[i].Current = list[i].URL == at
	}
	return list
}
