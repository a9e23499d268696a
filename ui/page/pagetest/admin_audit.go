package pagetest

import (
	"time"

	"github.com/curfew-id/curfew/ui/page"
)

var (
	sampleUserRef = page.Ref{Name: sampleEmail, ID: "usr_1", URL: "/admin/users/1"}
	sampleAdmin   = page.Ref{Name: "admin@example.com", ID: "usr_2", URL: "/admin/users/2"}
	sampleAppRef  = page.Ref{Name: sampleApp, ID: "cli_1", URL: "/admin/applications/1"}
)

// sampleEvents has an event of every kind of actor, and of every shape of what one says.
func sampleEvents() []page.EventRow {
	app := page.EventDetail{Name: "app", Value: sampleApp, URL: "/admin/applications/1"}
	rows := []page.EventRow{
		{Kind: "sign_in.failed", User: sampleUserRef, Actor: sampleUserRef, App: sampleAppRef, Alarming: true,
			Details: []page.EventDetail{app, {Name: "reason", Key: "event.reason.wrong"}, {Name: "factor", Key: "admin.factor.password"}}},
		{Kind: "user.updated", User: sampleUserRef, Actor: sampleAdmin, Left: 2, Details: []page.EventDetail{
			{Change: &page.EventChange{Field: "role", After: "support", Known: true}}, {Change: &page.EventChange{Field: "locale", Before: "de", Known: true}},
			{Change: &page.EventChange{Field: "private_metadata"}}}},
		{Kind: "session.ended", User: sampleUserRef, Actor: page.Ref{Key: "event.by.system", ID: "system"}, Session: page.Ref{ID: "ses_1", URL: "/admin/sessions/1"},
			Details: []page.EventDetail{{Name: "reason", Key: "event.reason.idle"}, {Name: "apps", Value: sampleApp + ", Example Photos"}}},
		{Kind: "impersonation.started", User: sampleUserRef, Actor: sampleAdmin, Session: page.Ref{ID: "ses_2", URL: "/admin/sessions/2"},
			Details: []page.EventDetail{{Name: "reason", Value: "Ticket 4711: the invoice does not open"}}},
		{Kind: "session.started", User: sampleUserRef, Actor: sampleUserRef, Session: page.Ref{ID: "ses_1"},
			Details: []page.EventDetail{{Name: "proof", Value: "pwd otp mfa", Code: true}}},
		{Kind: "session.started", Deed: page.DeedOfflineStarted, User: sampleUserRef, Actor: sampleUserRef, App: sampleAppRef, Details: []page.EventDetail{app}},
		{Kind: "client.updated", Actor: page.Ref{Key: "event.by.cli", ID: "cli"}, App: sampleAppRef, Details: []page.EventDetail{app,
			{Change: &page.EventChange{Field: "redirect_uris", Before: "https://notes.example.com/a", After: "https://notes.example.com/callback", Known: true}}}},
		{Kind: "webhook.disabled", Actor: page.Ref{Key: "event.by.api_key", ID: "apk_1"},
			Details: []page.EventDetail{{Name: "webhook", Value: "whk_1", URL: "/admin/webhooks/whk_1", Code: true}}},
		{Kind: "something.newer", User: page.Ref{Name: "usr_3", ID: "usr_3"}},
	}
	for i := range rows {
		rows[i].ID, rows[i].URL, rows[i].At = "evt_1", "/admin/audit/evt_1", sampleTime.Add(-time.Duration(i)*time.Hour)
		if rows[i].Address = "203.0.113.7"; rows[i].Deed == "" {
			rows[i].Deed = page.Deed(rows[i].Kind)
		}
	}
	return rows
}

func auditSamples() []Sample {
	at := console(page.PathAdminAudit)
	event := page.AdminEvent{Console: at, Row: sampleEvents()[1], City: "Berlin", Country: "DE", Device: "Firefox on Linux", DeviceID: "dev_1", Request: "1f8a",
		Changes: []page.EventChange{{Field: "locale", Before: "de", Known: true}, {Field: "redirect_uris", Before: "https://notes.example.com/a",
			After: "https://notes.example.com/callback, https://notes.example.com/other/callback", Known: true}, {Field: "role", After: "support", Known: true}},
		Data: "{\n  \"after\": {\n    \"role\": \"support\"\n  }\n}", Sealed: true, Vouched: true, Chain: "chn_1", Position: 12_007, Hash: "9f2c51d0a7",
		BeforeURL: "/admin/audit/evt_0", AfterURL: "/admin/audit/evt_2", UserEventsURL: "/admin/audit?q=usr_1"}
	event.Row.Details = []page.EventDetail{{Change: &page.EventChange{Field: "private_metadata"}}}
	open := page.AdminEvent{Console: at, Row: sampleEvents()[0], Data: "{}"}
	open.Row.Actor = page.Ref{}
	whole := page.Verification{Span: "24h", At: sampleTime, Took: 1200 * time.Millisecond, From: sampleTime.AddDate(0, 0, -1), To: sampleTime,
		Events: 81_200, Unsealed: 3, Chains: 2, Checkpoints: 1440}
	broken := whole
	broken.Faults = []page.VerificationFault{{Chain: "chn_1", Position: 7, Event: page.Ref{Name: "evt_1", ID: "evt_1", URL: "/admin/audit/evt_1"}, At: sampleTime,
		Detail: "the event was edited, or is not the one that was here"}, {Chain: "chn_2", Position: 9, Detail: "the event is gone"}, {Position: 4, At: sampleTime, Detail: "is missing"}}
	verification := func(v page.AdminVerification) page.AdminVerification {
		v.Console, v.Action, v.Span = at, "/admin/verify-audit", "24h"
		return v
	}
	return []Sample{
		ok("admin_audit", page.AdminAudit{Console: at, Events: sampleEvents(), VerifyURL: "/admin/verify-audit", Verified: &whole, Pager: page.Pager{NextURL: "/admin/audit?after=evt_1"}}),
		ok("admin_audit-filtered", page.AdminAudit{Console: at, Query: sampleEmail, Kind: "session.ended", App: "cli_1", SessionID: "ses_1", Actor: "system", From: "2026-03-01",
			To: "2026-03-12", Narrowed: true, VerifyURL: "/admin/verify-audit", Verified: &broken, LookedTo: sampleTime, Pager: page.Pager{FirstURL: "/admin/audit", NextURL: "/admin/audit?after=evt_1"}}),
		refused("admin_audit-faulty", page.AdminAudit{Console: at, Form: page.Form{Errors: page.Errors{"from": page.Msg(page.NoDay), "to": page.Msg(page.DaysTurned)}},
			From: "yesterday", To: "2026-03-01", Narrowed: true, VerifyURL: "/admin/verify-audit"}),
		ok("admin_audit-none", page.AdminAudit{Console: at, Query: "nobody@example.com", Missing: true, Verifying: true, VerifyURL: "/admin/verify-audit"}),
		ok("admin_event", event),
		ok("admin_event-open", open),
		ok("admin_verification", verification(page.AdminVerification{Verified: &whole})),
		ok("admin_verification-broken", verification(page.AdminVerification{Verified: &broken})),
		ok("admin_verification-running", verification(page.AdminVerification{Verifying: &page.Verifying{Span: "all", Events: 720_000, All: 2_000_000}})),
		ok("admin_verification-counting", verification(page.AdminVerification{Verifying: &page.Verifying{Span: "7d"},
			Verified: &page.Verification{Span: "all", At: sampleTime, Took: 10 * time.Minute, Stopped: true}})),
		ok("admin_verification-none", verification(page.AdminVerification{})),
	}
}
