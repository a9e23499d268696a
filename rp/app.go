package rp

import (
	"context"
	"net/http"
	"net/url"
	"path"
)

// App signs users in to one application and keeps their sessions. It is safe for concurrent use.
type App struct {
	cfg      Config
	provider *provider
	verifier *Verifier
	seal     *sealer
	cookies  cookies
	used     *onceSet // states
	logouts  *onceSet // jti of logout tokens
	ended    *endedSet
	unsure   unsure
	flights  flights
	redirect *url.URL
}

// New checks the configuration and reads the provider's discovery document and keys. Its error wraps
// ErrUnavailable when the provider could not be reached and it is worth trying again.
func New(ctx context.Context, cfg Config) (*App, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	p, err := discover(ctx, cfg.Issuer, cfg.Doer, cfg.Now, cfg.Leeway)
	if err != nil {
		return nil, err
	}
	if err := p.meta.signsIn(); err != nil {
		return nil, err
	}
	seal, err := newSealer(cfg.CookieKey)
	if err != nil {
		return nil, err
	}
	redirect, _ := url.Parse(cfg.RedirectURI) // withDefaults has parsed it
	ended := newEndedSet(tombstoneFor+cfg.Leeway, maxEnded, cfg.Now)
	return &App{
		cfg: cfg, provider: p, redirect: redirect, seal: seal,
		verifier: &Verifier{provider: p, audiences: cfg.Audiences, ended: ended},
		cookies:  newCookies(redirect, cfg.ClientID),
		used:     newOnceSet(1<<16, cfg.Now),
		logouts:  newOnceSet(1<<16, cfg.Now),
		ended:    ended,
		flights:  flights{m: map[string]*flight{}},
	}, nil
}

// Handler serves the routes of the web session:
//
//	GET  login                begins a sign-in; ?return_to=/path says where to go afterwards
//	GET  callback             the provider's answer, at the path of RedirectURI
//	POST logout               ends the session here and at the provider
//	POST backchannel-logout   the provider tells that a session has ended (Back-Channel Logout 1.0)
//	GET  frontchannel-logout  the same, in a frame of the user's browser (Front-Channel Logout 1.0)
//
// Anything else is 404. Mount it at the directory they share, "/auth/" say. What stands before it must let the two
// of the provider pass: they come from its servers and in its pages.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+a.cfg.LoginPath, a.login)
	mux.HandleFunc("GET "+path.Join("/", a.redirect.Path), a.callback)
	mux.HandleFunc("POST "+a.cfg.LogoutPath, a.logout)
	mux.HandleFunc("POST "+a.cfg.BackChannelLogoutPath, a.backChannelLogout)
	mux.HandleFunc("GET "+a.cfg.FrontChannelLogoutPath, a.frontChannelLogout)
	return mux
}

// LoginPath is where a link "Sign in" points to.
func (a *App) LoginPath() string { return a.cfg.LoginPath }

// LogoutPath is where a form "Sign out" posts to.
func (a *App) LogoutPath() string { return a.cfg.LogoutPath }

// Metadata is what the provider said about itself.
func (a *App) Metadata() Metadata { return a.provider.meta }
