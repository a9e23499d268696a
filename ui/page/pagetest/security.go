package pagetest

import (
	"bytes"
	"fmt"
	"image/png"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/curfew-id/curfew/ui/page"
)

// samplePNG is the QR code of a secret that protects nothing.
func samplePNG() []byte {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "curfew", AccountName: sampleEmail, Secret: []byte("sample secret 20byte")})
	if err != nil {
		panic(fmt.Sprintf("pagetest: sample key: %v", err))
	}
	img, err := key.Image(384, 384)
	if err != nil {
		panic(fmt.Sprintf("pagetest: sample QR code: %v", err))
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(fmt.Sprintf("pagetest: sample QR code: %v", err))
	}
	return b.Bytes()
}

func securitySamples() []Sample {
	change := page.PasswordChange{Form: page.Form{Action: page.PathSecurity + "/password"}, Set: true, Email: sampleEmail, MinLength: 8, ChangedAt: sampleTime}
	on := page.AccountSecurity{
		Frame: sampleFrame, Password: change,
		TOTP:      page.TOTPFactor{Since: sampleTime, RemoveAction: page.PathSecurity + "/totp/remove"},
		Phone:     page.PhoneFactor{Number: "••• ••12", Since: sampleTime, RemoveAction: page.PathSecurity + "/phone/remove"},
		EmailCode: page.EmailCodeFactor{On: true, Address: sampleEmail, OffAction: page.PathSecurity + "/email/off"},
		Recovery:  page.RecoveryFactor{Left: 2, Total: 10, NewAction: page.PathSecurity + "/recovery"},
	}
	off := page.AccountSecurity{
		Frame: sampleFrame, Password: change,
		TOTP:      page.TOTPFactor{EnrollURL: page.PathSecurity + "/totp"},
		Phone:     page.PhoneFactor{EnrollURL: page.PathSecurity + "/phone"},
		EmailCode: page.EmailCodeFactor{Address: sampleEmail, OnAction: page.PathSecurity + "/email/on"},
		Recovery:  page.RecoveryFactor{NewAction: page.PathSecurity + "/recovery"},
	}
	off.Password.ChangedAt = time.Time{}
	off.Password.Errors = page.Errors{"current_password": page.Msg(page.CurrentWrong), "new_password": page.Msg(page.PasswordTooShort, 8)}
	fresh := page.AccountSecurity{
		Frame: sampleFrame, TOTP: page.TOTPFactor{EnrollURL: page.PathSecurity + "/totp"},
		Password: page.PasswordChange{Form: page.Form{Action: page.PathSecurity + "/password"}, Email: sampleEmail, MinLength: 8},
		Recovery: page.RecoveryFactor{Left: 1, Total: 10},
	}
	enroll := page.TOTPEnroll{
		Frame: sampleFrame, Form: page.Form{Action: page.PathSecurity + "/totp"}, QR: samplePNG(),
		Secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", CancelURL: page.PathSecurity,
	}
	forConsole := enroll
	forConsole.Console = true
	unproven := enroll
	unproven.Errors = page.Fault("code", page.CodeWrong)
	phone := page.PhoneEnroll{Frame: sampleFrame, Form: page.Form{Action: page.PathSecurity + "/phone"}, CancelURL: page.PathSecurity}
	sent := phone
	sent.Sent = "+49 30 555 0112"
	sent.Resend = page.Resend{Action: page.PathSecurity + "/phone/resend"}
	malformed := phone
	malformed.Phone, malformed.Errors = "030", page.Fault("phone", page.PhoneMalformed)
	return []Sample{
		ok("account_security", on),
		refused("account_security-off", off),
		ok("account_security-fresh", fresh),
		ok("totp_enroll", enroll),
		ok("totp_enroll-console", forConsole),
		refused("totp_enroll-wrong", unproven),
		ok("recovery_codes", page.RecoveryCodes{Frame: sampleFrame, DoneURL: page.PathSecurity, Codes: []string{
			"k7d2-m9xw-4tqf-8hza", "p3vn-6rjc-2ygs-5kbe", "w8ct-3mfx-9dpa-7nqh", "z4hk-5gvr-6wye-2sjm",
			"b9qx-8ntd-3kcf-4pva", "r2ym-7ehs-5zgw-6xjt", "f6na-4pkd-8rvc-9mqb", "t5xg-2wjz-7hse-3ynf",
			"c3mr-9vqp-6kda-8tbw", "h8ze-5fxn-4gyj-2crs",
		}}),
		ok("phone_enroll", phone),
		ok("phone_enroll-sent", sent),
		refused("phone_enroll-malformed", malformed),
	}
}
