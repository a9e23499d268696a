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
		ok("account_sessions", page.AccountSessions{
			Frame: sampleFrame, Now: sampleTime, EndOthersAction: page.PathSessions + "/others",
			Sessions: []page.SessionRow{
				{Device: "Firefox on Linux", Place: "Berlin, Germany", StartedAt: sampleTime.AddDate(0, 0, -9), LastActiveAt: sampleTime, Current: true, Apps: []string{sampleApp, "Example Photos"}, EndAction: page.PathSessions + "/1/end"},
				{Device: "Safari on iPhone", Place: "Hamburg, Germany", StartedAt: sampleTime.AddDate(0, 0, -2), LastActiveAt: sampleTime.Add(-7 * time.Minute), Mobile: true, Apps: []string{sampleApp}, EndAction: page.PathSessions + "/2/end"},
				{Device: sampleApp, StartedAt: sampleTime.AddDate(0, -1, 0), LastActiveAt: sampleTime.Add(-time.Hour), Offline: true, EndAction: page.PathSessions + "/3/end"},
			},
		}),
		ok("session_end", page.SessionEnd{Frame: sampleFrame, Form: page.Form{Action: page.PathSessions + "/2/end"}, Device: "Safari on iPhone", CancelURL: page.PathSessions}),
		ok("session_end-current", page.SessionEnd{Frame: sampleFrame, Form: page.Form{Action: page.PathSessions + "/1/end"}, Device: "Firefox on Linux", Current: true, CancelURL: page.PathSessions}),
		ok("session_end-offline", page.SessionEnd{Frame: sampleFrame, Form: page.Form{Action: page.PathSessions + "/3/end"}, Device: sampleApp, Offline: true, CancelURL: page.PathSessions}),
		ok("session_end-others", page.SessionEnd{Frame: sampleFrame, Form: page.Form{Action: page.PathSessions + "/others"}, Others: true, CancelURL: page.PathSessions}),
		ok("account_sessions-none", page.AccountSessions{Frame: sampleFrame, Now: sampleTime}),
	}
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
	return []Sample{
		ok("home", home),
		ok("home-known", known),
		ok("mail_list", page.MailList{Messages: mails, Refresh: 3}),
		ok("mail_list-none", page.MailList{Refresh: 3}),
		ok("mail_message", page.MailMessage{Mail: mails[1], From: "curfew <no-reply@example.com>", BackURL: "/dev/mail", Body: "Hello,\n\nyour code is\n\n    184220\n\nIt is valid for five minutes. If you did not ask for it, ignore this mail.\n"}),
		ok("mail_message-link", page.MailMessage{Mail: mails[2], From: "curfew <no-reply@example.com>", BackURL: "/dev/mail", Body: "Hello,\n\nset a new password here: http://localhost:8080/reset/rst_1.\n"}),
		ok("mail_message-sms", page.MailMessage{Mail: mails[0], BackURL: "/dev/mail", Body: "041977 is your code."}),
	}
}
