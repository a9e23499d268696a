package delivery

import (
	"strings"
	"testing"
	"time"
)

var sampleFacts = Facts{
	Service: "Example & Co", Host: "login.example.com", Code: "049312", URL: "https://login.example.com/reset?t=1",
	TTL: 5 * time.Minute, Device: "Firefox on Linux", Network: "192.0.2.7",
	At: time.Date(2030, 3, 4, 5, 6, 7, 0, time.UTC),
}

// withoutOptional is what a caller knows at the least.
var withoutOptional = Facts{Service: "Example"}

func TestEveryKindIsWrittenInEveryLocale(t *testing.T) {
	for _, locale := range Locales {
		if got, want := len(letters()[locale]), len(Kinds); got != want {
			t.Errorf("%s: %d letters for %d kinds", locale, got, want)
		}
		for _, kind := range Kinds {
			for _, f := range []Facts{sampleFacts, withoutOptional} {
				m, err := Write(kind, locale, "user@example.com", f)
				if err != nil {
					t.Fatalf("%s %s: %v", locale, kind, err)
				}
				for part, s := range map[string]string{"subject": m.Subject, "text": m.Text, "html": m.HTML} {
					if strings.TrimSpace(s) == "" || strings.Contains(s, "<no value>") || strings.Contains(s, "{{") {
						t.Errorf("%s %s: %s is %q", locale, kind, part, s)
					}
				}
				if strings.Contains(m.Text, "  .") || strings.Contains(m.Text, " ,") || strings.Contains(m.Text, "()") {
					t.Errorf("%s %s: a gap where a fact is missing: %q", locale, kind, m.Text)
				}
				if f.Code != "" && (!strings.Contains(m.Text, f.Code) || !strings.Contains(m.HTML, f.Code)) {
					t.Errorf("%s %s: lacks the code", locale, kind)
				}
				if f.URL != "" && letters()[locale][kind].button != "" && !strings.Contains(m.HTML, `href="`+f.URL+`"`) {
					t.Errorf("%s %s: lacks the link", locale, kind)
				}
			}
		}
	}
}

func TestLetterEscapesAndKeepsHeadersWhole(t *testing.T) {
	f := sampleFacts
	f.Service = "Evil\r\nBcc: victim@example.com"
	f.Device = `<script>alert(1)</script>`
	m, err := Write(NewSignIn, "en", "user@example.com", f)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(m.Subject, "\r\n") {
		t.Errorf("subject has a line break: %q", m.Subject)
	}
	if strings.Contains(m.HTML, "<script>") {
		t.Error("html is not escaped")
	}
	f.URL = "javascript:alert(1)"
	if m, err = Write(NewSignIn, "en", "user@example.com", f); err != nil || strings.Contains(m.HTML, `href="javascript:`) {
		t.Errorf("script url in a link: %v", err)
	}
}

func TestUnknownKindIsAnError(t *testing.T) {
	if _, err := Write("lottery", "en", "user@example.com", sampleFacts); err == nil {
		t.Error("no error")
	}
}

func TestLocaleFallsBack(t *testing.T) {
	for locale, want := range map[string]string{"de": "de", "de-AT": "de", "DE_ch": "de", "en-GB": "en", "fr": "en", "": "en", "deu": "en"} {
		if got := language(locale); got != want {
			t.Errorf("language(%q) = %q, want %q", locale, got, want)
		}
	}
}

func TestSMSIsShortAndBoundToItsHost(t *testing.T) {
	for _, locale := range Locales {
		s, err := WriteSMS(locale, "+15550100", sampleFacts)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(s.Text, "\n\n@login.example.com #049312") {
			t.Errorf("%s: %q is not bound to the host", locale, s.Text)
		}
		if n := len([]rune(s.Text)); n > 160 {
			t.Errorf("%s: %d characters, more than one SMS", locale, n)
		}
	}
}

// What somebody typed stands in the sentence that says whose words they are, and makes no paragraph of the service's.
func TestWhatWasTypedStaysInItsSentence(t *testing.T) {
	const typed = "ticket 12\n\nYour account is locked.\r\n-- \n\u2028Example"
	for _, locale := range Locales {
		m, err := Write(Impersonated, locale, "user@example.com", Facts{Service: "Example", Target: typed, Device: typed, Network: typed})
		if err != nil {
			t.Fatal(err)
		}
		if want := "ticket 12 Your account is locked. -- Example"; !strings.Contains(m.Text, ": "+want+"\n") || !strings.Contains(m.HTML, ": "+want+"</p>") {
			t.Errorf("%s: %s\n%s", locale, m.Text, m.HTML)
		}
	}
}
