package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"runtime/pprof"

	"github.com/curfew-id/curfew/cmd/curfew/server"
	"github.com/curfew-id/curfew/e2e/leash"
	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/delivery"
)

// serve is the child that is measured: curfew as `curfew serve` wires it, with its periodic work and its metrics and
// without a log line for each request.
func serve() (err error) {
	t, ctx, err := leash.Obey[task]()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	slog.SetDefault(log)
	s, err := server.Open(ctx, server.Options{Issuer: t.Issuer, DatabaseURL: t.DatabaseURL, MasterKey: t.MasterKey,
		Log: log, Requests: httpx.LogNone, Mailer: delivery.NewMailbox(clock.System{})})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	jobs, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() { defer close(done); s.Run(jobs) }()
	defer func() { stop(); <-done }()
	if t.Profile != "" {
		f, err := os.Create(t.Profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	return listen(ctx, t.Address, s.Handler)
}
