package pagetest

import (
	"time"

	"github.com/curfew-id/curfew/ui/page"
)

func signInSamples() []Sample {
	identifier := page.Identifier{
		Form: page.Form{Action: sampleFlow}, App: sampleApp,
		SignUpURL: "/signup/flw_0199d2f1c0de7000a000000000000001",
	}
	replaced := identifier
	replaced.Notice = page.EndReplaced.Notice()
	replaced.Frames = sampleFrames
	replaced.Email = sampleEmail
	faulty := identifier
	faulty.Email = "user@"
	faulty.Errors = page.Fault("email", page.EmailMalformed)
	bare := page.Identifier{Form: page.Form{Action: sampleFlow}, BackURL: sampleFlow + "/accounts"}

	password := page.Password{
		Form: page.Form{Action: sampleFlow + "/password"}, App: sampleApp, Email: sampleEmail,
		ChangeURL: sampleFlow, ForgotURL: "/reset", Alternatives: sampleWays(page.MethodEmailCode),
	}
	wrong := password
	wrong.Errors = page.Fault("password", page.PasswordWrong)
	throttled := password
	throttled.Errors = page.Fault("", page.TooManyTries, 30)

	accounts := page.ChooseAccount{
		Form: page.Form{Action: sampleFlow + "/account"}, App: sampleApp, AnotherURL: sampleFlow,
		ForgetAction: sampleFlow + "/forget",
		Accounts: []page.Account{
			{ID: "usr_0199d2f1c0de7000a000000000000001", Who: sampleWho, SignedIn: true},
			{ID: "usr_0199d2f1c0de7000a000000000000002", Who: page.Who{Email: "a.much.longer.address@mail.example.com"}},
		},
	}
	return []Sample{
		ok("identifier", identifier),
		ok("identifier-replaced", replaced),
		refused("identifier-malformed", faulty),
		ok("identifier-bare", bare),
		ok("password", password),
		refused("password-wrong", wrong),
		{Name: "password-throttled", Status: 429, Page: throttled},
		ok("choose_factor", page.ChooseFactor{
			App: sampleApp, Email: sampleEmail, ChangeURL: sampleFlow,
			Methods: sampleWays(page.MethodTOTP, page.MethodSMSCode, page.MethodEmailCode, page.MethodRecovery),
		}),
		refused("choose_factor-failed", page.ChooseFactor{
			Email: sampleEmail, Methods: sampleWays(page.MethodSMSCode), Error: page.Msg(page.SendFailed),
		}),
		ok("choose_factor-none", page.ChooseFactor{Email: sampleEmail, ChangeURL: sampleFlow}),
		ok("choose_account", accounts),
		ok("reauthenticate", page.Reauthenticate{
			Form: page.Form{Action: "/account/confirm"}, Email: sampleEmail, CancelURL: page.PathSecurity,
			Alternatives: sampleWays(page.MethodEmailCode),
		}),
	}
}

func codeSamples() []Sample {
	mail := page.EmailCode{
		Form: page.Form{Action: sampleFlow + "/code"}, App: sampleApp, Email: sampleEmail, Sent: "u•••@example.com",
		ChangeURL: sampleFlow, Resend: page.Resend{Action: sampleFlow + "/resend", After: 42 * time.Second},
		Alternatives: sampleWays(page.MethodPassword),
	}
	wrong := mail
	wrong.Errors = page.Fault("code", page.CodeWrong)
	wrong.Resend.After = 0
	again := mail
	again.Notice = page.Msg(page.CodeSentAgain)
	return []Sample{
		ok("email_code", mail),
		ok("email_code-again", again),
		refused("email_code-wrong", wrong),
		ok("sms_code", page.SMSCode{
			Form: page.Form{Action: sampleFlow + "/code"}, App: sampleApp, Email: sampleEmail, Sent: "••• ••12",
			ChangeURL: sampleFlow, Resend: page.Resend{Action: sampleFlow + "/resend"},
			Alternatives: sampleWays(page.MethodTOTP, page.MethodRecovery),
		}),
		ok("totp", page.TOTP{
			Form: page.Form{Action: sampleFlow + "/code"}, App: sampleApp, Email: sampleEmail, ChangeURL: sampleFlow,
			Alternatives: sampleWays(page.MethodEmailCode, page.MethodRecovery),
		}),
		ok("recovery_code", page.RecoveryCode{
			Form: page.Form{Action: sampleFlow + "/code"}, App: sampleApp, Email: sampleEmail, ChangeURL: sampleFlow,
			Alternatives: sampleWays(page.MethodTOTP),
		}),
	}
}
