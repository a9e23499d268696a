package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"time"
)

// report takes all measurements.
func (b *bench) report(ctx context.Context, master []byte) (*report, error) {
	r := &report{Go: runtime.Version(), Processors: runtime.NumCPU(), Sessions: b.Sessions, Connections: b.Connections,
		Runs: b.Runs, Seconds: b.Window.Seconds(), Gate: b.Gate, Aim: b.Aim}
	var err error
	if r.PostgreSQL, err = b.sql(ctx, "SHOW server_version"); err != nil {
		return nil, err
	}
	durable, err := b.sql(ctx, "SELECT current_setting('fsync') || current_setting('full_page_writes') || current_setting('synchronous_commit')")
	if err != nil || durable != "ononon" {
		return nil, fmt.Errorf("the database does not flush what it commits: %s, %w", durable, err)
	}
	if r.Empty, err = b.watch(ctx, 0); err != nil {
		return nil, err
	}
	if b.kept, b.rotating, err = b.populate(ctx, b.store, master); err != nil {
		return nil, err
	}
	// What a database does on its own in the minutes after so many rows were written must not be taken for ours.
	if _, err := b.sql(ctx, "VACUUM ANALYZE", "CHECKPOINT"); err != nil {
		return nil, err
	}
	if r.Idle, err = b.watch(ctx, b.Sessions); err != nil {
		return nil, err
	}
	if r.Floor, err = b.measureFloor(ctx); err != nil {
		return nil, err
	}
	if r.Results, err = b.measureAll(ctx); err != nil {
		return nil, err
	}
	r.judge()
	r.HotUpdates, err = b.hotUpdates(ctx)
	return r, err
}

// judge compares the refreshes with the floor and the gate.
func (r *report) judge() {
	r.Passed = true
	for i := range r.Results {
		x := &r.Results[i]
		if x.Scenario == clientCredentials {
			continue
		}
		x.FloorRatio = x.Total / r.Floor.Sum
		if x.Rate == 0 && x.Total > r.Gate {
			r.Passed = false
		}
	}
}

// watch lets the server be.
func (b *bench) watch(ctx context.Context, sessions int) (i idle, err error) {
	progress("watch %d idle sessions for %v", sessions, b.settings.Idle)
	i.Seconds = b.settings.Idle.Seconds()
	before, err := reading(b.server.pid(), b.database.Pid())
	if err != nil {
		return i, err
	}
	select {
	case <-ctx.Done():
		return i, ctx.Err()
	case <-time.After(b.settings.Idle):
	}
	after, err := reading(b.server.pid(), b.database.Pid())
	d := after.since(before)
	i.Server = d.server.Seconds() * 1000 / i.Seconds
	i.Database = d.database.Seconds() * 1000 / i.Seconds
	return i, err
}

func (b *bench) measureFloor(ctx context.Context) (p parts, err error) {
	var exchange, paced, client, database, signatures []float64
	kept := b.clients[keptClient]
	x := &exchanges{post("/exchange", basic(kept), "grant_type=refresh_token&refresh_token="+b.kept[0].Refresh)}
	for run := range b.Runs {
		progress("floor, run %d", run+1)
		t, err := b.drive(ctx, b.floor, x, 0)
		if err != nil {
			return p, fmt.Errorf("floor: %w", err)
		}
		exchange = append(exchange, micro(t.cpu.server)/float64(len(t.took)))
		if t, err = b.drive(ctx, b.floor, x, b.Rate); err != nil {
			return p, fmt.Errorf("floor: %w", err)
		}
		paced = append(paced, micro(t.cpu.server)/float64(len(t.took)))
		s, err := b.work(ctx, "/statement")
		if err != nil {
			return p, err
		}
		client, database = append(client, micro(s.server)), append(database, micro(s.database))
		if s, err = b.work(ctx, "/signatures"); err != nil {
			return p, err
		}
		signatures = append(signatures, micro(s.server))
	}
	p = parts{Exchange: median(exchange), PacedExchange: median(paced), StatementClient: median(client),
		StatementDatabase: median(database), Signatures: median(signatures)}
	p.Sum = p.Exchange + p.StatementClient + p.StatementDatabase + p.Signatures
	return p, nil
}

// measureAll takes turns, so that a disturbance of the machine does not meet all runs of one measurement.
func (b *bench) measureAll(ctx context.Context) ([]result, error) {
	all, err := b.scenarios(ctx)
	if err != nil {
		return nil, err
	}
	type measurement struct {
		scenario
		rate float64
		runs []result
	}
	var list []*measurement
	for _, s := range all {
		list = append(list, &measurement{s, 0, nil}, &measurement{s, b.Rate, nil})
	}
	for run := range b.Runs {
		for _, m := range list {
			t, err := b.drive(ctx, b.server, m.x, m.rate)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", m.name, err)
			}
			x := b.resultOf(t)
			m.runs = append(m.runs, x)
			progress("%-20s %5.0f/s, run %d: %6.0f/s, %.0f + %.0f = %.0f us, others %.0f%%", m.name, m.rate, run+1, x.PerSecond,
				x.Server, x.Database, x.Total, 100*x.Others)
		}
	}
	var results []result
	for _, m := range list {
		x := middle(m.runs)
		x.Scenario, x.Rate = m.name, m.rate
		results = append(results, x)
	}
	return results, nil
}

// hotUpdates is the share of the updates of families that PostgreSQL could make without writing to an index.
func (b *bench) hotUpdates(ctx context.Context) (float64, error) {
	// What backends counted reaches the statistics within a second.
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(1500 * time.Millisecond):
	}
	text, err := b.sql(ctx, `SELECT round(coalesce(n_tup_hot_upd::numeric / nullif(n_tup_upd, 0), 1), 3)
		FROM pg_stat_user_tables WHERE relname = 'token_families'`)
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(text, 64)
}

func (b *bench) resultOf(t *timing) result {
	n := float64(len(t.took))
	x := result{PerSecond: n / t.whole.Seconds(), P50: t.quantile(.5), P99: t.quantile(.99),
		Server: micro(t.cpu.server) / n, Database: micro(t.cpu.database) / n}
	x.Total = x.Server + x.Database
	others := t.cpu.machine - t.cpu.server - t.cpu.database - t.cpu.generator
	x.Others = max(0, others.Seconds()/t.whole.Seconds()/float64(runtime.NumCPU()))
	return x
}

// middle takes the median of each figure for itself.
func middle(runs []result) result {
	of := func(figure func(result) float64) (list []float64) {
		for _, r := range runs {
			list = append(list, figure(r))
		}
		return list
	}
	total := of(func(r result) float64 { return r.Total })
	return result{
		PerSecond: median(of(func(r result) float64 { return r.PerSecond })),
		P50:       median(of(func(r result) float64 { return r.P50 })),
		P99:       median(of(func(r result) float64 { return r.P99 })),
		Server:    median(of(func(r result) float64 { return r.Server })),
		Database:  median(of(func(r result) float64 { return r.Database })),
		Others:    median(of(func(r result) float64 { return r.Others })),
		Total:     median(total), Min: slices.Min(total), Max: slices.Max(total),
	}
}

func median(list []float64) float64 {
	s := slices.Sorted(slices.Values(list))
	return s[len(s)/2]
}

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
