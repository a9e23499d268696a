package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"strconv"
	"time"

	"github.com/curfew-id/curfew/cmd/curfew/server"
	"github.com/curfew-id/curfew/config"
	"github.com/curfew-id/curfew/internal/geo"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/internal/observe"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/ui/page"
)

// serverOptions translates the configuration.
func serverOptions(c *config.Config, log *slog.Logger, files *brandFiles) (o server.Options, err error) {
	_, target := c.Database.Engine()
	o = server.Options{
		Issuer: c.Issuer, DatabaseURL: target, MasterKey: c.MasterKey(),
		MaxConnections: c.Database.MaxConnections, Languages: c.Locales,
		Log: log, Metrics: observe.NewMetrics(thisBuild().Version),
		Proxies:      httpx.NewProxies(c.TrustedProxies, c.TrustedProxyHeader),
		AllowPrivate: c.Outgoing.AllowPrivate,
		Sessions: session.Options{Absolute: c.Session.Absolute, Idle: c.Session.Idle,
			Limit: c.Session.Limit, RefuseBeyondLimit: c.Session.LimitPolicy == "refuse", CrossSite: c.Session.CrossSite},
		Keys:          key.Options{RotateEvery: c.Keys.RotateEvery, PublishAhead: c.Keys.PublishAhead},
		Password:      passwordPolicy(c),
		NoSignUp:      !c.Signup.Enabled,
		APIRate:       api.Rate{PerSecond: c.API.RateLimit, Burst: c.API.Burst},
		MailByWebhook: c.Webhooks.DeliverMail, TextByWebhook: c.Webhooks.DeliverSMS,
		Brand: page.Brand{Name: c.Branding.Name, LogoURL: files.logo, StylesheetURL: files.stylesheet},
		Drain: drain(c.ShutdownTimeout), ShutdownTimeout: c.ShutdownTimeout,
	}
	if c.GeoIP.CityFile != "" {
		if o.Sessions.Places, err = geo.Open(c.GeoIP.CityFile); err != nil {
			return o, fmt.Errorf("geoip.city_file: %w", err)
		}
	}
	if o.Requests, err = httpx.ParseRequestLog(c.Log.Requests); err != nil {
		return o, err
	}
	if o.Mailer, err = mailer(c); err != nil {
		return o, err
	}
	if c.SMS.URL != "" {
		o.Texter, err = delivery.NewGateway(delivery.GatewayOptions{URL: c.SMS.URL, Username: c.SMS.Account,
			Password: c.SMS.Token.Reveal(), From: c.SMS.From}, doer(c))
	}
	return o, err
}

// drain is how long a server that stops goes on accepting: long enough for a load balancer that asks every second or
// two, and nothing to wait for where little time is given.
func drain(shutdown time.Duration) time.Duration { return min(5*time.Second, shutdown/4) }

func mailer(c *config.Config) (delivery.Mailer, error) {
	if c.SMTP.Host == "" {
		return noMailer{}, nil
	}
	from, err := mail.ParseAddress(c.SMTP.From)
	if err != nil {
		return nil, fmt.Errorf("smtp.from: %w", err)
	}
	if from.Name == "" {
		from.Name = c.Branding.Name
	}
	modes := map[string]delivery.TLSMode{"starttls": delivery.STARTTLS, "tls": delivery.ImplicitTLS, "none": delivery.NoTLS}
	return delivery.NewSMTP(delivery.SMTPOptions{Addr: net.JoinHostPort(c.SMTP.Host, strconv.Itoa(c.SMTP.Port)),
		TLS: modes[c.SMTP.TLS], Username: c.SMTP.Username, Password: c.SMTP.Password.Reveal(),
		From: from.Address, FromName: from.Name, PrivateNetwork: true}) // a warning at the start has said what that means
}

// noMailer stands in where no mail server is configured.
type noMailer struct{}

func (noMailer) SendMail(context.Context, delivery.Mail) error {
	return fmt.Errorf("%w: smtp.host is not set", delivery.ErrRefused)
}
