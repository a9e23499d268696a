package signin

import (
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// Whose session has ended learns on the first page of the next sign-in why, and the browser tells the apps by the front
// channel, each once; whoever sends the person there, the account or an app.
func TestFirstPageSaysWhyAndTellsTheApps(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(email)
		_, _, err := client.NewRegistry(w.Store, w.clock).Register(t.Context(), w.Store, "slides", client.Metadata{ClientName: "Slides",
			RedirectURIs: []string{callback}, TokenEndpointAuthMethod: client.AuthNone, FrontchannelLogoutURI: "https://slides.example.com/f"})
		w.must(err)
		for _, begin := range []string{"/signin?goal=account", "/begin", "/begin?prompt=create", "/begin?login_hint=" + email} {
			b := w.browser().passed("", email)
			c := b.session()
			now := w.clock.Now()
			hash := secret.Hash(c.ID)
			w.must(w.Store.InsertCode(t.Context(), &storage.Code{Hash: hash, ClientID: "slides", UserID: c.UserID, SessionID: c.ID,
				Scope: "openid", FamilyID: "fam_" + c.ID, CreatedAt: storage.At(now), ExpiresAt: storage.At(now.Add(time.Minute))}))
			_, _, err := w.Store.Redeem(t.Context(), storage.Redemption{Hash: hash, ClientID: "slides", Now: now})
			w.must(err)
			b.get(begin)
			if b.has("iframe", "class", "logout-frame") {
				t.Errorf("%s: apps are told while the session lives", begin)
			}
			_, err = w.Door.End(t.Context(), w.Store, c.Session, logout.Cause{Status: storage.StatusReplaced, Reason: logout.Replaced, By: logout.System})
			w.must(err)
			frame := "https://slides.example.com/f?iss=" + strings.NewReplacer(":", "%3A", "/", "%2F").Replace(w.Issuer) + "&sid=" + c.ID
			b.get(begin).want(200, "email").says("You were signed out because your account was used on another device.")
			if !b.has("iframe", "src", frame) {
				t.Errorf("%s: no frame %s", begin, frame)
			}
			b.get(begin).want(200, "email").says("your account was used on another device") // a second tab
			if b.has("iframe", "class", "logout-frame") {
				t.Errorf("%s: the apps are told again", begin)
			}
			b.get("/begin").submit("/identify", "email", email).want(200, "password")
			if b.has("p", "class", "notice") {
				t.Errorf("%s: said again at a later step", begin)
			}
			b.submit("/password", "password", password)
			if b.session() == nil {
				t.Fatalf("%s: not signed in again", begin)
			}
		}
	})
}
