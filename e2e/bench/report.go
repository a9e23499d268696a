package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// report is what is printed. Costs are in CPU microseconds a request.
type report struct {
	Go          string   `json:"go"`
	PostgreSQL  string   `json:"postgresql"`
	Processors  int      `json:"processors"`
	Sessions    int      `json:"sessions"`
	Connections int      `json:"connections"`
	Runs        int      `json:"runs"`
	Seconds     float64  `json:"seconds_a_measurement"`
	Results     []result `json:"results"`
	Floor       parts    `json:"floor"`
	Empty       idle     `json:"without_sessions"`
	Idle        idle     `json:"idle"`
	HotUpdates  float64  `json:"hot_updates"` // the share of updates of families that wrote no index
	Gate        float64  `json:"gate_us"`
	Aim         float64  `json:"aim_us"`
	Passed      bool     `json:"passed"`
}

// result is the median of the runs of one measurement, each figure for itself.
type result struct {
	Scenario   string  `json:"scenario"`
	Rate       float64 `json:"rate"` // 0 at saturation
	PerSecond  float64 `json:"requests_per_second"`
	P50        float64 `json:"p50_ms"`
	P99        float64 `json:"p99_ms"`
	Server     float64 `json:"server_us"`
	Database   float64 `json:"database_us"`
	Total      float64 `json:"total_us"`
	Min        float64 `json:"total_us_min"`
	Max        float64 `json:"total_us_max"`
	FloorRatio float64 `json:"total_to_floor,omitempty"`
	Others     float64 `json:"others_share"` // of the processors: neither server, database nor generator
}

// parts is the floor that a refresh stands on.
type parts struct {
	Exchange          float64 `json:"http_exchange_us"`
	PacedExchange     float64 `json:"http_exchange_paced_us"` // not in the sum
	StatementClient   float64 `json:"statement_client_us"`
	StatementDatabase float64 `json:"statement_database_us"`
	Signatures        float64 `json:"two_signatures_us"`
	Sum               float64 `json:"sum_us"`
}

// idle is what the server and the database use while nobody asks for anything, in milliseconds of CPU a second.
type idle struct {
	Seconds  float64 `json:"seconds"`
	Server   float64 `json:"server_ms_a_second"`
	Database float64 `json:"database_ms_a_second"`
}

// print writes the report for people.
func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s, PostgreSQL %s (fsync and synchronous_commit on), %d processors shared with the generator\n", r.Go,
		r.PostgreSQL, r.Processors)
	fmt.Fprintf(w, "%d live sessions, %d connections, medians of %d runs of %.1f s; CPU in microseconds a request\n\n",
		r.Sessions, r.Connections, r.Runs, r.Seconds)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "load\trequests/s\tp50 ms\tp99 ms\tserver\tdatabase\ttotal\tmin-max\tto floor\tothers\t  what")
	for _, x := range r.Results {
		load, ratio := "saturation", ""
		if x.Rate > 0 {
			load = fmt.Sprintf("%.0f/s", x.Rate)
		}
		if x.FloorRatio > 0 {
			ratio = fmt.Sprintf("%.2f", x.FloorRatio)
		}
		fmt.Fprintf(t, "%s\t%.0f\t%.2f\t%.2f\t%.0f\t%.0f\t%.0f\t%.0f-%.0f\t%s\t%.0f%%\t  %s\n", load, x.PerSecond, x.P50, x.P99,
			x.Server, x.Database, x.Total, x.Min, x.Max, ratio, 100*x.Others, x.Scenario)
	}
	_ = t.Flush()
	f := r.Floor
	fmt.Fprintf(w, "\nfloor of a refresh: HTTP exchange %.0f + prepared statement %.0f and %.0f in the database + two ES256 signatures %.0f = %.0f us\n",
		f.Exchange, f.StatementClient, f.StatementDatabase, f.Signatures, f.Sum)
	fmt.Fprintf(w, "the HTTP exchange alone at the paced rate, mostly waking up: %.0f us\n", f.PacedExchange)
	fmt.Fprintf(w, "idle for %.0f s, ms of CPU a second: server %.1f and database %.1f with %d sessions, %.1f and %.1f without any\n",
		r.Idle.Seconds, r.Idle.Server, r.Idle.Database, r.Sessions, r.Empty.Server, r.Empty.Database)
	fmt.Fprintf(w, "updates of families without a write to an index: %.1f%%\n", 100*r.HotUpdates)
	for _, x := range r.Results {
		if x.FloorRatio > 0 && x.Rate == 0 {
			fmt.Fprintf(w, "%s: %.0f us, gate %.0f (%+.0f), aim %.0f (%+.0f)\n", x.Scenario, x.Total, r.Gate, x.Total-r.Gate, r.Aim,
				x.Total-r.Aim)
		}
	}
}
