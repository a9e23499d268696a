package pagetest

import (
	"time"

	"github.com/curfew-id/curfew/ui/page"
)

func console(at string) page.Console {
	c := page.Console{Who: sampleWho, Role: "owner", SignOutAction: "/account/sign-out", Section: at, Now: sampleTime}
	for _, s := range page.Sections() {
		c.Sections = append(c.Sections, s.URL)
	}
	return c
}

func adminSamples() []Sample {
	confirm := func(act page.Act) page.AdminConfirm {
		return page.AdminConfirm{Console: console(page.PathAdminUsers), Form: page.Form{Action: "/admin/users/1/x"}, Act: act, Object: sampleEmail, CancelURL: page.PathAdminUsers}
	}
	told := []page.Told{{App: sampleApp, Channel: "backchannel", DeadBy: sampleTime.Add(time.Minute)}, {App: "Example Photos", Channel: "frontchannel", DeadBy: sampleTime.Add(time.Minute)},
		{App: "Example Shop", Channel: "none", DeadBy: sampleTime.Add(time.Minute)}}
	ending, acting := confirm(page.ActEndSession), confirm(page.ActImpersonate)
	ending.Told = told
	acting.Reason, acting.Errors = true, page.Fault("reason", page.Required)
	row := page.AdminSessionRow{URL: "/admin/sessions/1", ID: "ses_1", User: sampleEmail, UserURL: "/admin/users/1", Device: "Firefox on Linux", Address: "203.0.113.7", City: "Berlin",
		Country: "DE", Status: "active", Live: true, StartedAt: sampleTime.AddDate(0, 0, -2), LastActiveAt: sampleTime.Add(-time.Minute), Apps: []string{sampleApp, "Example Photos"}, EndAction: "/admin/sessions/1/end"}
	phone, over, offline := row, row, row
	phone.Device, phone.Mobile, phone.Actor, phone.Apps = "Safari on iPhone", true, "support@example.com", nil
	over.Live, over.Status, over.EndAction, over.EndedAt = false, "revoked", "", sampleTime.Add(-20*time.Second)
	offline.Offline = true
	rows := []page.AdminSessionRow{row, phone, over, offline}
	apps := []page.AdminSessionApp{{Name: sampleApp, URL: "/admin/applications/1", FirstTokenAt: sampleTime.Add(-time.Hour), Scope: "openid email"}, {Name: "Example Photos", FirstTokenAt: sampleTime}}
	live := page.AdminSession{Console: console(page.PathAdminSessions), Row: phone, AMR: "pwd otp mfa", ExpiresAt: sampleTime.AddDate(0, 0, 28), AbandonAt: sampleTime.AddDate(0, 0, 7),
		Apps: apps, Acting: rows[1:2], ActorURL: "/admin/sessions/2", Told: told}
	ended := page.AdminSession{Console: console(page.PathAdminSessions), Row: over, Why: page.EndOperator, EndedBy: "admin@example.com", Apps: apps, Receipts: sampleEnded().Receipts}
	return append([]Sample{
		ok("admin_enter", page.AdminEnter{Who: sampleWho, StepUpURL: "/signin?goal=admin", LeaveURL: page.PathAccount}),
		ok("admin_enter-none", page.AdminEnter{Who: sampleWho, EnrollURL: page.PathConsoleFactor, LeaveURL: page.PathAccount}),
		ok("admin_overview", sampleOverview()),
		ok("admin_overview-none", page.AdminOverview{Console: console(page.PathAdmin), Span: "24h", Charts: []page.Chart{{Name: "sign_ins", Times: []time.Time{sampleTime}, Every: time.Hour, Series: []page.Series{{Name: "sign_ins", Values: []int64{0}}}}}}),
		ok("admin_users", page.AdminUsers{Console: console(page.PathAdminUsers), Query: "user", NewURL: "/admin/new-user", More: true, Pager: page.Pager{FirstURL: "/admin/users", NextURL: "/admin/users?after=1"}, Users: []page.UserRow{
			{URL: "/admin/users/1", Name: sampleWho.Name, Email: sampleEmail, CreatedAt: sampleTime.AddDate(0, -3, 0), LastSignInAt: sampleTime.Add(-time.Hour)},
			{URL: "/admin/users/2", Email: "support@example.com", Role: "support", Disabled: true, CreatedAt: sampleTime}}}),
		ok("admin_users-none", page.AdminUsers{Console: console(page.PathAdminUsers), Query: "nobody", Second: "yes", Seen: "not90d"}),
		ok("admin_user", sampleUser(rows)),
		ok("admin_confirm", confirm(page.ActDisable)),
		ok("admin_confirm-end", ending),
		refused("admin_confirm-impersonate", acting),
		ok("admin_sessions", page.AdminSessions{Console: console(page.PathAdminSessions), Sessions: rows, EndAllAction: "/admin/end-all", Pager: page.Pager{NextURL: "/admin/sessions?after=1"}}),
		ok("admin_sessions-none", page.AdminSessions{Console: console(page.PathAdminSessions), Query: "nobody@example.com", NotFound: true}),
		ok("admin_session", live),
		ok("admin_session-ended", ended),
		ok("admin_apps", page.AdminApps{Console: console(page.PathAdminApps), NewURL: "/admin/new-application", Apps: []page.AppRow{
			{URL: "/admin/applications/1", Name: sampleApp, ID: "cli_1", Kind: "web", Backchannel: true, Frontchannel: true, UpdatedAt: sampleTime}, {URL: "/admin/applications/2", Name: "Example Photos", ID: "cli_2", Kind: "browser", UpdatedAt: sampleTime}}}),
		ok("admin_apps-none", page.AdminApps{Console: console(page.PathAdminApps)}),
		ok("admin_app_stacks", sampleStacks()),
		ok("admin_app_setup", sampleSetup("go", nil)),
		ok("admin_app_setup-native", sampleSetup("native", nil)),
		ok("admin_app_setup-service", sampleSetup("curl", nil)),
		refused("admin_app_setup-faulty", sampleSetup("oidc", page.Fault("redirect_uris", page.NotAccepted, "http only on loopback"))),
		ok("admin_app_form", sampleAppForm(nil)),
		refused("admin_app_form-faulty", sampleAppForm(page.Errors{"redirect_uris": page.Msg(page.NotAccepted, "http only on loopback"), "jwks": page.Msg(page.NotAccepted, "required"),
			"grant_types": page.Msg(page.NotAccepted, "at least one is needed"), "session_lifetime": page.Msg(page.NotAccepted, "must be at least 60 seconds"), "allowed_cors_origins": page.Msg(page.NotAccepted, "not an origin"), "logo_uri": page.Msg(page.NotAccepted, "must be a URL")})),
		ok("admin_app", sampleApplication(rows[:2])),
		ok("admin_app-new", sampleNewApp()),
		ok("admin_templates", page.AdminTemplates{Console: console(page.PathAdminTemplates), NewURL: "/admin/template", Rows: []page.TemplateRow{{URL: "/admin/template?kind=session", Kind: "session", UpdatedAt: sampleTime}, {URL: "/admin/template?kind=named", Kind: "named", Name: "maps", UpdatedAt: sampleTime}}}),
		ok("admin_templates-none", page.AdminTemplates{Console: console(page.PathAdminTemplates)}),
		ok("admin_template", page.AdminTemplate{Console: console(page.PathAdminTemplates), Form: page.Form{Action: "/admin/template"}, New: true, Kind: "session", Claims: "{}", Dry: &page.DryRun{Users: 200, P50: 20, P99: 80, Max: 120, Bound: 400, TooLarge: 1, Largest: "{}"}}),
		ok("admin_template-read", page.AdminTemplate{Console: console(page.PathAdminTemplates), Kind: "named", Name: "maps", Claims: "{}", DeleteAction: "/admin/template/delete"}),
		ok("admin_keys", page.AdminKeys{Console: console(page.PathAdminKeys), RotateAction: "/admin/keys/rotate", Keys: []page.KeyRow{{ID: "key_1", Alg: "ES256", Active: true, ActiveAt: sampleTime}, {ID: "key_2", Alg: "ES256", Next: true, ActiveAt: sampleTime.AddDate(0, 0, 1)}, {ID: "key_0", Alg: "ES256", ActiveAt: sampleTime, RetiredAt: sampleTime}}}),
		ok("admin_policies", page.AdminPolicies{Console: console(page.PathAdminPolicies), Form: page.Form{Action: "/admin/policies"}, Document: "{}", Version: 1}),
		ok("admin_policies-read", page.AdminPolicies{Console: console(page.PathAdminPolicies), Document: "{}"}),
	}, append(append(webhookSamples(), apiKeySamples()...), userFormSamples()...)...)
}

