package pagetest

import (
	"time"

	"github.com/curfew-id/curfew/ui/page"
)

// sampleHistory has an entry of every deed, and of everybody who can do one.
func sampleHistory() page.AccountHistory {
	p := page.AccountHistory{Frame: sampleFrame, OlderURL: page.PathHistory + "?before=evt_1", NewestURL: page.PathHistory, Entries: []page.HistoryEntry{
		{Deed: page.DeedActingStarted, By: page.BySupport, Support: "Robin Support", Reason: "Ticket 4711: the invoice does not open", At: sampleTime},
		{Deed: page.DeedActingStarted, By: page.BySupport, At: sampleTime},
		{Deed: page.DeedActingEnded, Why: page.EndSupport, By: page.BySupport, Support: "Robin Support", At: sampleTime},
		{Deed: page.DeedEnded, Why: page.EndIdle, By: page.BySystem, At: sampleTime},
		{Deed: page.DeedAllEnded, By: page.ByOperator, At: sampleTime},
		{Deed: page.DeedFactorAdded, Method: page.MethodTOTP, By: page.ByYou, At: sampleTime, Device: "Firefox on Linux", Address: "203.0.113.7", City: "Berlin", Country: "DE"},
		{Deed: page.DeedAppRevoked, About: sampleApp, By: page.ByApp, At: sampleTime},
	}}
	for i, d := range page.Deeds() {
		e := page.HistoryEntry{Deed: d, About: sampleApp, By: page.ByYou, At: sampleTime.Add(-time.Duration(i) * time.Hour), Device: "Safari on iPhone",
			Mobile: true, Address: "2001:db8::4:12", Country: "DE"}
		switch d {
		case page.DeedFactorAdded, page.DeedFactorRemoved:
			e.Method = page.MethodSMSCode
		case page.DeedEnded:
			e.Why = page.EndElsewhere
		}
		p.Entries = append(p.Entries, e)
	}
	return p
}
