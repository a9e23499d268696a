package pagetest

import (
	"time"

	"github.com/curfew-id/curfew/ui/page"
)

var sampleFrame = page.Frame{Who: sampleWho, SignOutAction: "/account/signout", ShowSessions: true}

func accountSamples() []Sample {
	saved := sampleFrame
	saved.Notice = page.Msg(page.ProfileSaved)
	plain := sampleFrame
	plain.Who.Name = ""
	plain.ShowSessions = false
	form := page.Form{Action: page.PathAccount}
	offline := []page.Scope{{Name: "openid"}, {Name: "email"}, {Name: "offline_access"}}
	return []Sample{
		ok("account_profile", page.AccountProfile{Frame: saved, Form: form, Name: sampleWho.Name, Email: sampleEmail, Verified: true, ChangeURL: page.PathAccount + "/email", Locale: "de"}),
		ok("email_change", page.EmailChange{Frame: sampleFrame, Form: page.Form{Action: page.PathAccount + "/change/1"}, Current: sampleEmail, CancelURL: page.PathAccount}),
		refused("email_change-malformed", page.EmailChange{Frame: sampleFrame, Form: page.Form{Action: page.PathAccount + "/change/1", Errors: page.Fault("email", page.EmailMalformed)}, Email: "user@", Current: sampleEmail, CancelURL: page.PathAccount}),
		ok("account_profile-unverified", page.AccountProfile{Frame: plain, Form: form, Email: sampleEmail, VerifyAction: page.PathAccount + "/verify"}),
		refused("account_profile-faulty", page.AccountProfile{Frame: plain, Form: page.Form{Action: page.PathAccount, Errors: page.Fault("name", page.NameTooLong)}, Email: sampleEmail}),
		ok("account_apps", page.AccountApps{Frame: sampleFrame, Apps: []page.ConnectedApp{
			{Client: sampleClient, Scopes: offline, Since: sampleTime, LastUsedAt: sampleTime.AddDate(0, 1, 3), Offline: true, WithdrawAction: page.PathApps + "/1/withdraw"},
			{Client: page.Client{Name: "Example Photos"}, Scopes: offline[:1], Since: sampleTime, WithdrawAction: page.PathApps + "/2/withdraw"},
		}}),
		ok("account_apps-none", page.AccountApps{Frame: sampleFrame}),
		ok("account_sessions", sampleSessions()),
		ok("session_end", page.SessionEnd{Frame: sampleFrame, Form: page.Form{Action: page.PathSessions + "/2/end"}, Device: "Safari on iPhone", CancelURL: page.PathSessions}),
		ok("session_end-current", page.SessionEnd{Frame: sampleFrame, Form: page.Form{Action: page.PathSessions + "/1/end"}, Device: "Firefox on Linux", Current: true, CancelURL: page.PathSessions}),
		ok("session_end-offline", page.SessionEnd{Frame: sampleFrame, Form: page.Form{Action: page.PathSessions + "/3/end"}, Device: sampleApp, Offline: true, CancelURL: page.PathSessions}),
		ok("session_end-others", page.SessionEnd{Frame: sampleFrame, Form: page.Form{Action: page.PathSessions + "/others"}, Others: true, CancelURL: page.PathSessions}),
		ok("session_end-all", page.SessionEnd{Frame: sampleFrame, Form: page.Form{Action: page.PathSessions + "/all"}, All: true, CancelURL: page.PathSessions}),
		ok("session_ended", sampleEnded()),
		ok("session_ended-alone", page.SessionEnded{Frame: sampleFrame, Now: sampleTime, BackURL: page.PathSessions, StartedAt: sampleTime.AddDate(0, 0, -30),
			Row: page.EndedRow{Device: "Firefox on Linux", Why: page.EndExpired, EndedAt: sampleTime.Add(-time.Hour)}}),
		ok("account_history", sampleHistory()),
		ok("account_history-none", page.AccountHistory{Frame: sampleFrame}),
		ok("account_sessions-none", page.AccountSessions{Frame: sampleFrame, Now: sampleTime}),
	}
}

