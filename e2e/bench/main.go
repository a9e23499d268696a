package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// settings are what a run of the benchmark can be told.
type settings struct {
	Window      time.Duration // of one measurement
	Runs        int           // of each measurement; the median counts
	Sessions    int
	Connections int
	Rate        float64 // requests a second where they are paced
	Idle        time.Duration
	Gate, Aim   float64 // CPU microseconds a refresh at saturation, server and database together
	Only        string  // the scenario to measure; "" measures all
	Profile     string  // the file for a processor profile of the server, "" for none
}

const usage = `usage: go run ./e2e/bench [flags]

Measures what refreshes and client credentials cost on a real PostgreSQL; see the package's documentation.

`

func main() {
	if len(os.Args) > 1 {
		if work, ok := children[os.Args[1]]; ok {
			exit(work())
		}
	}
	var o settings
	flag.DurationVar(&o.Window, "time", 2*time.Second, "how long one measurement takes")
	flag.IntVar(&o.Runs, "runs", 3, "how often each is made; the median counts")
	flag.IntVar(&o.Sessions, "sessions", 20_000, "live sessions in the database")
	flag.IntVar(&o.Connections, "connections", 32, "connections of the generator")
	flag.Float64Var(&o.Rate, "rate", 200, "requests a second where they are paced")
	flag.DurationVar(&o.Idle, "idle", 10*time.Second, "how long to watch the server do nothing")
	flag.Float64Var(&o.Gate, "gate", 300, "CPU microseconds that a refresh at saturation may cost, server and database together")
	flag.Float64Var(&o.Aim, "aim", 150, "what it should cost")
	flag.StringVar(&o.Only, "only", "", "measure only the scenario with this name")
	flag.StringVar(&o.Profile, "profile", "", "write a processor profile of the server to this file")
	asJSON := flag.Bool("json", false, "print the figures as JSON")
	flag.Usage = func() {
		fmt.Fprint(os.Stderr, usage)
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r, err := measure(ctx, o)
	if err != nil {
		exit(err)
	}
	if *asJSON {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		if err := out.Encode(r); err != nil {
			exit(err)
		}
	} else {
		r.print(os.Stdout)
	}
	if !r.Passed {
		fmt.Fprintf(os.Stderr, "a refresh costs more than the gate of %.0f us\n", o.Gate)
		os.Exit(1)
	}
}

// exit ends a process that did its work, or could not.
func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	os.Exit(0)
}
