package rp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// Userinfo asks the provider for the claims of a signed-in user as they are now (OIDC Core 5.3). It returns
// ErrNoSession when the provider says that the token is no longer good: the session has ended.
func (a *App) Userinfo(ctx context.Context, id *Identity) (Claims, error) {
	endpoint := a.provider.meta.UserinfoEndpoint
	if endpoint == "" {
		return nil, errors.New("rp: provider has no userinfo endpoint")
	}
	var claims Claims
	status, err := getJSON(ctx, a.cfg.Doer, endpoint, id.AccessToken, &claims)
	switch {
	case err != nil:
		return nil, fmt.Errorf("userinfo: %w", err)
	case status == http.StatusUnauthorized:
		return nil, fmt.Errorf("userinfo: %w", ErrNoSession)
	case status != http.StatusOK:
		return nil, fmt.Errorf("userinfo: %w: status %d", ErrUnavailable, status)
	}
	// OIDC Core 5.3.2: without this, tokens could be swapped for those of another user.
	if claims.String("sub") != id.Subject {
		return nil, fmt.Errorf("userinfo: %w", invalid("of another subject"))
	}
	return claims, nil
}
