package demo

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/curfew-id/curfew/rp"
)

// Config describes the demo. Issuer, ClientID and BaseURL are required.
type Config struct {
	Issuer       string // the provider
	ClientID     string // of the server app, a confidential client
	ClientSecret string // its secret
	SPAClientID  string // of the browser app, a public client; empty leaves that app out
	BaseURL      string // where browsers reach the demo: scheme, host and port, no path

	APIURL    string           // where the server app reaches the demo's own API; default BaseURL
	CookieKey []byte           // as rp.Config.CookieKey
	Doer      rp.Doer          // as rp.Config.Doer
	Now       func() time.Time // as rp.Config.Now
	Logger    *slog.Logger     // as rp.Config.Logger
}

// RedirectURI is what the server app's client must have registered.
func RedirectURI(baseURL string) string { return baseURL + "/auth/callback" }

// PostLogoutRedirectURI is where the server app comes back to after sign-out.
func PostLogoutRedirectURI(baseURL string) string { return baseURL + "/" }

// BackChannelLogoutURI is where the provider tells the server app of ended sessions.
func BackChannelLogoutURI(baseURL string) string { return baseURL + "/auth/backchannel-logout" }

// FrontChannelLogoutURI is the same for the user's browser.
func FrontChannelLogoutURI(baseURL string) string { return baseURL + "/auth/frontchannel-logout" }

// SPARedirectURI is what the browser app's client must have registered, as its redirect URI and as its
// post-logout redirect URI; its origin must be allowed to call the token endpoint.
func SPARedirectURI(baseURL string) string { return baseURL + "/spa" }

// Demo is the application; serve it at BaseURL, and have it Follow the provider while it is served.
type Demo struct {
	http.Handler
	d *demo
}

// Follow drops sessions the moment they end at the provider, until ctx is over; then it ends the streams of the pages that
// stand open, too.
func (d *Demo) Follow(ctx context.Context) {
	defer d.d.leaving.shut()
	if err := d.d.app.Follow(ctx, rp.Push); ctx.Err() == nil {
		d.d.log.WarnContext(ctx, "the demo cannot follow its provider and drops sessions within a minute, not at once", "err", err)
		<-ctx.Done()
	}
}

type demo struct {
	cfg     Config
	app     *rp.App
	base    *url.URL
	now     func() time.Time
	do      rp.Doer
	log     *slog.Logger
	leaving *leaving
}

// New connects to the provider and returns the demo. Its error wraps rp.ErrUnavailable while the provider is
// not up yet.
func New(ctx context.Context, cfg Config) (*Demo, error) {
	cfg.BaseURL = strings.TrimSuffix(cfg.BaseURL, "/")
	base, err := url.Parse(cfg.BaseURL)
	if err != nil || base.Host == "" || base.Path != "" {
		return nil, fmt.Errorf("demo: BaseURL %q is not scheme, host and port", cfg.BaseURL)
	}
	if cfg.APIURL == "" {
		cfg.APIURL = cfg.BaseURL
	}
	d := &demo{cfg: cfg, base: base, now: cfg.Now, do: cfg.Doer, log: cfg.Logger}
	if d.log == nil {
		d.log = slog.Default()
	}
	if d.now == nil {
		d.now = time.Now
	}
	d.leaving = newLeaving(d.now)
	if d.do == nil {
		d.do = &http.Client{Timeout: 5 * time.Second}
	}
	audiences := []string{cfg.ClientID}
	if cfg.SPAClientID != "" {
		audiences = append(audiences, cfg.SPAClientID)
	}
	d.app, err = rp.New(ctx, rp.Config{
		Issuer: cfg.Issuer, ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret,
		RedirectURI:           RedirectURI(cfg.BaseURL),
		PostLogoutRedirectURI: PostLogoutRedirectURI(cfg.BaseURL),
		Userinfo:              true, Audiences: audiences, CookieKey: cfg.CookieKey, OnFailure: d.failure,
		OnSessionEnd: d.leaving.ended,
		Doer:         cfg.Doer, Now: cfg.Now, Logger: cfg.Logger,
	})
	if err != nil {
		return nil, err
	}
	return &Demo{d.routes(), d}, nil
}

func (d *demo) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/auth/", d.app.Handler())
	mux.Handle("GET /{$}", d.app.Identify(http.HandlerFunc(d.home)))
	mux.Handle("GET /life", d.app.Require(http.HandlerFunc(d.life)))
	mux.Handle("GET /events", d.app.Require(http.HandlerFunc(d.events)))
	mux.Handle("POST /call", d.app.Require(http.HandlerFunc(d.call)))
	mux.Handle("GET /api/whoami", d.app.Bearer(http.HandlerFunc(d.whoami)))
	if d.cfg.SPAClientID != "" {
		mux.HandleFunc("GET /spa", d.spa)
	}
	mux.Handle("GET "+staticPath, static())
	mux.Handle("GET "+modulePath, module())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/", d.notFound)
	return d.guard(mux)
}