func sampleUser(rows []page.AdminSessionRow) page.AdminUser {
	p := page.AdminUser{Console: console(page.PathAdminUsers), ID: "usr_1", Name: sampleWho.Name, Email: sampleEmail, Verified: true, Phone: "+49305550112", Locale: "de", UserRole: "support", CreatedAt: sampleTime, LastSeen: sampleTime,
		Live: rows, Devices: []page.DeviceRow{{Name: "Firefox on Linux", Address: "203.0.113.7", City: "Berlin", Country: "DE", LastSeenAt: sampleTime}, {Name: "Safari on iPhone", Mobile: true, LastSeenAt: sampleTime}},
		Consents: []page.ConsentRow{{App: sampleApp, AppURL: "/admin/applications/1", Scope: "openid", GrantedAt: sampleTime}}, History: sampleEvents(), ActedBy: sampleEvents()[3:4], Acted: sampleEvents()[3:4], ExternalID: "crm-4711", OlderURL: "/admin/users/1?before=evt_1", NewestURL: "/admin/users/1",
		DisableAction: "/admin/users/1/disable", EnableAction: "/admin/users/1/enable", ResetAction: "/admin/users/1/reset", EditURL: "/admin/users/1/edit", DeleteURL: "/admin/users/1/delete", GivenName: "Sample", FamilyName: "User", SessionLimit: 3, EndAllAction: "/admin/users/1/end", ImpersonateAction: "/admin/users/1/impersonate",
		RoleForm: page.Form{Action: "/admin/users/1/role"}, MoreSessionsURL: "/admin/sessions?q=usr_1", MoreEventsURL: "/admin/audit?q=usr_1"}
	for _, k := range page.FactorKinds() {
		p.Factors = append(p.Factors, page.FactorRow{Kind: k, Label: sampleEmail, Left: 9, CreatedAt: sampleTime, UsedAt: sampleTime, RemoveAction: "/admin/users/1/factors/" + k + "/remove"})
	}
	for _, t := range page.Tiers() {
		p.Metadata = append(p.Metadata, page.MetadataForm{Form: page.Form{Action: "/admin/users/1/metadata"}, Tier: t, JSON: "{\n  \"plan\": \"gold\"\n}", Version: 3})
	}
	p.Metadata[1].Errors = page.Fault("json", page.JSONAt, 2, 11)
	return p
}

