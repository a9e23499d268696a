package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/curfew-id/curfew/internal/pgtest"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/storage"
)

// bench is one run of the benchmark.
type bench struct {
	settings
	database *pgtest.Server
	url      string
	store    *storage.Store
	server   *child
	floor    *child

	clients        map[string]login
	kept, rotating []*chain // half of the sessions each
}

// measure does everything and gives everything back.
func measure(ctx context.Context, o settings) (r *report, err error) {
	if o.Connections < 1 || o.Sessions < 2*o.Connections || o.Runs < 1 || o.Window <= 0 || o.Rate <= 0 {
		return nil, errors.New("there must be a session of either kind for each connection, a run, a window and a rate")
	}
	b := &bench{settings: o}
	if b.database, err = pgtest.Start(ctx, pgtest.Options{Fsync: true}); err != nil {
		return nil, err
	}
	defer b.database.Stop()
	b.url = b.database.DSN("postgres")
	if b.store, err = storage.Open(ctx, b.url); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.store.Close()) }()
	if _, err := b.store.Migrate(ctx); err != nil {
		return nil, err
	}
	if b.clients, err = register(ctx, b.store); err != nil {
		return nil, err
	}
	task := task{DatabaseURL: b.url, MasterKey: secret.Bytes(32), Issuer: issuer, Address: "127.0.0.1:0", Profile: o.Profile}
	if b.server, err = start("serve", task); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.server.stop()) }()
	if b.floor, err = start("floor", task); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.floor.stop()) }()
	return b.report(ctx, task.MasterKey)
}

// sql runs statements and returns the text that the last one gave.
func (b *bench) sql(ctx context.Context, statements ...string) (text string, err error) {
	conn, err := pgx.Connect(ctx, b.url)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	for _, s := range statements {
		rows, err := conn.Query(ctx, s, pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			return "", err
		}
		for rows.Next() {
			text = string(rows.RawValues()[0])
		}
		if rows.Close(); rows.Err() != nil {
			return "", fmt.Errorf("%s: %w", s, rows.Err())
		}
	}
	return text, nil
}

// scenario is one kind of request, at saturation and paced.
type scenario struct {
	name string
	x    exchanger
}

func (b *bench) scenarios(ctx context.Context) ([]scenario, error) {
	keys, err := publishedKeys(ctx, b.server.addr)
	if err != nil {
		return nil, fmt.Errorf("read the server's keys: %w", err)
	}
	all := []scenario{
		{refreshKept, &refreshing{b.clients[keptClient], b.kept, b.Connections, false, keys}},
		{refreshRotating, &refreshing{b.clients[rotatingClient], b.rotating, b.Connections, true, keys}},
		{clientCredentials, &asking{b.clients[ownClient], keys}},
	}
	if b.Only == "" {
		return all, nil
	}
	for _, s := range all {
		if s.name == b.Only {
			return []scenario{s}, nil
		}
	}
	return nil, fmt.Errorf("there is no scenario %q", b.Only)
}

// Names of the scenarios.
const (
	refreshKept       = "refresh"
	refreshRotating   = "refresh, rotating"
	clientCredentials = "client_credentials"
)

// drive runs one measurement against a child.
func (b *bench) drive(ctx context.Context, c *child, x exchanger, rate float64) (*timing, error) {
	l := &load{addr: c.addr, connections: b.Connections, rate: rate, warm: min(b.Window/5, time.Second), window: b.Window,
		read: func() (used, error) { return reading(c.pid(), b.database.Pid()) }}
	return l.run(ctx, x)
}

// exchanges is the least that a request over HTTP can be.
type exchanges struct{ body []byte }

func (x *exchanges) request(_, _ int) []byte { return x.body }

func (x *exchanges) answered(_, _, status int, body []byte) error {
	if status != http.StatusOK || len(body) != len(exchanged) {
		return fmt.Errorf("status %d with %d bytes", status, len(body))
	}
	return nil
}

// work lets the floor's child do something for a while and returns what one piece of it cost.
func (b *bench) work(ctx context.Context, path string) (per used, err error) {
	before, err := reading(b.floor.pid(), b.database.Pid())
	if err != nil {
		return per, err
	}
	url := fmt.Sprintf("http://%s%s?ms=%d", b.floor.addr, path, (b.Window / 2).Milliseconds())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return per, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return per, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return per, err
	}
	var n int
	if _, err := fmt.Sscan(string(text), &n); err != nil || n == 0 || res.StatusCode != http.StatusOK {
		return per, fmt.Errorf("%s: %s", path, text)
	}
	after, err := reading(b.floor.pid(), b.database.Pid())
	d := after.since(before)
	return used{server: d.server / time.Duration(n), database: d.database / time.Duration(n)}, err
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
