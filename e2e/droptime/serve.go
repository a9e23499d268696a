package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/curfew-id/curfew/cmd/curfew/server"
	"github.com/curfew-id/curfew/e2e/leash"
	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/storage"
)

// serve is a replica: curfew as `curfew serve` wires it, with its periodic work, and without a log line for each request.
// The relying parties are on this machine, so it may call there; and it believes the forwarded address, because the
// budget of passwords that may be tried from one address would otherwise be that of everybody here.
func serve() (err error) {
	t, ctx, err := leash.Obey[task]()
	if err != nil {
		return err
	}
	level := slog.LevelError
	if err := level.UnmarshalText([]byte(t.Log)); t.Log != "" && err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	slog.SetDefault(log)
	o := server.Options{Issuer: t.Issuer, DatabaseURL: t.DatabaseURL, MasterKey: t.MasterKey, Log: log, Requests: httpx.LogNone,
		Mailer: delivery.NewMailbox(clock.System{}), AllowPrivate: httpx.Loopback(), Proxies: httpx.NewProxies(httpx.Loopback(), ""),
		MaxConnections: t.Connections}
	background := func(context.Context) {}
	if t.ClockOff != 0 {
		wrong, done, err := wrongClock(ctx, t)
		if err != nil {
			return err
		}
		defer done()
		o.Clock = wrong
		background = func(ctx context.Context) { wrong.Run(ctx, 10*time.Second) }
	}
	s, err := server.Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	jobs, stop := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { s.Run(jobs) })
	running.Go(func() { background(jobs) })
	defer func() { stop(); running.Wait() }()
	fmt.Println(l.Addr())
	return httpx.Serve(ctx, httpx.ServeOptions{ShutdownTimeout: 5 * time.Second},
		httpx.Listener{Name: "replica", Net: l, Handler: s.Handler})
}

// wrongClock is the clock that a replica keeps on a machine whose own clock is wrong.
func wrongClock(ctx context.Context, t task) (*clock.Synced, func(), error) {
	store, err := storage.Open(ctx, t.DatabaseURL, storage.MaxConnections(2))
	if err != nil {
		return nil, nil, err
	}
	machine := func() time.Time { return now().Add(t.ClockOff) }
	c, err := clock.NewSyncedOn(ctx, machine, store.Now)
	return c, func() { _ = store.Close() }, err
}
