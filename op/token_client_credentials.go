package op

import (
	"context"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zop "github.com/zitadel/oidc/v3/pkg/op"
)

// ClientCredentialsExchange issues a token to a client on its own behalf (RFC 6749 4.4). Asking for nothing gets all that
// the client registered; asking for more than that is refused rather than cut down, so that a missing right shows here.
func (p *Provider) ClientCredentialsExchange(ctx context.Context, r *zop.ClientRequest[oidc.ClientCredentialsRequest]) (*zop.Response, error) {
	c := clientOf(r.Client)
	now := p.Clock.Now()
	scope := c.Scope
	if asked := strings.Join(r.Data.Scope, " "); asked != "" {
		scope = c.MayScope(asked)
		if len(strings.Fields(scope)) < len(strings.Fields(asked)) {
			return nil, shellError(ctx, oidc.ErrInvalidScope().WithDescription("more than the client may ask for"))
		}
	}
	access, err := p.Tokens.Client(nil, c.ID, scope, now)
	if err != nil {
		return nil, shellError(ctx, err)
	}
	return zop.NewResponse(&tokenResponse{AccessToken: string(access), TokenType: "Bearer",
		ExpiresIn: p.Tokens.Left(now), Scope: scope}), nil
}
