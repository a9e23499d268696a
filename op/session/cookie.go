package session

import (
	"encoding/base64"
	"net/http"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
)

// deviceTTL is how long a browser is remembered; 400 days is the most that browsers keep (RFC 6265bis 5.5).
const deviceTTL = 400 * 24 * time.Hour

func (s *Sessions) cookieName(base string) string {
	if s.opts.Secure {
		return "__Host-" + base // RFC 6265bis 4.1.3.2: no other host, no other path, TLS only
	}
	return base
}

func (s *Sessions) setCookie(w http.ResponseWriter, base, value string, ttl time.Duration) {
	http.SetCookie(w, s.cookie(base, value, int(ttl/time.Second)))
}

func (s *Sessions) clearCookie(w http.ResponseWriter, base string) {
	http.SetCookie(w, s.cookie(base, "", -1))
}

func (s *Sessions) cookie(base, value string, maxAge int) *http.Cookie {
	c := &http.Cookie{Name: s.cookieName(base), Value: value, Path: "/", MaxAge: maxAge,
		Secure: s.opts.Secure, HttpOnly: base != stateCookie, SameSite: http.SameSiteLaxMode}
	if s.opts.CrossSite { // RFC 6265bis 5.7: None only with Secure, which browsers take from http on loopback, too
		c.Secure, c.SameSite = true, http.SameSiteNoneMode
	}
	return c
}

// readCookie returns the value of a cookie; "" where there is none, or more than one: a second one of the same name was
// planted by somebody, and which of the two is ours cannot be told.
func (s *Sessions) readCookie(r *http.Request, base string) string {
	if s.aside(r) {
		return ""
	}
	list := r.CookiesNamed(s.cookieName(base))
	if len(list) != 1 || len(list[0].Value) > 200 {
		return ""
	}
	return list[0].Value
}

// aside tells that another site makes the browser fetch something beside what it shows: an image, a script, a call. With
// SameSite=Lax it would show no cookies; with None it does, and they are not looked at: nothing of ours is meant to be had
// that way, and what it came to (an error or not, how long it took) would tell that site who is signed in (Fetch Metadata).
func (s *Sessions) aside(r *http.Request) bool {
	mode := r.Header.Get("Sec-Fetch-Mode")
	return s.opts.CrossSite && r.Header.Get("Sec-Fetch-Site") == "cross-site" && mode != "" && mode != "navigate"
}

const (
	deviceCookie  = "curfew_device"
	sessionCookie = "curfew_session"
)

// Browser identifies the browser of a request by its device cookie, which is set where it is missing. The hash is what
// rows are bound to.
func (s *Sessions) Browser(w http.ResponseWriter, r *http.Request) (hash []byte) {
	value := s.readCookie(r, deviceCookie)
	if b, err := base64.RawURLEncoding.DecodeString(value); err != nil || len(b) != 32 {
		if value = s.given(w); value != "" {
			return secret.Hash(value)
		}
		value = secret.New(32)
		if !s.aside(r) { // it may have one
			s.setCookie(w, deviceCookie, value, deviceTTL)
		}
	}
	return secret.Hash(value)
}

// given is the device cookie that this answer sets already, "" for none: the browser is new, and something was bound to it a
// moment ago that is to go on in it, such as the sign-in that the link of a mail begins.
func (s *Sessions) given(w http.ResponseWriter) string {
	for _, line := range w.Header()["Set-Cookie"] {
		if c, err := http.ParseSetCookie(line); err == nil && c.Name == s.cookieName(deviceCookie) {
			return c.Value
		}
	}
	return ""
}

// KnownBrowser is Browser for requests that must come from one that was here before: nil for others.
func (s *Sessions) KnownBrowser(r *http.Request) (hash []byte) {
	value := s.readCookie(r, deviceCookie)
	if b, err := base64.RawURLEncoding.DecodeString(value); err != nil || len(b) != 32 {
		return nil
	}
	return secret.Hash(value)
}

// The session cookie: user, session and secret, 16 + 16 + 32 bytes.
func encodeSessionCookie(userID, sessionID string, key []byte) string {
	user, err1 := id.Bytes(id.User, userID)
	session, err2 := id.Bytes(id.Session, sessionID)
	if err1 != nil || err2 != nil {
		return ""
	}
	b := append(append(user[:], session[:]...), key...)
	return base64.RawURLEncoding.EncodeToString(b)
}

func decodeSessionCookie(value string) (userID, sessionID string, key []byte, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if err != nil || len(b) != 64 {
		return "", "", nil, false
	}
	return id.FromBytes(id.User, [16]byte(b[:16])), id.FromBytes(id.Session, [16]byte(b[16:32])), b[32:], true
}
