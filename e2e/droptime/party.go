package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/rp"
)

// kind is how a relying party learns that a session has ended.
type kind string

const (
	byPush  kind = "push"
	byBack  kind = "back channel"
	byFront kind = "front channel"
	byDeny  kind = "deny list"
	byExp   kind = "exp only"
)

// kinds are in the order of the report. Those that are told nothing by a browser come first and take all causes in turn.
var kinds = []kind{byPush, byBack, byDeny, byExp, byFront}

const unattended = 4 // of kinds

// roles of a kind's clients: the usual one; one whose refresh tokens rotate, so that reuse can be seen; one all of whose
// sessions end at once.
const (
	roleUsual    = "usual"
	roleRotating = "rotating"
	roleRetired  = "retired"
)

var roles = []string{roleUsual, roleRotating, roleRetired}

// party is one relying party: an application with a web session for each user (push, back and front channel), or an API
// that checks access tokens (deny list, exp only).
type party struct {
	kind     kind
	clientID string
	secret   string
	// guarded is the party's own door, package rp's, before a handler that only notes that it was reached.
	guarded http.Handler
	// leeway is what the party allows its clock beside a token's life.
	leeway time.Duration

	app      *rp.App
	store    *watchedStore
	cookie   string
	verifier *rp.Verifier
}

// web tells whether the party keeps web sessions.
func (p *party) web() bool { return p.app != nil }

// leeway is package rp's default, for whoever checks a token's exp. A web session has none: it is over with its token.
const leeway = 5 * time.Second

func clientIDOf(k kind, role string) string {
	return strings.ReplaceAll(string(k), " ", "-") + "-" + role
}

// registration is what a party's client registers; base is where its routes are.
func registration(k kind, role, base string) client.Metadata {
	m := client.Metadata{ClientName: string(k), RedirectURIs: []string{base + "/auth/callback"}, SkipConsent: true,
		Scope:               "openid profile email offline_access sessions:listen",
		GrantTypes:          []string{client.GrantCode, client.GrantRefresh, client.GrantClientCredentials},
		RotateRefreshTokens: role == roleRotating}
	switch k {
	case byBack:
		m.BackchannelLogoutURI = base + "/auth/backchannel-logout"
	case byFront:
		m.FrontchannelLogoutURI = base + "/auth/frontchannel-logout"
	}
	return m
}

// open makes the party, once the provider answers.
func (p *party) open(ctx context.Context, issuer, base string, do rp.Doer, log *slog.Logger) (err error) {
	reached := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		r.Context().Value(visitor{}).(*held).accepted(now())
	})
	if p.kind == byDeny || p.kind == byExp {
		p.leeway = leeway
		p.verifier, err = rp.NewVerifier(ctx, rp.VerifierConfig{Issuer: issuer, Audiences: []string{p.clientID}, Doer: do})
		if err == nil {
			p.guarded = p.verifier.Bearer(reached)
		}
		return err
	}
	p.store = &watchedStore{MemoryStore: rp.NewMemoryStore(0), exp: map[string]time.Time{}, refresh: map[string]string{}}
	p.app, err = rp.New(ctx, rp.Config{Issuer: issuer, ClientID: p.clientID, ClientSecret: p.secret, RedirectURI: base + "/auth/callback",
		Store: p.store, Doer: do, Logger: log})
	if err != nil {
		return err
	}
	p.guarded = p.app.Require(reached)
	p.cookie, err = p.sessionCookie()
	return err
}

// sessionCookie finds out what the party calls its cookie, from the one of a sign-in.
func (p *party) sessionCookie() (string, error) {
	w := httptest.NewRecorder()
	p.app.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, p.app.LoginPath(), nil))
	for _, c := range w.Result().Cookies() {
		if prefix, _, ok := strings.Cut(c.Name, "_login_"); ok {
			return prefix + "_session", nil
		}
	}
	return "", fmt.Errorf("%s set no cookie", p.clientID)
}

// follow listens for ends, until ctx is over.
func (p *party) follow(ctx context.Context, log *slog.Logger) error {
	switch p.kind {
	case byPush:
		return p.app.Follow(ctx, rp.Push)
	case byDeny:
		return p.verifier.Follow(ctx, rp.FollowConfig{How: rp.DenyList, ClientID: p.clientID, ClientSecret: p.secret, Logger: log})
	}
	<-ctx.Done()
	return ctx.Err()
}

// watchedStore notes what the party was given, which it keeps to itself.
type watchedStore struct {
	*rp.MemoryStore

	mu      sync.Mutex
	exp     map[string]time.Time // by session: when the last of all its access tokens is dead
	refresh map[string]string
}

// Create adds a session.
func (s *watchedStore) Create(ctx context.Context, w *rp.WebSession) error {
	s.note(w)
	return s.MemoryStore.Create(ctx, w)
}

// Update replaces a session.
func (s *watchedStore) Update(ctx context.Context, w *rp.WebSession) error {
	s.note(w)
	return s.MemoryStore.Update(ctx, w)
}

func (s *watchedStore) note(w *rp.WebSession) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if exp := expiry(w.AccessToken); exp.After(s.exp[w.SessionID]) {
		s.exp[w.SessionID] = exp
	}
	s.refresh[w.SessionID] = w.RefreshToken
}

// given returns the latest exp of a session's access tokens and its refresh token.
func (s *watchedStore) given(sessionID string) (time.Time, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.exp[sessionID], s.refresh[sessionID]
}

// expiry reads the exp of a token, zero of what is none.
func expiry(token string) time.Time {
	var claims struct {
		ExpiresAt int64 `json:"exp"`
	}
	if payloadOf(token, &claims) != nil {
		return time.Time{}
	}
	return time.Unix(claims.ExpiresAt, 0)
}
