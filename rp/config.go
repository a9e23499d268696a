package rp

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
)

// defaultLeeway is how far this machine's clock may be behind or ahead of the provider's.
const defaultLeeway = 5 * time.Second

// Config describes a relying party. Issuer, ClientID and RedirectURI are required.
type Config struct {
	// Issuer is the provider's issuer identifier, compared byte for byte: https, or http on loopback.
	Issuer string
	// ClientID is the identifier under which the provider knows this application.
	ClientID string
	// ClientSecret authenticates it by client_secret_basic. Empty makes it a public client.
	ClientSecret string
	// RedirectURI is the absolute address of the callback route, as registered. Its directory also
	// holds the routes login and logout unless LoginPath and LogoutPath say otherwise.
	RedirectURI string
	// PostLogoutRedirectURI is where the provider sends the browser after sign-out, as registered.
	// Empty leaves the user on the provider's page.
	PostLogoutRedirectURI string
	// Scopes to ask for; openid is added if it is missing. Default: openid profile email.
	Scopes []string
	// Userinfo has the claims of the userinfo endpoint, name and email for example, added to those of the ID
	// token at sign-in: providers need not put them into the ID token (OIDC Core 5.4).
	Userinfo bool
	// Audiences this application answers to as a resource server (App.Bearer). Default: ClientID.
	Audiences []string
	// CookieKey seals the cookie of a sign-in under way: 32 bytes or more, the same in every process
	// of the application. Default: random, so that sign-ins under way do not survive a restart.
	CookieKey []byte
	// LoginPath and LogoutPath replace the default places of these routes.
	LoginPath, LogoutPath string
	// BackChannelLogoutPath and FrontChannelLogoutPath are where the provider tells of ended sessions; register them
	// as backchannel_logout_uri and frontchannel_logout_uri. Default: backchannel-logout and frontchannel-logout in the
	// directory of RedirectURI.
	BackChannelLogoutPath, FrontChannelLogoutPath string
	// Store keeps web sessions. Default: NewMemoryStore(0).
	Store Store
	// Leeway is allowed on exp, nbf and iat for clocks that disagree. Zero means 5 s, negative none.
	Leeway time.Duration
	// OnFailure shows a failed sign-in or a refused request to the user. Default: one line of text.
	OnFailure func(w http.ResponseWriter, r *http.Request, f *Failure)
	// OnSessionEnd is called when the provider has told that sessions ended, after they were dropped here, whether there were
	// any or not; several channels may tell of the same end, with a reason or without. It must not wait for long: what comes
	// next waits for it. A sign-out of this application's own is not told.
	OnSessionEnd func(ctx context.Context, e SessionEnd)
	// Doer sends requests to the provider. Default: a client with a 5 s limit and without redirects. Of an *http.Client
	// Follow uses a copy without the limit, since a stream lasts.
	Doer Doer
	// Now tells the time. Default: this machine's clock.
	Now func() time.Time
	// Logger receives what is not shown to users; never a token. Default: slog.Default().
	Logger *slog.Logger
}

// Doer sends an HTTP request; *http.Client is one.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

func (c Config) withDefaults() (Config, error) {
	if c.ClientID == "" {
		return c, errors.New("rp: ClientID is empty")
	}
	redirect, err := secureURL(c.RedirectURI)
	if err != nil {
		return c, fmt.Errorf("rp: RedirectURI: %w", err)
	}
	if c.PostLogoutRedirectURI != "" {
		if _, err := secureURL(c.PostLogoutRedirectURI); err != nil {
			return c, fmt.Errorf("rp: PostLogoutRedirectURI: %w", err)
		}
	}
	switch {
	case len(c.CookieKey) == 0:
		c.CookieKey = make([]byte, 32)
		rand.Read(c.CookieKey) // never fails: crypto/rand ends the process instead
	case len(c.CookieKey) < 32:
		return c, fmt.Errorf("rp: CookieKey has %d bytes, at least 32 are needed", len(c.CookieKey))
	}
	c.Scopes = withOpenID(c.Scopes)
	if len(c.Audiences) == 0 {
		c.Audiences = []string{c.ClientID}
	}
	for route, at := range map[string]*string{
		"login": &c.LoginPath, "logout": &c.LogoutPath,
		"backchannel-logout": &c.BackChannelLogoutPath, "frontchannel-logout": &c.FrontChannelLogoutPath,
	} {
		if *at == "" {
			*at = path.Join("/", path.Dir(redirect.Path), route)
		}
	}
	if c.Store == nil {
		c.Store = NewMemoryStore(0)
	}
	if c.OnFailure == nil {
		c.OnFailure = plainFailure
	}
	if c.OnSessionEnd == nil {
		c.OnSessionEnd = func(context.Context, SessionEnd) {}
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	c.Leeway, c.Doer, c.Now = common(c.Leeway, c.Doer, c.Now)
	return c, nil
}

// common fills in what App and Verifier share.
func common(leeway time.Duration, do Doer, now func() time.Time) (time.Duration, Doer, func() time.Time) {
	switch {
	case leeway == 0:
		leeway = defaultLeeway
	case leeway < 0:
		leeway = 0
	}
	if do == nil {
		do = &http.Client{
			Timeout: 5 * time.Second,
			// A redirect would carry credentials to an address that discovery did not name.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	if now == nil {
		now = time.Now
	}
	return leeway, do, now
}

func withOpenID(scopes []string) []string {
	if len(scopes) == 0 {
		return []string{"openid", "profile", "email"}
	}
	for _, s := range scopes {
		if s == "openid" {
			return scopes
		}
	}
	return append([]string{"openid"}, scopes...)
}

// secureURL parses an absolute https address without a fragment; http is accepted on loopback only, so
// that codes and tokens never cross a network in clear (RFC 9700 2.6).
func secureURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Opaque != "" || u.User != nil {
		return nil, fmt.Errorf("%q is not an absolute URL", raw)
	}
	if u.Fragment != "" {
		return nil, fmt.Errorf("%q has a fragment", raw)
	}
	if u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()) {
		return u, nil
	}
	return nil, fmt.Errorf("%q must be https (http is for loopback only)", raw)
}

func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
