package foreign

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/curfew-id/curfew/e2e/browser"
)

// goParty is a relying party on coreos/go-oidc and golang.org/x/oauth2.
type goParty struct {
	oauth2.Config
	provider *oidc.Provider
	verifier *oidc.IDTokenVerifier
	origin   string
	arrived  chan goTokens
}

// goTokens are what a sign-in or a refresh came to.
type goTokens struct {
	*oauth2.Token
	id  *oidc.IDToken
	raw string // of id
	err error
}

func newGoParty(t *testing.T, h *house, name, alg string) *goParty {
	t.Helper()
	origin, mux := serve(t)
	app := h.register(map[string]any{"client_name": name, "redirect_uris": []string{origin + "/callback"},
		"id_token_signed_response_alg": alg})
	provider, err := oidc.NewProvider(t.Context(), h.Info.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	g := &goParty{origin: origin, provider: provider, verifier: provider.Verifier(&oidc.Config{ClientID: app.ClientID}),
		arrived: make(chan goTokens, 10),
		Config: oauth2.Config{ClientID: app.ClientID, ClientSecret: app.ClientSecret, Endpoint: provider.Endpoint(),
			RedirectURL: origin + "/callback", Scopes: []string{oidc.ScopeOpenID, "email", oidc.ScopeOfflineAccess}}}
	const state, nonce = "the-state", "the-nonce"
	pkce := oauth2.GenerateVerifier()
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		// Core 11: lasting access is asked for with prompt=consent.
		http.Redirect(w, r, g.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(pkce),
			oauth2.SetAuthURLParam("prompt", "consent")), http.StatusFound)
	})
	mux.HandleFunc("/callback", func(w http.ResponseWriter, r *http.Request) {
		got := goTokens{err: errors.New("state " + r.FormValue("state"))}
		if r.FormValue("state") == state {
			token, err := g.Exchange(r.Context(), r.FormValue("code"), oauth2.VerifierOption(pkce))
			got = g.check(r.Context(), token, err)
		}
		if got.err == nil && got.id.Nonce != nonce {
			got.err = errors.New("nonce " + got.id.Nonce)
		}
		g.arrived <- got
		fmt.Fprint(w, "Arrived")
	})
	return g
}

// check verifies what the token endpoint answered: the ID token, and by its at_hash the access token.
func (g *goParty) check(ctx context.Context, token *oauth2.Token, err error) goTokens {
	if err != nil {
		return goTokens{err: err}
	}
	got := goTokens{Token: token}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		got.err = errors.New("no ID token")
		return got
	}
	got.raw = raw
	if got.id, got.err = g.verifier.Verify(ctx, raw); got.err != nil {
		return got
	}
	if got.id.AccessTokenHash == "" {
		got.err = errors.New("no at_hash")
		return got
	}
	got.err = got.id.VerifyAccessToken(token.AccessToken)
	return got
}

func (g *goParty) refresh(ctx context.Context, refreshToken string) goTokens {
	token, err := g.TokenSource(ctx, &oauth2.Token{RefreshToken: refreshToken}).Token()
	return g.check(ctx, token, err)
}

func TestGoOIDC(t *testing.T) {
	h := start(t)
	p := browser.New(t, browser.Options{})
	for i, alg := range []string{"ES256", "RS256", "PS256", "EdDSA"} {
		name := "Books in " + alg
		t.Log(name)
		g := newGoParty(t, h, name, alg)
		p.Go(g.origin + "/login")
		if i == 0 {
			h.enter(p)
		}
		h.consent(p, name)
		p.WaitText("Arrived")
		g.stay(t, h, <-g.arrived)
	}
}

// stay is what comes after the sign-in: a refresh, userinfo, and the end of it.
func (g *goParty) stay(t *testing.T, h *house, first goTokens) {
	t.Helper()
	if first.err != nil {
		t.Fatal(first.err)
	}
	next := g.refresh(t.Context(), first.RefreshToken)
	if next.err != nil {
		t.Fatal(next.err)
	}
	if next.id.Subject != first.id.Subject || next.AccessToken == first.AccessToken {
		t.Errorf("%+v after %+v", next.id, first.id)
	}
	info, err := g.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(next.Token))
	if err != nil {
		t.Fatal(err)
	}
	if info.Subject != first.id.Subject || info.Email != person || !info.EmailVerified {
		t.Errorf("userinfo %+v", info)
	}
	// Core 11: lasting access outlives the browser's session, so it has one of its own.
	lasting := sessionOf(t, next.AccessToken)
	if lasting == sessionOf(t, first.raw) {
		t.Error("lasting access is tied to the browser's session")
	}
	h.revoke(lasting)
	var refused *oauth2.RetrieveError
	if err := g.refresh(t.Context(), next.RefreshToken).err; !errors.As(err, &refused) || refused.ErrorCode != "invalid_grant" {
		t.Errorf("refresh of a revoked session: %v, want invalid_grant", err)
	}
	if _, err := g.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(next.Token)); err == nil {
		t.Error("userinfo of a revoked session")
	}
}
