package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/curfew-id/curfew/rp"
	"github.com/curfew-id/curfew/rp/demo"
)

// connect waits for the provider, which may be started after the demo.
func connect(ctx context.Context, cfg demo.Config) (*demo.Demo, error) {
	for pause := 250 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		app, err := demo.New(ctx, cfg)
		if err == nil || !errors.Is(err, rp.ErrUnavailable) {
			return app, err
		}
		slog.Info("waiting for the provider", "issuer", cfg.Issuer, "err", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// dialing returns a client that connects to address whenever the issuer's host is meant: in a container the
// issuer's public name may lead elsewhere.
func dialing(issuer, address string) (*http.Client, error) {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	}
	var d net.Dialer
	return &http.Client{
		Timeout: 5 * time.Second,
		Transport: &http.Transport{DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
			if to == host {
				to = address
			}
			return d.DialContext(ctx, network, to)
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}
