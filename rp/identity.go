package rp

import (
	"context"
	"slices"
	"time"
)

// Identity is who makes a request, as Require, Identify and Bearer found out.
type Identity struct {
	Subject   string   // sub: the user, stable and never reused
	SessionID string   // sid: the session at the provider; empty for a service acting for itself
	ClientID  string   // the client that the token was issued to
	Claims    Claims   // after Require those of the ID token (and userinfo), after Bearer of the access token
	Actor     *Actor   // who acts in the subject's place; nil if nobody does
	Scopes    []string // granted to the access token

	AccessToken string    // to call other services with; do not keep it
	IssuedAt    time.Time // when this token was obtained
	RefreshAt   time.Time // when the next one will be asked for; zero after Bearer
	ExpiresAt   time.Time // when this one is dead
}

// HasScope reports whether the access token was granted a scope.
func (id *Identity) HasScope(scope string) bool { return slices.Contains(id.Scopes, scope) }

type identityKey struct{}

// FromContext returns the identity behind a request. Inside Require and Bearer there always is one.
func FromContext(ctx context.Context) (*Identity, bool) {
	id, ok := ctx.Value(identityKey{}).(*Identity)
	return id, ok
}

// NewContext returns a context with an identity, for tests of handlers.
func NewContext(ctx context.Context, id *Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, id)
}
