package pagetest

import (
	"time"

	"github.com/curfew-id/curfew/ui/page"
)

func userFormSamples() []Sample {
	fresh := page.AdminUserForm{Console: console(page.PathAdminUsers), Form: page.Form{Action: "/admin/new-user"}, New: true, Roles: true, Verified: true,
		Next: "mail", CancelURL: page.PathAdminUsers}
	taken := fresh
	taken.Email, taken.Roles, taken.Verified, taken.Next, taken.Errors = sampleEmail, false, false, "none", page.Fault("email_address", page.EmailTaken)
	edit := page.AdminUserForm{Console: console(page.PathAdminUsers), Form: page.Form{Action: "/admin/users/1/edit"}, Email: sampleEmail, Name: sampleWho.Name,
		GivenName: "Sample", FamilyName: "User", Locale: "de-AT", SessionLimit: "3", ExternalID: "crm-4711", Version: 3, CancelURL: "/admin/users/1"}
	faulty := edit
	faulty.SessionLimit, faulty.Errors = "many", page.Errors{"session_limit": page.Msg(page.UserLimit, 1000), "external_id": page.Msg(page.ExternalIDTaken)}
	gone := page.AdminUserDelete{Console: console(page.PathAdminUsers), Form: page.Form{Action: "/admin/users/1/delete"}, Email: sampleEmail, Sessions: 3,
		CancelURL: "/admin/users/1", Told: []page.Told{{App: sampleApp, Channel: "backchannel", DeadBy: sampleTime.Add(time.Minute)}}}
	last := gone
	last.Sessions, last.More, last.Told, last.Errors = 500, true, nil, page.Fault("", page.UserLastOwner)
	return []Sample{ok("admin_user_form", edit), refused("admin_user_form-faulty", faulty), ok("admin_user_form-new", fresh),
		refused("admin_user_form-taken", taken), ok("admin_user_delete", gone), refused("admin_user_delete-last", last)}
}
