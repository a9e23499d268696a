package rp

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// cookies names and writes this application's cookies: HttpOnly, SameSite=Lax, and over https with the
// __Host- prefix, so that no neighbouring subdomain can plant one (RFC 6265bis 4.1.3.2).
//
// Cookies do not know ports, so the names carry a digest of the application: two of them on one
// development machine stay apart.
type cookies struct {
	prefix string
	secure bool
}

func newCookies(redirect *url.URL, clientID string) cookies {
	sum := sha256.Sum256([]byte(redirect.String() + "\n" + clientID))
	c := cookies{prefix: "rp_" + hex.EncodeToString(sum[:4]), secure: redirect.Scheme == "https"}
	if c.secure {
		c.prefix = "__Host-" + c.prefix
	}
	return c
}

func (c cookies) session() string           { return c.prefix + "_session" }
func (c cookies) signedOut() string         { return c.prefix + "_out" }
func (c cookies) login(state string) string { return c.loginPrefix() + state[:min(8, len(state))] }
func (c cookies) loginPrefix() string       { return c.prefix + "_login_" }

// logins returns the names of all sign-ins under way in this browser.
func (c cookies) logins(r *http.Request) []string {
	var names []string
	for _, k := range r.Cookies() {
		if strings.HasPrefix(k.Name, c.loginPrefix()) {
			names = append(names, k.Name)
		}
	}
	return names
}

// set writes a cookie. A ttl of zero makes one that the browser drops when it closes.
func (c cookies) set(w http.ResponseWriter, name, value string, ttl time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(ttl / time.Second),
		Secure: c.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

func (c cookies) clear(w http.ResponseWriter, name string) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Path: "/", MaxAge: -1, Secure: c.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}
