package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/curfew-id/curfew/rp/demo"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "demorp:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, getenv func(string) string) error {
	var cfg demo.Config
	var listen, dial string
	flags := flag.NewFlagSet("demorp", flag.ContinueOnError)
	for _, f := range []struct {
		into                    *string
		name, fallback, meaning string
	}{
		{&cfg.Issuer, "issuer", "http://localhost:8080", "the provider"},
		{&cfg.ClientID, "client-id", "demo", "client of the server app"},
		{&cfg.ClientSecret, "client-secret", "", "its secret"},
		{&cfg.SPAClientID, "spa-client-id", "demo-spa", "client of the browser app"},
		{&listen, "listen", "127.0.0.1:8090", "address to listen on"},
		{&cfg.BaseURL, "base-url", "", "where browsers reach the demo (default http:// and the listening address)"},
		{&cfg.APIURL, "api-url", "", "where the demo reaches its own API (default the base URL)"},
		{&dial, "issuer-dial", "", "host:port to connect to for the issuer, if this machine reaches it elsewhere"},
	} {
		variable := strings.ToUpper(strings.ReplaceAll(f.name, "-", "_"))
		if v := getenv(variable); v != "" {
			f.fallback = v
		}
		usage := f.meaning + " ($" + variable + ")"
		if f.into == &cfg.ClientSecret { // -h must not print it
			flags.StringVar(f.into, f.name, "", usage)
			*f.into = f.fallback
			continue
		}
		flags.StringVar(f.into, f.name, f.fallback, usage)
	}
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if cfg.BaseURL == "" {
		cfg.BaseURL = "http://" + listen
	}
	if dial != "" {
		doer, err := dialing(cfg.Issuer, dial)
		if err != nil {
			return err
		}
		cfg.Doer = doer
	}
	app, err := connect(ctx, cfg)
	if err != nil {
		return err
	}
	slog.Info("demo is up", "url", cfg.BaseURL, "issuer", cfg.Issuer)
	go app.Follow(ctx)
	return serve(ctx, listen, app)
}

func serve(ctx context.Context, listen string, app http.Handler) error {
	srv := &http.Server{Addr: listen, Handler: app, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- srv.ListenAndServe() }()
	select {
	case err := <-failed:
		return fmt.Errorf("listen: %w", err)
	case <-ctx.Done():
	}
	// The requests under way may finish.
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return srv.Shutdown(ctx)
}
