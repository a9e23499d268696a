package authflow

import (
	"crypto/sha256"
	"encoding/base64"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/session"
)

// sessionState is the session_state of a response (OpenID Connect Session Management 1.0 sections 2 and 3.2): what the relying
// party's frame hands to ours, which computes it anew from the browser's state of that moment. An error has one, too: by it
// an app that nobody is signed in to learns when somebody is. It is made for the origin that the response goes to; a native
// app's scheme has none, and nobody who could ask.
func (f *Flows) sessionState(p Params, current *session.Current) string {
	origin := client.WebOrigin(p.RedirectURI)
	if origin == "" {
		return ""
	}
	salt := secret.New(16)
	sum := sha256.Sum256([]byte(p.ClientID + " " + origin + " " + f.sessions.BrowserState(current) + " " + salt))
	return base64.RawURLEncoding.EncodeToString(sum[:]) + "." + salt
}
