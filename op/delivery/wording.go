package delivery

var smsWording = map[string]string{
	"en": "{{.Code}} is your code for {{.Service}}. Give it to nobody.{{with .Minutes}} It works for {{.}} minutes.{{end}}",
	"de": "{{.Code}} ist Ihr Code für {{.Service}}. Sagen Sie ihn niemandem.{{with .Minutes}} Er gilt {{.}} Minuten.{{end}}",
}

var footerWording = map[string]string{
	"en": "{{.Service}} sent this message because of something that happened in an account, or to open one. It cannot be answered.",
	"de": "{{.Service}} hat diese Nachricht gesendet, weil in einem Konto etwas geschehen ist oder eines eröffnet werden soll. Sie kann nicht beantwortet werden.",
}

var timeWording = map[string]string{
	"en": "2 January 2006 at 15:04 UTC",
	"de": "2.1.2006 um 15:04 Uhr (UTC)",
}
