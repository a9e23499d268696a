package rp_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/curfew-id/curfew/rp/rptest"
)

// With offline_access the tokens hang off a session of their own, and so do the ID tokens of renewals: that is no other
// user's session. The web session ends with either of the two.
func TestLastingAccess(t *testing.T) {
	const lasting = "ses_lasting"
	for name, ends := range map[string]func(first page) string{
		"the browser's session ends": func(first page) string { return first.SessionID },
		"the lasting access ends":    func(page) string { return lasting },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			issued := 0
			w.provider.Set(func(p *rptest.Provider) {
				p.Tamper.AccessToken = func(claims map[string]any) { claims["sid"] = lasting }
				p.Tamper.IDToken = func(claims map[string]any) {
					if issued++; issued > 1 {
						claims["sid"] = lasting
					}
				}
			})
			b := w.browser()
			first := w.visit(b, "/")
			w.pass(45 * time.Second)
			w.visit(b, "/")
			w.eventually("a new token", func() bool { return w.visit(b, "/").Token != first.Token })
			if got := w.visit(b, "/"); got.SessionID != first.SessionID {
				t.Errorf("sid %s, was %s", got.SessionID, first.SessionID)
			}
			if code := w.backChannel(w.provider.LogoutToken("shop", first.Subject, ends(first), nil)); code != http.StatusOK {
				t.Errorf("answered %d", code)
			}
			if res, _ := w.get(still(b), "/"); res.StatusCode != http.StatusFound {
				t.Errorf("after the logout: %d", res.StatusCode)
			}
		})
	}
}
