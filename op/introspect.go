package op

import (
	"context"
	"errors"
	"slices"
	"strings"

	zop "github.com/zitadel/oidc/v3/pkg/op"

	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/storage"
)

// ScopeIntrospect lets a resource server ask about tokens of any client; without it a client may ask about its own.
const ScopeIntrospect = "tokens:introspect"

// introspection is the answer of RFC 7662 2.2.
type introspection struct {
	Active    bool     `json:"active"`
	TokenType string   `json:"token_type,omitempty"`
	Issuer    string   `json:"iss,omitempty"`
	Subject   string   `json:"sub,omitempty"`
	Audience  []string `json:"aud,omitempty"`
	ClientID  string   `json:"client_id,omitempty"`
	SessionID string   `json:"sid,omitempty"`
	JTI       string   `json:"jti,omitempty"`
	Scope     string   `json:"scope,omitempty"`
	IssuedAt  int64    `json:"iat,omitempty"`
	ExpiresAt int64    `json:"exp,omitempty"`
	AuthTime  int64    `json:"auth_time,omitempty"`
	ACR       string   `json:"acr,omitempty"`
	AMR       []string `json:"amr,omitempty"`

	Act *token.Actor `json:"act,omitempty"` // RFC 8693 4.1
}

// Introspect tells whether a token is good right now (RFC 7662). To whoever may not know, it is not active.
func (p *Provider) Introspect(ctx context.Context, r *zop.Request[zop.IntrospectionRequest]) (*zop.Response, error) {
	c, err := p.shellClient(ctx, r.Header, r.Data.ClientCredentials)
	if err != nil {
		return nil, shellError(ctx, err)
	}
	if c.Public() {
		return nil, shellError(ctx, errInvalidClient())
	}
	answer, err := p.introspect(ctx, c, r.Data.Token)
	if err != nil {
		return nil, shellError(ctx, err)
	}
	return zop.NewResponse(answer), nil
}

func (p *Provider) introspect(ctx context.Context, c *client.Client, text string) (*introspection, error) {
	may := func(owner string) bool {
		return owner == c.ID || slices.Contains(strings.Fields(c.Scope), ScopeIntrospect)
	}
	if userID, familyID, generation, err := p.Tokens.ParseRefresh(text); err == nil {
		g, err := p.Store.Grant(ctx, userID, familyID, p.Clock.Now())
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return nil, err
		}
		if err != nil || !g.Live || generation < g.Generation || !may(g.ClientID) {
			return &introspection{}, nil
		}
		owner, err := p.Clients.Get(ctx, g.ClientID)
		if errors.Is(err, client.ErrUnknown) || err == nil && !owner.Counts(g.AuthenticatedAt, g.LastActiveAt, g.LongestPause, g.At) {
			return &introspection{}, nil
		}
		if err != nil {
			return nil, err
		}
		expires := g.ExpiresAt
		if until := owner.Until(g.AuthenticatedAt); !until.IsZero() && until.Before(expires) {
			expires = until
		}
		return &introspection{Active: true, TokenType: "refresh_token", Issuer: p.Issuer, Subject: g.UserID,
			ClientID: g.ClientID, SessionID: g.SessionID, Scope: g.Scope, ExpiresAt: expires.Unix(),
			Act: p.Tokens.Actor(g.ActorSub, g.ActorSessionID)}, nil
	}
	claims, g, err := p.Tokens.ReadAccess(ctx, text)
	if errors.Is(err, key.ErrInvalid) || err == nil && !may(claims.ClientID) && !slices.Contains(claims.Audience, c.ID) {
		return &introspection{}, nil
	}
	if err != nil {
		return nil, err
	}
	a := &introspection{Active: true, TokenType: "Bearer", Issuer: claims.Issuer, Subject: claims.Subject,
		Audience: claims.Audience, ClientID: claims.ClientID, SessionID: claims.SessionID, JTI: claims.JTI,
		Scope: claims.Scope, IssuedAt: claims.IssuedAt, ExpiresAt: claims.ExpiresAt}
	if g != nil {
		a.AuthTime, a.ACR, a.AMR = g.AuthenticatedAt.Unix(), g.ACR, strings.Fields(g.AMR)
		a.Act = p.Tokens.Actor(g.ActorSub, g.ActorSessionID)
	}
	return a, nil
}
