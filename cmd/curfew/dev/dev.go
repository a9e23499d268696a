package dev

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/curfew-id/curfew/cmd/curfew/server"
	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/rp/demo"
)

// Options of Start; all have defaults.
type Options struct {
	Data       string // directory of the database and of dev.json; "./data"
	Listen     string // of the provider; "127.0.0.1:8080"
	DemoListen string // of the demo; "127.0.0.1:8090"
	// DatabaseURL replaces the SQLite file in Data.
	DatabaseURL string
	Sessions    session.Options
	Clock       clock.Clock
	Log         *slog.Logger
	Requests    httpx.RequestLog
}

// Dev is a running development server.
type Dev struct {
	Info    *Info
	Server  *server.Server
	Mailbox *delivery.Mailbox

	opts           Options
	provider, demo net.Listener
	demoHandler    http.Handler
	following      context.Context // of the demo, which hears of ended sessions as long as it is served
	stopFollowing  context.CancelFunc
}

// Start binds both addresses and prepares everything; Serve then serves.
func Start(ctx context.Context, o Options) (_ *Dev, err error) {
	o.Data, o.Listen, o.DemoListen = cmp.Or(o.Data, "./data"), cmp.Or(o.Listen, "127.0.0.1:8080"), cmp.Or(o.DemoListen, "127.0.0.1:8090")
	if o.Log == nil {
		o.Log = slog.Default()
	}
	d := &Dev{opts: o}
	d.following, d.stopFollowing = context.WithCancel(context.WithoutCancel(ctx))
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	if d.provider, err = listen("--listen", o.Listen); err != nil {
		return nil, err
	}
	if d.demo, err = listen("--demo-listen", o.DemoListen); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Data, 0o700); err != nil {
		return nil, err
	}
	master, err := masterKey(o.Data)
	if err != nil {
		return nil, err
	}
	if d.Info, err = readInfo(o.Data); err != nil {
		return nil, err
	}
	// Two host names for one machine, so that the demo is another site than the provider, as in real life.
	d.Info.Issuer = "http://localhost:" + port(d.provider)
	d.Info.DemoURL = "http://127.0.0.1:" + port(d.demo)
	d.Info.MailURL = d.Info.Issuer + "/dev/mail"
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	d.Mailbox = delivery.NewMailbox(o.Clock)
	d.Server, err = server.Open(ctx, server.Options{
		Issuer: d.Info.Issuer, DatabaseURL: cmp.Or(o.DatabaseURL, filepath.Join(o.Data, "curfew.db")), MasterKey: master,
		Migrate: true, Clock: o.Clock, Log: o.Log, Requests: o.Requests, Mailer: d.Mailbox, Texter: d.Mailbox,
		Mailbox: d.Mailbox, Authenticators: d.authenticators, DemoURL: d.Info.DemoURL, AllowPrivate: httpx.Loopback(), Sessions: o.Sessions,
	})
	if err != nil {
		return nil, err
	}
	if err := seed(ctx, d.Server, d.Info); err != nil {
		return nil, err
	}
	if err := d.Info.write(o.Data); err != nil {
		return nil, err
	}
	d.demoHandler = d.connectDemo(master)
	return d, nil
}

// connectDemo makes the demo, which asks the provider for its discovery document and so cannot be made before the
// provider serves: it is made for its first request.
func (d *Dev) connectDemo(master []byte) http.Handler {
	var mu sync.Mutex
	var connected http.Handler
	connect := func(ctx context.Context) (http.Handler, error) {
		mu.Lock()
		defer mu.Unlock()
		if connected != nil {
			return connected, nil
		}
		c := d.Info.Client("demo")
		app, err := demo.New(ctx, demo.Config{
			Issuer: d.Info.Issuer, ClientID: c.ClientID, ClientSecret: c.ClientSecret, SPAClientID: "demo-spa",
			BaseURL: d.Info.DemoURL, CookieKey: secret.Derive(master, "demo cookies"), Now: d.Server.Clock.Now, Logger: d.opts.Log,
		})
		if err != nil {
			return nil, err
		}
		go app.Follow(d.following)
		connected = app
		return app, nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, err := connect(r.Context())
		if err != nil {
			d.opts.Log.WarnContext(r.Context(), "the demo cannot reach the provider", "error", err)
			http.Error(w, "The provider does not answer yet; try again.", http.StatusServiceUnavailable)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// Serve serves both until ctx ends.
func (d *Dev) Serve(ctx context.Context) error {
	defer d.close()
	defer context.AfterFunc(ctx, d.stopFollowing)() // at once, so that the demo's open streams hold nothing up
	jobs, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); d.Server.Run(jobs) }()
	err := httpx.Serve(ctx, httpx.ServeOptions{Log: d.opts.Log},
		httpx.Listener{Name: "provider", Net: d.provider, Handler: d.Server.Handler},
		httpx.Listener{Name: "demo", Net: d.demo, Handler: d.demoHandler})
	stop()
	<-done
	return err
}

func (d *Dev) close() {
	d.stopFollowing()
	for _, l := range []net.Listener{d.provider, d.demo} {
		if l != nil {
			_ = l.Close() // may have been closed by serving
		}
	}
	if d.Server != nil {
		if err := d.Server.Close(); err != nil {
			d.opts.Log.Warn("close", "error", err)
		}
	}
}

// listen binds a loopback address: what is shown here (everybody's mail, generated passwords in a file) is for this
// machine's eyes only.
func listen(flag, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s: curfew dev listens on loopback only, such as 127.0.0.1:8080; for more use curfew serve", flag)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return l, nil
}

func port(l net.Listener) string {
	_, p, _ := net.SplitHostPort(l.Addr().String())
	return p
}

// Panel prints what a person needs to begin.
func (d *Dev) Panel(w io.Writer) error {
	user, admin := d.Info.User("user@example.com"), d.Info.User("admin@example.com")
	_, err := fmt.Fprintf(w, `
  curfew dev

  Demo       %s
  Sign in    %s  %s
             %s  %s  (administrator; the mailbox shows the authenticator's code)
  Console    %s
  Mailbox    %s
  Issuer     %s

  Everything is kept in %s. Stop with Ctrl-C.

`, d.Info.DemoURL, user.Email, user.Password, admin.Email, admin.Password, d.Info.Issuer+"/admin", d.Info.MailURL, d.Info.Issuer, d.opts.Data)
	return err
}
