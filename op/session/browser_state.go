package session

import (
	"encoding/base64"
	"net/http"

	"github.com/curfew-id/curfew/internal/secret"
)

// stateCookie holds the browser's state (OpenID Connect Session Management 1.0 section 3.2), and is the only cookie of ours that
// script can read: the page that watches the session compares with it without a request. It is derived from the session's
// id by a key of the server, so nothing is stored, another session has another state, a step-up changes nothing, and it tells
// neither the id nor opens anything. A browser without it is signed out.
const stateCookie = "curfew_state"

func (s *Sessions) browserState(sessionID string) string {
	return base64.RawURLEncoding.EncodeToString(secret.MAC(s.opts.StateKey, []byte(sessionID))[:16])
}

// BrowserState is the state of a browser whose active session is c; empty for nil: signed out.
func (s *Sessions) BrowserState(c *Current) string {
	if c == nil {
		return ""
	}
	return s.browserState(c.ID)
}

// KeepState sees to it that the browser's state is that of its active session, nil for none. It differs where the session
// ended elsewhere, or where the browser lost one of its cookies. What is said about the state to a relying party must be what
// its frame will find, or the two would go round for ever.
func (s *Sessions) KeepState(w http.ResponseWriter, r *http.Request, c *Current) {
	if s.aside(r) {
		return
	}
	switch {
	case c == nil && len(r.CookiesNamed(s.cookieName(stateCookie))) > 0:
		s.clearCookie(w, stateCookie)
	case c != nil && s.readCookie(r, stateCookie) != s.browserState(c.ID):
		s.setCookie(w, stateCookie, s.browserState(c.ID), c.ExpiresAt.Sub(s.clock.Now()))
	}
}

// StateCookie is the name of the cookie with the browser's state, and the attributes by which script writes it.
func (s *Sessions) StateCookie() (name, attributes string) {
	c := s.cookie(stateCookie, "", 0)
	attributes = "; Path=/"
	if c.Secure {
		attributes += "; Secure"
	}
	if c.SameSite == http.SameSiteNoneMode {
		return c.Name, attributes + "; SameSite=None"
	}
	return c.Name, attributes + "; SameSite=Lax"
}
