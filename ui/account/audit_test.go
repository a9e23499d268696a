package account

import (
	"context"
	"fmt"
	"regexp"
	"strings"
)

// noSecrets looks at the audit when a test is over: nothing that was typed or sent may be read there.
func (w *world) noSecrets() {
	list, err := w.Store.UnsealedEvents(context.Background(), 10000)
	w.must(err)
	secrets := []string{password, newPassword}
	for _, m := range w.mailbox.List() {
		secrets = append(secrets, sentCode.FindAllString(m.Text, -1)...)
	}
	for _, e := range list {
		text := fmt.Sprintf("%+v", *e)
		for _, s := range secrets {
			if strings.Contains(" "+notWord.ReplaceAllString(text, " ")+" ", " "+notWord.ReplaceAllString(s, " ")+" ") {
				w.t.Errorf("%s holds %q: %s", e.Kind, s, text)
			}
		}
	}
}

var (
	sentCode = regexp.MustCompile(`\b\d{6}\b`)
	notWord  = regexp.MustCompile(`\W+`)
)