func sampleOverview() page.AdminOverview {
	p := page.AdminOverview{Console: console(page.PathAdmin), Span: "24h", Users: 104_211, Active: 61_300, Known: true, Totals: []page.Total{{Name: "sign_ins", Value: 8120}, {Name: "failures", Value: 14, Bad: true}, {Name: "drop_p99", Took: 340 * time.Millisecond}}}
	for _, s := range page.Spans() {
		p.Spans = append(p.Spans, page.Stack{Name: s, URL: "/admin?span=" + s, Current: s == "24h"})
	}
	times := make([]time.Time, 24)
	for i := range times {
		times[i] = sampleTime.Truncate(time.Hour).Add(time.Duration(i-23) * time.Hour)
	}
	series := func(name string, scale int64) page.Series {
		s := page.Series{Name: name}
		for i := range times {
			s.Values = append(s.Values, scale*int64((i*i*7+i*13)%29))
		}
		return s
	}
	ends := page.Chart{Name: "ends", Times: times, Every: time.Hour}
	for i, c := range page.CauseNames() {
		ends.Series = append(ends.Series, series(c, int64(9-i)))
	}
	p.Charts = []page.Chart{{Name: "sign_ins", Times: times, Every: time.Hour, Series: []page.Series{series("sign_ins", 30)}},
		{Name: "active", Times: times, Every: time.Hour, Series: []page.Series{series("active", 2_100)}}, ends,
		{Name: "failures", Times: times, Every: time.Hour, Series: []page.Series{series("failures", 1)}},
		{Name: "drop_p99", Times: times, Every: time.Hour, Micro: true, Series: []page.Series{series("drop_p99", 12_000)}}}
	return p
}