func sampleSessions() page.AccountSessions {
	here := sampleFrame
	here.Session = "ses_1"
	return page.AccountSessions{
		Frame: here, LiveURL: page.PathSessions + "/live", Now: sampleTime, EndOthersAction: page.PathSessions + "/others", EndAllAction: page.PathSessions + "/all",
		Sessions: []page.SessionRow{
			{Device: "Firefox on Linux", City: "Berlin", Country: "DE", Address: "203.0.113.7", StartedAt: sampleTime.AddDate(0, 0, -9), LastActiveAt: sampleTime, Current: true, Apps: []string{sampleApp, "Example Photos"}, EndAction: page.PathSessions + "/1/end"},
			{Device: "Safari on iPhone", Country: "DE", Address: "2001:db8::4:12", StartedAt: sampleTime.AddDate(0, 0, -2), LastActiveAt: sampleTime.Add(-7 * time.Minute), Mobile: true, Apps: []string{sampleApp}, EndAction: page.PathSessions + "/2/end"},
			{Device: sampleApp, StartedAt: sampleTime.AddDate(0, -1, 0), LastActiveAt: sampleTime.Add(-time.Hour), Offline: true, EndAction: page.PathSessions + "/3/end"},
			{Device: "Chrome on Windows", StartedAt: sampleTime.Add(-time.Minute), LastActiveAt: sampleTime.Add(-time.Minute), Acting: true, EndAction: page.PathSessions + "/7/end"},
		},
		Ended: []page.EndedRow{
			{Device: "Chrome on Windows", Why: page.EndReplaced, EndedAt: sampleTime.Add(-20 * time.Second), DeadBy: sampleTime.Add(40 * time.Second), URL: page.PathSessions + "/4/ended"},
			{Device: "Chrome on Android", Mobile: true, Why: page.EndElsewhere, EndedAt: sampleTime.Add(-3 * time.Hour), Over: true, DeadBy: sampleTime.Add(-3*time.Hour + time.Minute), URL: page.PathSessions + "/5/ended"},
			{Device: "Example Photos", Offline: true, Why: page.EndConsent, EndedAt: sampleTime.AddDate(0, 0, -4), URL: page.PathSessions + "/6/ended"},
		},
	}
}

// sampleEnded has every state of a receipt.
func sampleEnded() page.SessionEnded {
	ended := sampleTime.Add(-20 * time.Second)
	p := page.SessionEnded{Frame: sampleFrame, Now: sampleTime, BackURL: page.PathSessions, StartedAt: sampleTime.AddDate(0, 0, -2),
		Row:  page.EndedRow{Device: "Safari on iPhone", Mobile: true, Why: page.EndElsewhere, EndedAt: ended},
		City: "Berlin", Country: "DE", Address: "203.0.113.7"}
	for i, state := range page.ReceiptStates() {
		p.Receipts = append(p.Receipts, page.Receipt{App: []string{sampleApp, "Example Photos"}[i%2], State: state, At: ended.Add(time.Second),
			Took: 200 * time.Millisecond, DeadBy: ended.Add(time.Minute), Over: i%3 == 2})
	}
	return p
}

func devSamples() []Sample {
	mails := []page.Mail{
		{URL: "/dev/mail/3", SMS: true, To: "+49 30 555 0112", Code: "041977", SentAt: sampleTime},
		{URL: "/dev/mail/2", To: sampleEmail, Subject: "Your code is 184 220", Code: "184220", SentAt: sampleTime.Add(-time.Minute)},
		{URL: "/dev/mail/1", To: sampleEmail, Subject: "Reset your password", SentAt: sampleTime.Add(-time.Hour)},
	}
	home := page.Home{
		Issuer: "http://localhost:8080", AccountURL: page.PathAccount, SignInURL: "/signin",
		DiscoveryURL: "http://localhost:8080/.well-known/openid-configuration",
		DemoURL:      "http://127.0.0.1:8090", MailURL: "/dev/mail",
	}
	known := page.Home{Issuer: home.Issuer, AccountURL: page.PathAccount, DiscoveryURL: home.DiscoveryURL, Who: sampleWho}
	ended := home
	ended.Notice, ended.Frames = page.EndPassword.Notice(), sampleFrames
	return []Sample{
		ok("home", home),
		ok("home-known", known),
		ok("home-ended", ended),
		ok("mail_list", page.MailList{Messages: mails, Refresh: 3}),
		ok("mail_list-authenticator", page.MailList{Messages: mails, Authenticators: []page.Authenticator{
			{Account: "admin@example.com", Code: "318406", Left: 22}, {Account: "support@example.com", Code: "750291", Wait: 9, Left: 30}}}),
		ok("mail_list-none", page.MailList{Refresh: 3}),
		ok("mail_message", page.MailMessage{Mail: mails[1], From: "curfew <no-reply@example.com>", BackURL: "/dev/mail", Body: "Hello,\n\nyour code is\n\n    184220\n\nIt is valid for five minutes. If you did not ask for it, ignore this mail.\n"}),
		ok("mail_message-link", page.MailMessage{Mail: mails[2], From: "curfew <no-reply@example.com>", BackURL: "/dev/mail", Body: "Hello,\n\nset a new password here: http://localhost:8080/reset/rst_1.\n"}),
		ok("mail_message-sms", page.MailMessage{Mail: mails[0], BackURL: "/dev/mail", Body: "041977 is your code."}),
	}
}
