package locale

import (
	"strings"
	"time"
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
