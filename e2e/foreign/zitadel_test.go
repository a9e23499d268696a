package foreign

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/zitadel/oidc/v3/pkg/client/rp"
	httphelper "github.com/zitadel/oidc/v3/pkg/http"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/curfew-id/curfew/e2e/browser"
)

// zitadelParty is a relying party on zitadel/oidc's client/rp, put together as its own example is.
type zitadelParty struct {
	rp.RelyingParty
	origin string
	tokens chan *oidc.Tokens[*oidc.IDTokenClaims] // of every sign-in
}

func newZitadelParty(t *testing.T, h *house) *zitadelParty {
	t.Helper()
	origin, mux := serve(t)
	app := h.register(map[string]any{"client_name": "Letters", "redirect_uris": []string{origin + "/auth/callback"},
		"post_logout_redirect_uris": []string{origin + "/bye"}})
	cookies := httphelper.NewCookieHandler(bytes.Repeat([]byte("h"), 32), bytes.Repeat([]byte("e"), 32), httphelper.WithUnsecure())
	party, err := rp.NewRelyingPartyOIDC(t.Context(), h.Info.Issuer, app.ClientID, app.ClientSecret, origin+"/auth/callback",
		[]string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail},
		rp.WithHTTPClient(&http.Client{}), rp.WithPKCEFromDiscovery(cookies), rp.WithCookieHandler(cookies), rp.WithSigningAlgsFromDiscovery())
	if err != nil {
		t.Fatal(err)
	}
	if !party.IsPKCE() {
		t.Error("discovery does not say that PKCE is there")
	}
	z := &zitadelParty{RelyingParty: party, origin: origin, tokens: make(chan *oidc.Tokens[*oidc.IDTokenClaims], 10)}
	signedIn := func(w http.ResponseWriter, _ *http.Request, tokens *oidc.Tokens[*oidc.IDTokenClaims], state string,
		_ rp.RelyingParty, info *oidc.UserInfo) {
		z.tokens <- tokens
		fmt.Fprintf(w, "Letters for %s, state %s", info.Email, state)
	}
	mux.Handle("/login", rp.AuthURLHandler(func() string { return "the-state" }, party))
	mux.Handle("/auth/callback", rp.CodeExchangeHandler(rp.UserinfoCallback(signedIn), party))
	mux.HandleFunc("/bye", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "Bye, state "+r.FormValue("state")) })
	return z
}

func (z *zitadelParty) signIn(t *testing.T, p *browser.Page, through func()) *oidc.Tokens[*oidc.IDTokenClaims] {
	t.Helper()
	p.Go(z.origin + "/login")
	through()
	p.WaitText("Letters for " + person + ", state the-state")
	return <-z.tokens
}

func (z *zitadelParty) refresh(t *testing.T, refreshToken string) (*oidc.Tokens[*oidc.IDTokenClaims], error) {
	return rp.RefreshTokens[*oidc.IDTokenClaims](t.Context(), z, refreshToken, "", "")
}

func TestZitadel(t *testing.T) {
	h := start(t)
	z := newZitadelParty(t, h)
	p := browser.New(t, browser.Options{})
	first := z.signIn(t, p, func() { h.signIn(p, "Letters") })

	next, err := z.refresh(t, first.RefreshToken) // it verifies the new ID token, at_hash included
	if err != nil {
		t.Fatal(err)
	}
	if a, b := first.IDTokenClaims, next.IDTokenClaims; a.Subject != b.Subject || a.SessionID != b.SessionID || a.SessionID == "" || a.AuthTime != b.AuthTime {
		t.Errorf("ID token %+v after the refresh, %+v before", b, a)
	}
	info, err := rp.Userinfo[*oidc.UserInfo](t.Context(), next.AccessToken, next.TokenType, next.IDTokenClaims.Subject, z)
	if err != nil {
		t.Fatal(err)
	}
	if info.Email != person {
		t.Errorf("userinfo %+v", info)
	}

	p.Go(z.GetEndSessionEndpoint() + "?" + url.Values{"id_token_hint": {next.IDToken}, "client_id": {z.OAuthConfig().ClientID},
		"post_logout_redirect_uri": {z.origin + "/bye"}, "state": {"the-end"}}.Encode())
	p.WaitText("Bye, state the-end")
	wantInvalidGrant(t, z, next.RefreshToken)

	again := z.signIn(t, p, func() { h.enter(p) }) // consent was given before
	if again.IDTokenClaims.SessionID == first.IDTokenClaims.SessionID {
		t.Error("the ended session came back")
	}
	// From the server, without the browser's cookie: the ID token says which session is meant.
	if _, err := rp.EndSession(t.Context(), z, again.IDToken, z.origin+"/bye", "the-end", "", nil); err != nil {
		t.Error(err)
	}
	wantInvalidGrant(t, z, again.RefreshToken)
	if _, err := rp.Userinfo[*oidc.UserInfo](t.Context(), again.AccessToken, again.TokenType, again.IDTokenClaims.Subject, z); err == nil {
		t.Error("userinfo of a revoked session")
	}
}

// A relying party takes a token back that it does not need any longer.
func TestZitadelRevokes(t *testing.T) {
	h := start(t)
	z := newZitadelParty(t, h)
	p := browser.New(t, browser.Options{})
	tokens := z.signIn(t, p, func() { h.signIn(p, "Letters") })
	if err := rp.RevokeToken(t.Context(), z, tokens.RefreshToken, "refresh_token"); err != nil {
		t.Fatal(err)
	}
	wantInvalidGrant(t, z, tokens.RefreshToken)
	again := z.signIn(t, p, func() {}) // the browser's session stands, so nobody is asked anything
	if a, b := again.IDTokenClaims, tokens.IDTokenClaims; a.SessionID != b.SessionID || a.Subject != b.Subject {
		t.Errorf("signed in as %+v, was %+v", a, b)
	}
}

func wantInvalidGrant(t *testing.T, z *zitadelParty, refreshToken string) {
	t.Helper()
	_, err := z.refresh(t, refreshToken)
	if refused := new(oidc.Error); !errors.As(err, &refused) || refused.ErrorType != oidc.InvalidGrant {
		t.Fatalf("refresh: %v, want invalid_grant", err)
	}
}
