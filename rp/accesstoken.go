package rp

import (
	"context"
	"errors"
	"strings"
	"time"
)

// VerifierConfig describes a resource server. Issuer and Audiences are required.
type VerifierConfig struct {
	Issuer    string           // as in Config
	Audiences []string         // the names by which tokens may call this server; one must match
	Leeway    time.Duration    // zero means 5 s, negative none
	Doer      Doer             // as in Config
	Now       func() time.Time // as in Config
}

// Verifier validates access tokens without asking the provider about each: a token is good until it
// expires, sixty seconds after the provider last looked at the session, or until Follow hears that the session has ended.
type Verifier struct {
	provider  *provider
	audiences []string
	ended     *endedSet
}

// NewVerifier reads the provider's discovery document and keys. Its error wraps ErrUnavailable when it is
// worth trying again.
func NewVerifier(ctx context.Context, cfg VerifierConfig) (*Verifier, error) {
	if len(cfg.Audiences) == 0 {
		return nil, errors.New("rp: Audiences is empty")
	}
	leeway, do, now := common(cfg.Leeway, cfg.Doer, cfg.Now)
	p, err := discover(ctx, cfg.Issuer, do, now, leeway)
	if err != nil {
		return nil, err
	}
	return &Verifier{provider: p, audiences: cfg.Audiences, ended: newEndedSet(deniedFor+leeway, maxEnded, now)}, nil
}

// Verify validates an access token as RFC 9068 4 says. Its errors are ErrInvalidToken, ErrExpiredToken,
// ErrEndedSession, and ErrUnavailable when the signing key could not be read.
func (v *Verifier) Verify(ctx context.Context, raw string) (*Identity, error) {
	claims, _, err := v.provider.verify(ctx, raw, "at+jwt")
	if err != nil {
		return nil, err
	}
	exp, err := v.provider.checkCommon(claims, v.audiences)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"client_id", "jti"} { // RFC 9068 2.2
		if claims.String(name) == "" {
			return nil, invalid("no %s", name)
		}
	}
	iat, _ := claims.Time("iat")
	if v.ended.refuses(claims.String("sid"), claims.String("sub"), claims.String("client_id"), iat) {
		return nil, ErrEndedSession
	}
	return &Identity{
		Subject: claims.String("sub"), SessionID: claims.String("sid"), ClientID: claims.String("client_id"),
		Claims: claims, Actor: claims.Actor(), Scopes: strings.Fields(claims.String("scope")),
		AccessToken: raw, IssuedAt: iat, ExpiresAt: exp,
	}, nil
}
