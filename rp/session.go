package rp

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"
)

// WebSession is one browser signed in to this application. It holds credentials: a Store that writes to
// disk or network must keep it as safe as a password.
type WebSession struct {
	// ID is the SHA-256 of the cookie, so that what a Store holds opens no session.
	ID string
	// Subject and SessionID are the provider's names for the user and the session, by which a Store can
	// find the web sessions that a logout concerns.
	Subject, SessionID string
	// LastingID is the provider's session behind the tokens where that is another one: with offline_access they
	// hang off a session of their own, and SessionID is the browser's, which this one follows. It ends with either.
	LastingID string
	Claims    Claims // of the latest ID token
	Profile   Claims // of userinfo at sign-in, if Config.Userinfo asks for them
	Nonce     string // of the sign-in; a refreshed ID token may repeat it

	AccessToken, RefreshToken, IDToken, Scope string

	BeganAt   time.Time // when the provider issued the first ID token, by its clock and in whole seconds
	IssuedAt  time.Time // when the tokens were asked for
	RefreshAt time.Time // from when on the next ones are
	ExpiresAt time.Time // when the access token is dead and with it, unrenewed, the session
	TriedAt   time.Time // when a renewal last failed for want of an answer
}

// take replaces the tokens by newer ones.
func (s *WebSession) take(t *tokens) {
	s.AccessToken = t.AccessToken
	if t.RefreshToken != "" { // RFC 6749 6: the old one stays good if no new one is sent
		s.RefreshToken = t.RefreshToken
	}
	if t.IDToken != "" {
		s.IDToken = t.IDToken
	}
	if t.Scope != "" {
		s.Scope = t.Scope
	}
	s.IssuedAt, s.ExpiresAt = t.sentAt, t.expiresAt()
	s.RefreshAt = s.IssuedAt.Add(s.ExpiresAt.Sub(s.IssuedAt) * 2 / 3)
}

// allClaims are those of the ID token and, under other names, of userinfo.
func (s *WebSession) allClaims() Claims {
	if len(s.Profile) == 0 {
		return s.Claims
	}
	all := maps.Clone(s.Profile)
	maps.Copy(all, s.Claims)
	return all
}

func (a *App) identity(s *WebSession) *Identity {
	scope := s.Scope
	if scope == "" { // RFC 6749 5.1: absent when it is what was asked for
		scope = strings.Join(a.cfg.Scopes, " ")
	}
	return &Identity{
		Subject: s.Subject, SessionID: s.SessionID, ClientID: a.cfg.ClientID,
		Claims: s.allClaims(), Actor: s.Claims.Actor(), Scopes: strings.Fields(scope),
		AccessToken: s.AccessToken, IssuedAt: s.IssuedAt, RefreshAt: s.RefreshAt, ExpiresAt: s.ExpiresAt,
	}
}

// begin stores a new session and gives its cookie to the browser. It never reuses the cookie that the
// browser came with, which somebody else may know (session fixation), and ends the session behind it. It returns
// ErrNoSession for a session that has ended since the code was redeemed.
func (a *App) begin(w http.ResponseWriter, r *http.Request, s *WebSession) error {
	secret := random()
	s.ID = storeID(secret)
	if err := a.cfg.Store.Create(r.Context(), s); err != nil {
		return fmt.Errorf("create web session: %w", err)
	}
	if a.over(s) { // looked up after it was stored, or an end between the two would pass unseen
		if err := a.cfg.Store.Delete(r.Context(), s.ID); err != nil {
			return fmt.Errorf("delete web session: %w", err)
		}
		return ErrNoSession
	}
	if old, ok := a.cookieID(r); ok {
		if err := a.cfg.Store.Delete(r.Context(), old); err != nil {
			a.cfg.Logger.WarnContext(r.Context(), "former web session not deleted", "err", err)
		}
	}
	a.cookies.set(w, a.cookies.session(), secret, 0)
	return nil
}

// session returns the session behind a request, renewed if need be. Its errors are ErrNoSession and
// ErrUnavailable.
func (a *App) session(r *http.Request) (*WebSession, error) {
	id, ok := a.cookieID(r)
	if !ok {
		return nil, ErrNoSession
	}
	s, err := a.current(r.Context(), id)
	if err != nil && !errors.Is(err, ErrNoSession) && !errors.Is(err, ErrUnavailable) {
		err = fmt.Errorf("%w: %w", ErrUnavailable, err) // the store does not answer
	}
	return s, err
}

func (a *App) cookieID(r *http.Request) (string, bool) {
	c, err := r.Cookie(a.cookies.session())
	if err != nil || len(c.Value) != 43 {
		return "", false
	}
	return storeID(c.Value), true
}

func storeID(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
