package delivery

var english = map[Kind]wording{
	SignInCode: {
		subject: "Your code for {{.Service}}",
		before:  []string{"Use this code to sign in{{with .Device}} on {{.}}{{end}}:"},
		after: []string{
			"{{with .Minutes}}It works once, within the next {{.}} minutes.{{end}}",
			"Type it only on the page where you asked for it, and give it to nobody: we never ask for it. If you did not try to sign in, you need not do anything. Without the code nobody gets in.",
		},
	},
	VerifyEmail: {
		subject: "Confirm your e-mail address for {{.Service}}",
		before:  []string{"To confirm that this address is yours, {{if .Code}}use this code:{{else}}open this page:{{end}}"},
		button:  "Confirm address",
		after: []string{
			"{{with .Minutes}}It works once, within the next {{.}} minutes.{{end}}",
			"If you did not give us this address, you can ignore this message.",
		},
	},
	ResetPassword: {
		subject: "Set a new password for {{.Service}}",
		before: []string{
			"Somebody, we hope you, asked to set a new password for this account.",
			"To go on, {{if .Code}}use this code:{{else}}open this page:{{end}}",
		},
		button: "Set a new password",
		after: []string{
			"{{with .Minutes}}It works once, within the next {{.}} minutes.{{end}}",
			"If it was not you, you need not do anything: your password stays as it is.",
		},
	},
	PasswordChanged: {
		subject: "Your password for {{.Service}} was changed",
		before: []string{
			"The password of your account was changed{{with .When}} on {{.}}{{end}}{{with .Device}}, on {{.}}{{end}}{{with .Network}} ({{.}}){{end}}.",
			"If that was you, all is well.",
			"If it was not, set a new password now and look through the devices that are signed in.",
		},
		button: "Look at my account",
	},
	NewSignIn: {
		subject: "New sign-in to {{.Service}}",
		before: []string{
			"Somebody signed in to your account from a device that we have not seen before{{with .Device}}: {{.}}{{end}}{{with .Network}} ({{.}}){{end}}{{with .When}}, on {{.}}{{end}}.",
			"If that was you, all is well.",
			"If it was not, sign that device out and change your password.",
		},
		button: "Look at my devices",
	},
	SignUpAttempt: {
		subject: "You already have an account with {{.Service}}",
		before: []string{
			"Somebody, perhaps you, tried to sign up with this address. There is an account with it already, so nothing was changed.",
			"If it was you, sign in as usual. If you do not remember the password, you can set a new one there.",
		},
		button: "Sign in",
		after:  []string{"If it was not you, you need not do anything."},
	},
	UnknownAddress: {
		subject: "No account with this address at {{.Service}}",
		before: []string{
			"Somebody, perhaps you, wanted to sign in with this address. There is no account with it.",
			"If it was you, you may have signed up with another address.",
		},
		after: []string{"If it was not you, you can ignore this message."},
	},
	FactorsChanged: {
		subject: "How you sign in to {{.Service}} was changed",
		before: []string{
			"A way to sign in to your account was added or removed{{with .When}} on {{.}}{{end}}{{with .Device}}, on {{.}}{{end}}{{with .Network}} ({{.}}){{end}}.",
			"If that was you, all is well.",
			"If it was not, look through your account and change your password.",
		},
		button: "Look at my account",
	},
	WebhookDisabled: {
		subject: "A webhook of {{.Service}} was disabled",
		before: []string{
			"Events are no longer sent to your endpoint{{with .Target}} {{.}}{{end}}{{with .When}} since {{.}}{{end}}: it answered that it is gone, or nothing that was sent to it has arrived for five days.",
			"What happens from now on is not kept for it. When it works again, have it enabled; what failed before can be sent again from its log for 30 days.",
		},
	},
	Impersonated: {
		subject: "Support looked at your {{.Service}} account",
		before: []string{
			"Somebody who looks after {{.Service}} has begun to see your account as you do{{with .When}}, on {{.}}{{end}}. They cannot see or change how you sign in.",
			"{{with .Target}}The reason they gave: {{.}}{{end}}",
			"You find it in your account, and can end it there.",
		},
		button: "Look at my account",
	},
	Invited: {
		subject: "Your account with {{.Service}}",
		before: []string{
			"An account with {{.Service}} was opened for you. This address is its name.",
			"To choose your password, {{if .Code}}use this code:{{else}}open this page:{{end}}",
		},
		button: "Choose a password",
		after: []string{
			"{{with .Days}}It works once, within the next {{.}} days. After that, ask whoever opened the account for another.{{end}}",
			"If you do not know what this is about, you can ignore this message.",
		},
	},
}
