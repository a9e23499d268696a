package pagetest

import (
	"time"

	"github.com/curfew-id/curfew/ui/page"
)

func signUpSamples() []Sample {
	form := page.SignUp{
		Form: page.Form{Action: "/signup/flw_0199d2f1c0de7000a000000000000001"}, App: sampleApp, MinLength: 8,
		SignInURL: sampleFlow, TermsURL: "https://example.com/terms", PolicyURL: "https://example.com/privacy",
	}
	faulty := form
	faulty.Email, faulty.Name = "user@", sampleWho.Name
	faulty.Errors = page.Errors{"email": page.Msg(page.EmailMalformed), "password": page.Msg(page.PasswordTooShort, 8)}
	bare := page.SignUp{Form: page.Form{Action: form.Action, Errors: page.Fault("password", page.PasswordCommon)}, Email: sampleEmail, MinLength: 8}
	return []Sample{
		ok("sign_up", form),
		refused("sign_up-faulty", faulty),
		refused("sign_up-bare", bare),
		ok("verify_email", page.VerifyEmail{
			Form: page.Form{Action: form.Action + "/verify"}, App: sampleApp, Sent: sampleEmail, ChangeURL: form.Action,
			Resend: page.Resend{Action: form.Action + "/resend", After: 42 * time.Second},
		}),
		ok("reset_request", page.ResetRequest{Form: page.Form{Action: "/reset"}, Email: sampleEmail, BackURL: sampleFlow}),
		ok("reset_sent", page.ResetSent{Email: sampleEmail, BackURL: sampleFlow}),
		ok("reset_password", page.ResetPassword{Form: page.Form{Action: "/reset/rst_1"}, Email: sampleEmail, MinLength: 8}),
		ok("reset_password-invited", page.ResetPassword{Form: page.Form{Action: "/reset/rst_1"}, Email: sampleEmail, MinLength: 8, Invited: true}),
		refused("reset_password-breached", page.ResetPassword{
			Form: page.Form{Action: "/reset/rst_1", Errors: page.Fault("password", page.PasswordBreached)}, Email: sampleEmail, MinLength: 8,
		}),
	}
}
