package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/curfew-id/curfew/cmd/curfew/server"
	"github.com/curfew-id/curfew/config"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/internal/observe"
	"github.com/curfew-id/curfew/storage"
)

// serveCommand is `curfew serve`.
func serveCommand() *cobra.Command {
	s := new(settings)
	cmd := &cobra.Command{Use: "serve", Short: "Run the server", Args: cobra.NoArgs,
		Long: "Run the server, as the file, the environment (CURFEW_...) and the flags say; flags win over the environment, the\n" +
			"environment over the file. Secrets have no flags, since all users of a machine can read them there.\n" +
			"`curfew config reference` explains every setting.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			return serve(cmd.Context(), c, cmd.ErrOrStderr())
		}}
	s.addAll(cmd)
	return cmd
}

// serve runs the server until ctx ends.
func serve(ctx context.Context, c *config.Config, logs io.Writer) (err error) {
	level, err := observe.ParseLevel(c.Log.Level)
	if err != nil {
		return err
	}
	log := observe.NewLogger(logs, observe.LogOptions{Level: level, JSON: c.Log.Format == "json"})
	slog.SetDefault(log)
	for _, w := range c.Warnings() {
		log.Warn("configuration", "key", w.Key, "warning", w.Text)
	}
	tracing, err := observe.NewTracing(ctx, observe.TraceOptions{Endpoint: c.OTel.Endpoint, Ratio: c.OTel.SampleRatio,
		Version: thisBuild().Version, Log: log})
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := tracing.Shutdown(ctx); err != nil {
			log.Warn("traces lost", "error", err)
		}
	}()
	files, err := readBrand(c.Branding)
	if err != nil {
		return err
	}
	o, err := serverOptions(c, log, files)
	if err != nil {
		return err
	}
	o.Tracing = tracing
	if err := waitForDatabase(ctx, c.Database, log); err != nil {
		return err
	}
	if err := checkDatabase(ctx, c); err != nil {
		return err
	}
	s, err := server.Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return answer(ctx, c, s, files, o)
}

// answer listens and does the periodic work until ctx ends and what was in flight is finished.
func answer(ctx context.Context, c *config.Config, s *server.Server, files *brandFiles, o server.Options) error {
	listeners, err := listen(c, files.before(s.Handler, o), s.Metrics.Handler())
	if err != nil {
		return err
	}
	// The work goes on while requests are finished: those need a clock and keys as well.
	jobs, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() { defer close(done); s.Run(jobs) }()
	defer func() { stop(); <-done }()

	b := thisBuild()
	for _, l := range listeners {
		o.Log.Info("listening", "listener", l.Name, "address", l.Net.Addr().String(), "issuer", c.Issuer, "version", b.Version)
	}
	context.AfterFunc(ctx, func() { o.Log.Info("stopping", "drain", o.Drain.String(), "timeout", o.ShutdownTimeout.String()) })
	err = httpx.Serve(ctx, httpx.ServeOptions{Log: o.Log, ShutdownTimeout: o.ShutdownTimeout, Drain: o.Drain}, listeners...)
	o.Log.Info("stopped")
	return err
}

// listen binds the public address and the one of the metrics.
func listen(c *config.Config, public, metrics http.Handler) (list []httpx.Listener, err error) {
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	list = append(list, httpx.Listener{Name: "public", Net: l, Handler: public})
	if c.MetricsListen == "" {
		return list, nil
	}
	if l, err = net.Listen("tcp", c.MetricsListen); err != nil {
		return nil, errors.Join(fmt.Errorf("metrics_listen: %w", err), list[0].Net.Close())
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	return append(list, httpx.Listener{Name: "metrics", Net: l, Handler: mux}), nil
}

// databasePatience is how long a start waits for a PostgreSQL that does not answer yet.
const databasePatience = 30 * time.Second

// waitForDatabase returns when PostgreSQL answers: the two are often started together.
func waitForDatabase(ctx context.Context, c config.Database, log *slog.Logger) error {
	engine, target := c.Engine()
	if engine != config.Postgres {
		return nil
	}
	patience, cancel := context.WithTimeout(ctx, databasePatience)
	defer cancel()
	for told := false; ; {
		store, err := storage.Open(patience, target)
		if err == nil {
			return store.Close()
		}
		if !told {
			told = true
			log.Warn("the database does not answer, waiting", "for", databasePatience.String(), "error", err)
		}
		select {
		case <-time.After(500 * time.Millisecond):
		case <-patience.Done():
			return fmt.Errorf("no database after %s: %w", databasePatience, err)
		}
		if ctx.Err() != nil {
			return errors.New("stopped while waiting for the database")
		}
	}
}
