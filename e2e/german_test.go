package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/e2e/browser"
	"github.com/curfew-id/curfew/op/delivery"
)

// A person whose browser speaks German meets no English, in pages and mails; one who chooses a language gets that one.
func TestGerman(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{Locale: "de"})
	h.toDemo(p)
	german(t, p, "Anmelden")
	p.Click("a[href^='/signup/']")
	german(t, p, "Konto anlegen")
	p.Fill("input[name=email]", "neu@example.com")
	p.Fill("input[name=name]", "Neue Person")
	p.Fill("input[name=password]", "kurz")
	submitUnchecked(p)
	german(t, p, "Verwenden Sie mindestens 8 Zeichen.")
	p.Fill("input[name=password]", "ein paar Wörter ohne Sinn")
	submit(p)
	german(t, p, "E-Mail-Adresse bestätigen")
	var code string
	mail := h.message("a German code", func(m delivery.Received) bool {
		code = sixDigits.FindString(m.Text)
		return m.To == "neu@example.com" && code != ""
	})
	if !strings.Contains(mail.Text, "Code") || strings.Contains(mail.Text, "your") {
		t.Errorf("mail in English: %s\n%s", mail.Subject, mail.Text)
	}
	giveCode(p, code)
	german(t, p, "Demo möchte Zugriff auf Ihr Konto")
	p.Click("button[value=allow]")
	h.inDemo(p, "Neue Person")

	for path, words := range map[string]string{"": "Über Sie", "/security": "Zweiter Schritt", "/apps": "Zurücknehmen",
		"/sessions": "Dieses Gerät", "/nirgends": "Hier ist nichts"} {
		p.Go(h.Info.Issuer + "/account" + path)
		german(t, p, words)
	}
	p.Go(h.Info.Issuer + "/account")
	browser.Eval[string](p, "document.querySelector('select[name=locale]').value = 'en'")
	p.Click("form[action$='/account'] button.button-main")
	p.WaitText("Saved.")
	p.Go(h.Info.Issuer + "/account/security")
	p.WaitText("Second step")
}

// german waits for words, and looks for the English of which pages are full.
func german(t *testing.T, p *browser.Page, words string) {
	t.Helper()
	p.WaitText(words)
	if lang := browser.Eval[string](p, "document.documentElement.lang"); lang != "de" {
		t.Errorf("lang=%q at %s", lang, p.URL())
	}
	for _, word := range strings.FieldsFunc(p.Text("body"), func(r rune) bool { return strings.ContainsRune(" \n\t.,:;·", r) }) {
		if slices.Contains([]string{"the", "your", "you", "with", "and", "is", "of", "to", "for"}, strings.ToLower(word)) {
			t.Errorf("%q at %s", word, p.URL())
		}
	}
}
