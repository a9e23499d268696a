package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/pgtest"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/storage"
)

// replicas is how many processes of curfew share the database.
const replicas = 3

// rig is everything that a run needs: the database, the replicas behind their balancer, and the relying parties.
type rig struct {
	settings
	database *pgtest.Server // nil: somebody else's
	url      string
	store    *storage.Store
	master   []byte

	issuer   string
	replicas []*replica
	balance  *balance
	client   *http.Client
	api      *management

	address string // of the relying parties
	parties []*party
	mux     *http.ServeMux
	apps    *apps // nil: none but the parties

	following sync.WaitGroup
	closing   []func() error
}

func (r *rig) later(fn func() error) { r.closing = append(r.closing, fn) }

// close gives everything back, the last first.
func (r *rig) close() (err error) {
	for i := len(r.closing) - 1; i >= 0; i-- {
		err = errors.Join(err, r.closing[i]())
	}
	return err
}

// open starts everything. What was started is given back by close, also where it fails.
func open(ctx context.Context, o settings) (r *rig, err error) {
	r = &rig{settings: o, master: secret.Bytes(32), url: o.DatabaseURL, balance: newBalance(), mux: http.NewServeMux()}
	if r.url == "" {
		if r.database, err = pgtest.Start(ctx, pgtest.Options{Fsync: true}); err != nil {
			return r, err
		}
		r.later(func() error { r.database.Stop(); return nil })
		r.url = r.database.DSN("postgres")
	}
	if r.store, err = storage.Open(ctx, r.url); err != nil {
		return r, err
	}
	r.later(r.store.Close)
	if _, err := r.store.Migrate(ctx); err != nil {
		return r, err
	}
	if err := r.listen(ctx); err != nil {
		return r, err
	}
	if err := r.register(ctx); err != nil {
		return r, err
	}
	if err := r.startReplicas(ctx); err != nil {
		return r, err
	}
	return r, r.openParties(ctx)
}

// listen takes the two addresses that everybody must know before anybody starts: the issuer's and the relying parties'.
func (r *rig) listen(ctx context.Context) error {
	front, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r.later(func() error { cancel(); return nil })
	r.issuer = fmt.Sprintf("http://localhost:%d", front.Addr().(*net.TCPAddr).Port)
	r.client = r.balance.client()
	go r.balance.forward(ctx, front)

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	r.address = l.Addr().String()
	s := &http.Server{Handler: r.mux, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	go func() { _ = s.Serve(l) }()
	r.later(s.Close)
	return nil
}

// base is where a client's routes are.
func (r *rig) base(clientID string) string { return "http://" + r.address + "/" + clientID }

// managementClient is the operator's own program.
const managementClient = "management"

func (r *rig) register(ctx context.Context) error {
	registry := client.NewRegistry(r.store, clock.System{})
	_, plain, err := registry.Register(ctx, r.store, managementClient, client.Metadata{GrantTypes: []string{client.GrantClientCredentials},
		Scope: "users:read users:write oauth_applications:write sessions:read sessions:write sessions:end_all"})
	if err != nil {
		return fmt.Errorf("register %s: %w", managementClient, err)
	}
	r.api = &management{rig: r, id: managementClient, secret: plain}
	for _, k := range kinds {
		for _, role := range roles {
			p := &party{kind: k, clientID: clientIDOf(k, role)}
			if _, p.secret, err = registry.Register(ctx, r.store, p.clientID, registration(k, role, r.base(p.clientID))); err != nil {
				return fmt.Errorf("register %s: %w", p.clientID, err)
			}
			r.parties = append(r.parties, p)
		}
	}
	return r.registerApps(ctx, registry)
}

func (r *rig) startReplicas(ctx context.Context) error {
	off := clocksOff(r.Fault)
	for i := range replicas {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c, err := startReplica(task{DatabaseURL: r.url, MasterKey: r.master, Issuer: r.issuer, ClockOff: off[i], Connections: r.Connections,
			Log: r.Log})
		if err != nil {
			return err
		}
		r.replicas = append(r.replicas, c)
		r.balance.add(c.addr)
		r.later(func() error { _ = c.stop(); return nil })
	}
	return nil
}

// openParties makes them and has them follow, each on its own.
func (r *rig) openParties(ctx context.Context) error {
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r.later(func() error { cancel(); r.following.Wait(); return nil })
	for _, p := range r.parties {
		if err := p.open(ctx, r.issuer, r.base(p.clientID), r.balance.streaming(), quiet); err != nil {
			return fmt.Errorf("open %s: %w", p.clientID, err)
		}
		if p.web() {
			r.mux.Handle("/"+p.clientID+"/auth/", p.app.Handler())
		}
		r.following.Go(func() {
			if err := p.follow(ctx, quiet); ctx.Err() == nil {
				progress("%s follows no more: %v", p.clientID, err)
			}
		})
	}
	return nil
}

func (r *rig) party(k kind, role string) *party {
	for _, p := range r.parties {
		if p.clientID == clientIDOf(k, role) {
			return p
		}
	}
	return nil
}

// query asks the database for one row. A database that is being restarted is asked again.
func (r *rig) query(ctx context.Context, statement string, args []any, into ...any) error {
	return r.connected(ctx, func(conn *pgx.Conn) error { return conn.QueryRow(ctx, statement, args...).Scan(into...) })
}

func (r *rig) connected(ctx context.Context, fn func(conn *pgx.Conn) error) (err error) {
	for range 60 {
		var conn *pgx.Conn
		if conn, err = pgx.Connect(ctx, r.url); err == nil {
			err = fn(conn)
			_ = conn.Close(ctx)
			if err == nil || errors.Is(err, pgx.ErrNoRows) {
				return err
			}
		}
		if !pause(ctx, 500*time.Millisecond) {
			return ctx.Err()
		}
	}
	return err
}

// pause waits, and tells whether it was not cut short.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
