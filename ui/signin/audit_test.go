package signin

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/op/audit"
)

// noSecrets looks at the audit when a test is over: nothing that was typed or sent may be read there.
func (w *world) noSecrets() {
	list, err := w.Store.UnsealedEvents(context.Background(), 10000)
	w.must(err)
	secrets := []string{password}
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

// Whoever proves who they are and gets no session is a failure, too; so is a refusal of what an app asked for an act.
func TestRefusalsAreWrittenDown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.user(email)
		b := w.browser().passed("", email).want(200, "decision")
		b.submit("/consent", "decision", "deny")
		if data := w.events(userID)[audit.ConsentDenied]; len(data) != 1 || !strings.Contains(data[0], "openid email") {
			t.Errorf("%q", data)
		}
		w.must(w.Users.Disable(t.Context(), w.Store, w.Door, userID, "admin"))
		w.browser().passed("", email).want(http.StatusUnprocessableEntity, "password")
		if data := w.events(userID)[audit.SignInFailed]; len(data) != 1 || !strings.Contains(data[0], "user_disabled") {
			t.Errorf("%q", data)
		}
	})
}
