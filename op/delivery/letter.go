package delivery

import (
	"bytes"
	_ "embed"
	"fmt"
	htmltemplate "html/template"
	"strings"
	"sync"
	"text/template"
	"time"
)

// Facts are what a letter tells. Which of them a Kind uses is seen in its wording; empty ones are left out.
type Facts struct {
	Service string        // the name people know the service by
	Host    string        // domain of the sign-in page; lets a phone offer an SMS code there and nowhere else
	Code    string        // to be typed
	URL     string        // to be opened
	TTL     time.Duration // how long code and URL count
	Device  string        // such as "Firefox on Linux"
	Network string        // such as an IP address
	At      time.Time     // when it happened
	Target  string        // the address it is about, which nobody is to open
}

// Locales are those that letters are written in; the first stands in for all others.
var Locales = []string{"en", "de"}

// Write returns the mail of a kind in a locale (a BCP 47 tag; one that is not in Locales gets English).
func Write(kind Kind, locale, to string, f Facts) (Mail, error) {
	lang := language(locale)
	w, ok := letters()[lang][kind]
	if !ok {
		return Mail{}, fmt.Errorf("no wording for mail %q", kind)
	}
	l, err := w.fill(lang, f)
	if err != nil {
		return Mail{}, fmt.Errorf("write mail %q: %w", kind, err)
	}
	var html bytes.Buffer
	if err := htmlLayout.Execute(&html, l); err != nil {
		return Mail{}, fmt.Errorf("write mail %q: %w", kind, err)
	}
	return Mail{Kind: kind, To: to, Subject: l.Subject, Text: l.text(), HTML: html.String()}, nil
}

// WriteSMS returns the text message with a code. Its last line binds the code to the host it is for, so that a phone
// fills it in there only (WICG, Origin-bound one-time codes delivered via SMS).
func WriteSMS(locale, to string, f Facts) (SMS, error) {
	lang := language(locale)
	text, err := fill(smsWording[lang], view(lang, f))
	if err != nil {
		return SMS{}, fmt.Errorf("write sms: %w", err)
	}
	if f.Host != "" {
		text += "\n\n@" + f.Host + " #" + f.Code
	}
	return SMS{Kind: SignInCode, To: to, Text: text}, nil
}

func language(locale string) string {
	base, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(locale, "_", "-")), "-")
	for _, l := range Locales {
		if l == base {
			return l
		}
	}
	return Locales[0]
}

// wording is a letter before the facts are in it. Each string is a text/template over facts.
type wording struct {
	subject string
	before  []string // paragraphs
	button  string   // label of the link, where there is one
	after   []string
}

// letter is one with the facts in it.
type letter struct {
	Lang, Service, Subject, Code, Button, URL, Footer string
	Before, After                                     []string
}

// letters holds every wording by language.
func letters() map[string]map[Kind]wording {
	return map[string]map[Kind]wording{"en": english, "de": german}
}

func (w wording) fill(lang string, f Facts) (l letter, err error) {
	v := view(lang, f)
	one := func(text string) string {
		s, failed := fill(text, v)
		if failed != nil {
			err = failed
		}
		return s
	}
	all := func(texts []string) (list []string) {
		for _, t := range texts {
			if s := one(t); s != "" {
				list = append(list, s)
			}
		}
		return list
	}
	l = letter{Lang: lang, Service: f.Service, Code: f.Code, URL: f.URL,
		// A line break in a name must not become a header of the mail.
		Subject: strings.Join(strings.Fields(one(w.subject)), " "),
		Before:  all(w.before), Button: one(w.button), After: all(w.after), Footer: one(footerWording[lang])}
	return l, err
}

// facts are Facts as a template reads them.
type facts struct {
	Facts
	Minutes int
	Days    int // whole ones
	When    string
}

func view(lang string, f Facts) facts {
	// What people typed is part of a sentence: a line of its own would read as if the service had written it.
	for _, said := range []*string{&f.Device, &f.Network, &f.Target} {
		*said = strings.Join(strings.Fields(*said), " ")
	}
	v := facts{Facts: f, Minutes: int(f.TTL.Round(time.Minute) / time.Minute), Days: int(f.TTL / (24 * time.Hour))}
	if !f.At.IsZero() {
		v.When = f.At.UTC().Format(timeWording[lang])
	}
	return v
}

var parsed sync.Map // text -> *template.Template

func fill(text string, v facts) (string, error) {
	t, ok := parsed.Load(text)
	if !ok {
		fresh, err := template.New("").Parse(text)
		if err != nil {
			return "", err
		}
		t, _ = parsed.LoadOrStore(text, fresh)
	}
	var out strings.Builder
	err := t.(*template.Template).Execute(&out, v)
	return strings.TrimSpace(out.String()), err
}

func (l letter) text() string {
	parts := append([]string{}, l.Before...)
	if l.Code != "" {
		parts = append(parts, "    "+l.Code)
	}
	if l.URL != "" {
		parts = append(parts, l.URL)
	}
	parts = append(parts, l.After...)
	return strings.Join(append(parts, "-- \n"+l.Footer), "\n\n") + "\n"
}

//go:embed letter.html
var htmlText string

var htmlLayout = htmltemplate.Must(htmltemplate.New("letter").Parse(htmlText))
