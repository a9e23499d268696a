package rp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// tokens is a successful answer of the token endpoint (RFC 6749 5.1, OIDC Core 3.1.3.3).
type tokens struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
	IDToken      string `json:"id_token"`
	Scope        string `json:"scope"`

	sentAt time.Time
}

// life is the token's life when the answer does not say; RFC 6749 only recommends that it does.
const life = 60

// expiresAt counts from before the request was sent. The provider can only have looked at the session
// later, so a session revoked at T is not trusted here after T plus the token's life, whatever the two
// clocks say. (Against exp, which is cut to whole seconds, it may be late by less than one.)
func (t *tokens) expiresAt() time.Time {
	return t.sentAt.Add(time.Duration(t.ExpiresIn) * time.Second)
}

// TokenError is the token endpoint's refusal (RFC 6749 5.2).
type TokenError struct {
	Status      int
	Code        string // invalid_grant and so on
	Description string // the provider's words, for the log
}

// Error returns the code and the description.
func (e *TokenError) Error() string {
	return fmt.Sprintf("token endpoint: %d %s: %q", e.Status, e.Code, e.Description)
}

// redeem exchanges an authorization code.
func (a *App) redeem(ctx context.Context, code, verifier string) (*tokens, error) {
	return a.tokenRequest(ctx, url.Values{
		"grant_type": {"authorization_code"}, "code": {code},
		"redirect_uri": {a.cfg.RedirectURI}, "code_verifier": {verifier},
	})
}

// renew exchanges a refresh token.
func (a *App) renew(ctx context.Context, refreshToken string) (*tokens, error) {
	return a.tokenRequest(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}})
}

func (a *App) tokenRequest(ctx context.Context, form url.Values) (*tokens, error) {
	return a.provider.tokenRequest(ctx, a.cfg.ClientID, a.cfg.ClientSecret, form)
}

func (p *provider) tokenRequest(ctx context.Context, clientID, secret string, form url.Values) (*tokens, error) {
	if secret == "" {
		form.Set("client_id", clientID)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.meta.TokenEndpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("token request: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if secret != "" {
		// RFC 6749 2.3.1: both are form-encoded before they go into the header.
		req.SetBasicAuth(url.QueryEscape(clientID), url.QueryEscape(secret))
	}
	t := &tokens{sentAt: p.now()}
	status, body, err := send(p.do, req)
	if err != nil {
		return nil, fmt.Errorf("token endpoint: %w", err)
	}
	if status != http.StatusOK {
		return nil, tokenError(status, body)
	}
	if err := json.Unmarshal(body, t); err != nil {
		return nil, fmt.Errorf("token endpoint: %w: %w", ErrUnavailable, err)
	}
	if t.AccessToken == "" || !strings.EqualFold(t.TokenType, "Bearer") {
		return nil, fmt.Errorf("token endpoint: no bearer token, token_type %q", t.TokenType)
	}
	if t.ExpiresIn <= 0 || t.ExpiresIn > 1<<31 {
		t.ExpiresIn = life
	}
	return t, nil
}

// tokenError tells a refusal from an outage: only a refusal decides anything.
func tokenError(status int, body []byte) error {
	var e struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	if status >= 500 || status == http.StatusTooManyRequests || json.Unmarshal(body, &e) != nil || e.Code == "" {
		return fmt.Errorf("token endpoint: %w: status %d", ErrUnavailable, status)
	}
	return &TokenError{Status: status, Code: e.Code, Description: e.Description}
}
