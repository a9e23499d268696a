package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// settings are what a run can be told.
type settings struct {
	Sessions int // live at the beginning
	Ends     int // one by one, by every cause; then all others end at once
	Browsers int // of the ends, by a person in Chromium whose applications are told by the front channel
	Window   time.Duration
	Warm     time.Duration // over which the sessions are first used, before the first end
	// Tail is how long each ended session is watched. All of the bound is seen only if it is longer than that.
	Tail  time.Duration
	Error time.Duration // how far the clocks of the parts may disagree: the e of the promise beside the leeway
	Aim   time.Duration // that nine-and-ninety of a hundred drops of those who are told should stay under
	Fault string
	Apps  int    // told by the back channel, five a session; for the fault that is about their number
	Log   string // level of the replicas' logs
	// Connections bounds those of each replica to the database, 0 for what is usual.
	Connections int
	// DatabaseURL is a PostgreSQL to use; empty starts one, which alone can be restarted.
	DatabaseURL string
}

// bound is past what nothing may be accepted, with a party's leeway beside it.
const bound = 60 * time.Second

const usage = `usage: go run ./e2e/droptime [flags]

Measures how long relying parties accept what belongs to an ended session; see the package's documentation.

`

func main() {
	if os.Getenv(childEnv) != "" {
		exit(serve())
	}
	var o settings
	flag.IntVar(&o.Sessions, "sessions", 2000, "live sessions")
	flag.IntVar(&o.Ends, "ends", 1000, "sessions that end one by one")
	flag.IntVar(&o.Browsers, "browsers", 16, "of them, by a person in Chromium")
	flag.DurationVar(&o.Window, "window", 60*time.Second, "in which they end")
	flag.DurationVar(&o.Warm, "warm", 20*time.Second, "in which the sessions are first used")
	flag.DurationVar(&o.Tail, "tail", 67*time.Second, "how long an ended session is watched")
	flag.DurationVar(&o.Error, "error", 250*time.Millisecond, "how far the clocks of the parts may disagree")
	flag.DurationVar(&o.Aim, "aim", time.Second, "what the p99 of push, back channel and deny list should stay under")
	flag.StringVar(&o.Fault, "fault", "", "what breaks meanwhile: "+strings.Join(faultNames(), ", "))
	flag.IntVar(&o.Apps, "apps", 10_000, "registered apps, with -fault apps")
	flag.StringVar(&o.Log, "log", "error", "level of the replicas' logs")
	asJSON := flag.Bool("json", false, "print the figures as JSON")
	gate := flag.Bool("gate", false, "fail also where the aim is missed")
	picture := flag.String("picture", "", "draw the distribution into this SVG file")
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
		err = out.Encode(r)
	} else {
		r.print(os.Stdout)
	}
	if err == nil && *picture != "" {
		err = r.draw(*picture)
	}
	if err != nil {
		exit(err)
	}
	if !r.Passed || *gate && len(r.Warnings) > 0 {
		os.Exit(1)
	}
}

func (o settings) check() error {
	switch {
	case o.Sessions < o.Ends+o.Browsers || o.Ends < o.Browsers || o.Window <= 0 || o.Tail <= 0:
		return errors.New("there must be a session for each end, a window and a tail")
	case o.Fault != "" && faults[o.Fault] == nil:
		return fmt.Errorf("there is no fault %q", o.Fault)
	}
	return nil
}

// exit ends a process that did its work, or could not.
func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "droptime:", err)
		os.Exit(2)
	}
	os.Exit(0)
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
