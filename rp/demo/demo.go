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

// SPARedirectURI is what the browser app's client must have registered, as its redirect URI and as its
// post-logout redirect URI; its origin must be allowed to call the token endpoint.
func SPARedirectURI(baseURL string) string { return baseURL + "/spa" }

type demo struct {
	cfg  Config
	app  *rp.App
	base *url.URL
	now  func() time.Time
	do   rp.Doer
}

// New connects to the provider and returns the demo. Its error wraps rp.ErrUnavailable while the provider is
// not up yet.
func New(ctx context.Context, cfg Config) (http.Handler, error) {
	cfg.BaseURL = strings.TrimSuffix(cfg.BaseURL, "/")
	base, err := url.Parse(cfg.BaseURL)
	if err != nil || base.Host == "" || base.Path != "" {
		return nil, fmt.Errorf("demo: BaseURL %q is not scheme, host and port", cfg.BaseURL)
	}
	if cfg.APIURL == "" {
		cfg.APIURL = cfg.BaseURL
	}
	d := &demo{cfg: cfg, base: base, now: cfg.Now, do: cfg.Doer}
	if d.now == nil {
		d.now = time.Now
	}
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
		Doer: cfg.Doer, Now: cfg.Now, Logger: cfg.Logger,
	})
	if err != nil {
		return nil, err
	}
	return d.routes(), nil
}

func (d *demo) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/auth/", d.app.Handler())
	mux.Handle("GET /{$}", d.app.Identify(http.HandlerFunc(d.home)))
	mux.Handle("GET /life", d.app.Require(http.HandlerFunc(d.life)))
	mux.Handle("POST /call", d.app.Require(http.HandlerFunc(d.call)))
	mux.Handle("GET /api/whoami", d.app.Bearer(http.HandlerFunc(d.whoami)))
	if d.cfg.SPAClientID != "" {
		mux.HandleFunc("GET /spa", d.spa)
	}
	mux.Handle("GET "+staticPath, static())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/", d.notFound)
	return d.guard(mux)
}
