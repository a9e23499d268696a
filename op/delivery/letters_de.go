package delivery

var german = map[Kind]wording{
	SignInCode: {
		subject: "Ihr Code für {{.Service}}",
		before:  []string{"Mit diesem Code melden Sie sich an{{with .Device}} ({{.}}){{end}}:"},
		after: []string{
			"{{with .Minutes}}Er gilt einmal und noch {{.}} Minuten.{{end}}",
			"Geben Sie ihn nur auf der Seite ein, auf der Sie ihn angefordert haben, und sagen Sie ihn niemandem: Wir fragen nie danach. Wenn Sie sich nicht anmelden wollten, brauchen Sie nichts zu tun. Ohne den Code kommt niemand hinein.",
		},
	},
	VerifyEmail: {
		subject: "Bestätigen Sie Ihre E-Mail-Adresse für {{.Service}}",
		before:  []string{"Um zu bestätigen, dass diese Adresse Ihnen gehört, {{if .Code}}geben Sie diesen Code ein:{{else}}öffnen Sie diese Seite:{{end}}"},
		button:  "Adresse bestätigen",
		after: []string{
			"{{with .Minutes}}Das geht einmal und noch {{.}} Minuten lang.{{end}}",
			"Wenn Sie uns diese Adresse nicht angegeben haben, können Sie diese Nachricht ignorieren.",
		},
	},
	ResetPassword: {
		subject: "Neues Passwort für {{.Service}}",
		before: []string{
			"Jemand, hoffentlich Sie, möchte für dieses Konto ein neues Passwort festlegen.",
			"{{if .Code}}Dazu geben Sie diesen Code ein:{{else}}Dazu öffnen Sie diese Seite:{{end}}",
		},
		button: "Neues Passwort festlegen",
		after: []string{
			"{{with .Minutes}}Das geht einmal und noch {{.}} Minuten lang.{{end}}",
			"Wenn Sie das nicht waren, brauchen Sie nichts zu tun: Ihr Passwort bleibt, wie es ist.",
		},
	},
	PasswordChanged: {
		subject: "Ihr Passwort für {{.Service}} wurde geändert",
		before: []string{
			"Das Passwort Ihres Kontos wurde geändert{{with .When}}, am {{.}}{{end}}{{with .Device}}, mit {{.}}{{end}}{{with .Network}} ({{.}}){{end}}.",
			"Wenn Sie das waren, ist alles in Ordnung.",
			"Wenn nicht, legen Sie jetzt ein neues Passwort fest und sehen Sie nach, welche Geräte angemeldet sind.",
		},
		button: "Mein Konto ansehen",
	},
	NewSignIn: {
		subject: "Neue Anmeldung bei {{.Service}}",
		before: []string{
			"Jemand hat sich mit einem Gerät, das wir noch nicht kannten, bei Ihrem Konto angemeldet{{with .Device}}: {{.}}{{end}}{{with .Network}} ({{.}}){{end}}{{with .When}}, am {{.}}{{end}}.",
			"Wenn Sie das waren, ist alles in Ordnung.",
			"Wenn nicht, melden Sie das Gerät ab und ändern Sie Ihr Passwort.",
		},
		button: "Meine Geräte ansehen",
	},
	SignUpAttempt: {
		subject: "Sie haben schon ein Konto bei {{.Service}}",
		before: []string{
			"Jemand, vielleicht Sie, wollte sich mit dieser Adresse registrieren. Es gibt dazu schon ein Konto, deshalb wurde nichts geändert.",
			"Wenn Sie das waren, melden Sie sich wie gewohnt an. Wenn Sie das Passwort nicht mehr wissen, können Sie dort ein neues festlegen.",
		},
		button: "Anmelden",
		after:  []string{"Wenn Sie das nicht waren, brauchen Sie nichts zu tun."},
	},
	UnknownAddress: {
		subject: "Kein Konto mit dieser Adresse bei {{.Service}}",
		before: []string{
			"Jemand, vielleicht Sie, wollte sich mit dieser Adresse anmelden. Es gibt dazu kein Konto.",
			"Wenn Sie das waren, haben Sie sich vielleicht mit einer anderen Adresse registriert.",
		},
		after: []string{"Wenn Sie das nicht waren, können Sie diese Nachricht ignorieren."},
	},
	FactorsChanged: {
		subject: "Ihre Anmeldung bei {{.Service}} wurde geändert",
		before: []string{
			"Für Ihr Konto wurde eine Art der Anmeldung hinzugefügt oder entfernt{{with .When}}, am {{.}}{{end}}{{with .Device}}, mit {{.}}{{end}}{{with .Network}} ({{.}}){{end}}.",
			"Wenn Sie das waren, ist alles in Ordnung.",
			"Wenn nicht, prüfen Sie Ihr Konto und ändern Sie Ihr Passwort.",
		},
		button: "Mein Konto ansehen",
	},
	WebhookDisabled: {
		subject: "Ein Webhook von {{.Service}} wurde abgeschaltet",
		before: []string{
			"An Ihren Endpunkt{{with .Target}} {{.}}{{end}} wird nichts mehr gesendet{{with .When}}, seit {{.}}{{end}}: Er hat geantwortet, dass es ihn nicht mehr gibt, oder fünf Tage lang ist nichts bei ihm angekommen.",
			"Was von jetzt an geschieht, wird für ihn nicht aufgehoben. Wenn er wieder arbeitet, lassen Sie ihn einschalten; was vorher gescheitert ist, kann 30 Tage lang aus seinem Protokoll noch einmal gesendet werden.",
		},
	},
	Impersonated: {
		subject: "Der Support hat in Ihr Konto bei {{.Service}} gesehen",
		before: []string{
			"Jemand, der {{.Service}} betreut, sieht{{with .When}} seit {{.}}{{end}} Ihr Konto, wie Sie es sehen. Wie Sie sich anmelden, kann dabei niemand sehen oder ändern.",
			"{{with .Target}}Als Grund wurde angegeben: {{.}}{{end}}",
			"Sie finden das in Ihrem Konto und können es dort beenden.",
		},
		button: "Mein Konto ansehen",
	},
	Invited: {
		subject: "Ihr Konto bei {{.Service}}",
		before: []string{
			"Bei {{.Service}} wurde ein Konto für Sie eröffnet. Diese Adresse ist sein Name.",
			"{{if .Code}}Um Ihr Passwort zu wählen, geben Sie diesen Code ein:{{else}}Um Ihr Passwort zu wählen, öffnen Sie diese Seite:{{end}}",
		},
		button: "Passwort wählen",
		after: []string{
			"{{with .Days}}Das geht einmal und noch {{.}} Tage lang. Danach bitten Sie um eine neue Nachricht, wo das Konto eröffnet wurde.{{end}}",
			"Wenn Sie nicht wissen, worum es geht, können Sie diese Nachricht ignorieren.",
		},
	},
}
