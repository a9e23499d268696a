package locale

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Date returns the day of at in words, in UTC.
func (t *Texts) Date(at time.Time) string {
	at = at.UTC()
	months := strings.Split(t.word("date.months"), "|")
	if len(months) != 12 {
		return at.Format(time.DateOnly)
	}
	return t.T("date.day", at.Day(), months[at.Month()-1], at.Year())
}

// Moment returns day and time of at. The zone is named, since a server does not
// know the reader's; a script puts the reader's in its place.
func (t *Texts) Moment(at time.Time) string {
	return t.T("date.moment", t.Date(at), at.UTC().Format("15:04"))
}

// Ago returns how long before now at was, roughly; days and more give the date.
func (t *Texts) Ago(now, at time.Time) string {
	switch d := now.Sub(at); {
	case d < time.Minute:
		return t.T("date.just_now")
	case d < time.Hour:
		return t.N("date.minutes_ago", int(d/time.Minute))
	case d < 24*time.Hour:
		return t.N("date.hours_ago", int(d/time.Hour))
	default:
		return t.Date(at)
	}
}

// Seconds returns a short time in seconds, as precisely as a person would say it.
func (t *Texts) Seconds(d time.Duration) string {
	digits := 1
	if d < 100*time.Millisecond {
		d, digits = max(d, 10*time.Millisecond), 2
	}
	return t.T("date.seconds", strings.Replace(strconv.FormatFloat(d.Seconds(), 'f', digits, 64), ".", t.word("date.decimal"), 1))
}

// Country returns the name of a country by its code (ISO 3166-1 alpha-2); the code where it has no name here, "" for "".
func (t *Texts) Country(code string) string {
	region, err := language.ParseRegion(code)
	if code == "" || err != nil {
		return code
	}
	if namer := display.Regions(language.Make(t.Lang)); namer != nil {
		if name := namer.Name(region); name != "" {
			return name
		}
	}
	return code
}
