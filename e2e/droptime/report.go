package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"
)

// report is what a run found. Times are in milliseconds.
type report struct {
	Go         string `json:"go"`
	Processors int    `json:"processors"`
	Replicas   int    `json:"replicas"`
	Sessions   int    `json:"sessions"`
	Ends       int    `json:"ends"`
	Browsers   int    `json:"chromium_ends"`
	Rest       int    `json:"ended_with_all"`
	Fault      string `json:"fault,omitempty"`

	BoundMS  float64 `json:"bound_ms"`
	LeewayMS float64 `json:"leeway_ms"` // of parties that check exp
	ErrorMS  float64 `json:"clock_error_ms"`
	TailMS   float64 `json:"watched_ms"`

	Kinds  []figures `json:"kinds"`
	Causes []figures `json:"causes"`
	Crowd  *crowd    `json:"crowd,omitempty"`

	Unacknowledged int      `json:"unacknowledged"` // asked for, never answered; they count for nothing
	PastBound      int      `json:"accepted_past_the_bound"`
	OwnRefused     int      `json:"refused_by_curfew_itself"`
	Lost           int      `json:"lost"`
	Faults         []string `json:"faults"`
	Warnings       []string `json:"warnings"`
	Passed         bool     `json:"passed"`

	aim time.Duration
}

// figures are the drops of one kind of relying party, or of one cause.
type figures struct {
	Name  string    `json:"name"`
	N     int       `json:"n"`
	P50   float64   `json:"p50_ms"`
	P99   float64   `json:"p99_ms"`
	Max   float64   `json:"max_ms"`
	Bound float64   `json:"bound_ms"`
	Drops []float64 `json:"drops_ms,omitempty"`
	// Most is the maximum of each kind, by cause.
	Most map[kind]float64 `json:"max_ms_by_kind,omitempty"`
}

func (r *rig) newReport(ends, rest []*end) *report {
	out := &report{Go: runtime.Version(), Processors: runtime.NumCPU(), Replicas: replicas, Sessions: r.Sessions, Ends: r.Ends,
		Browsers: r.Browsers, Rest: len(rest), Fault: r.Fault, BoundMS: ms(bound), LeewayMS: ms(leeway), ErrorMS: ms(r.Error),
		TailMS: ms(r.Tail), Faults: []string{}, Warnings: []string{}, aim: r.Aim}
	var counted []*end
	for _, e := range ends {
		if e.acked {
			counted = append(counted, e)
		} else if len(e.faults) == 0 {
			out.Unacknowledged++
		}
	}
	for _, e := range rest { // probed rarely, a drop is not known well enough
		if e.acked && !e.coarse {
			counted = append(counted, e)
		}
	}
	for _, k := range kinds {
		if f := figuresOf(string(k), counted, func(e *end) bool { return e.party.kind == k }); f.N > 0 {
			f.Bound = ms(bound)
			if k == byDeny || k == byExp {
				f.Bound += ms(leeway)
			}
			out.Kinds = append(out.Kinds, f)
		}
	}
	names := []string{}
	for _, c := range causes {
		names = append(names, c.name)
	}
	for _, name := range append(names, causeBrowser, causeAll) {
		f := figuresOf(name, counted, func(e *end) bool { return e.Cause == name })
		if f.N == 0 {
			continue
		}
		f.Drops, f.Most = nil, map[kind]float64{}
		for _, k := range kinds {
			if of := figuresOf(name, counted, func(e *end) bool { return e.Cause == name && e.party.kind == k }); of.N > 0 {
				f.Most[k] = of.Max
			}
		}
		out.Causes = append(out.Causes, f)
	}
	return out
}

func figuresOf(name string, list []*end, of func(*end) bool) figures {
	f := figures{Name: name}
	var drops []time.Duration
	for _, e := range list {
		if of(e) {
			drops = append(drops, e.drop())
		}
	}
	f.N = len(drops)
	f.P50, f.P99, f.Max = quantiles(drops)
	for _, d := range drops {
		f.Drops = append(f.Drops, ms(d))
	}
	return f
}

// warn says where the aim was missed. That is no broken promise.
func (r *report) warn() {
	for _, f := range r.Kinds {
		if slices.Contains([]string{string(byPush), string(byBack), string(byDeny)}, f.Name) && f.P99 > ms(r.aim) {
			r.Warnings = append(r.Warnings, fmt.Sprintf("%s: p99 is %.0f ms, the aim %.0f", f.Name, f.P99, ms(r.aim)))
		}
	}
}

func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "%d replicas, %d live sessions, %d ended one by one (%d of them in Chromium), then the other %d at once; %s on %d processors\n",
		r.Replicas, r.Sessions, r.Ends, r.Browsers, r.Rest, r.Go, r.Processors)
	if r.Fault != "" {
		fmt.Fprintf(w, "meanwhile: %s\n", r.Fault)
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "p50 ms\tp99 ms\tmax ms\tbound ms\tn\t  told by")
	for _, f := range r.Kinds {
		fmt.Fprintf(t, "%.0f\t%.0f\t%.0f\t%.0f\t%d\t  %s\n", f.P50, f.P99, f.Max, f.Bound, f.N, f.Name)
	}
	fmt.Fprintln(t, "\t\t\t\t\t")
	fmt.Fprint(t, "max ms: ")
	for _, k := range kinds {
		fmt.Fprintf(t, "%s\t", k)
	}
	fmt.Fprintln(t, "n\t  ended by")
	for _, f := range r.Causes {
		for _, k := range kinds {
			if most, ok := f.Most[k]; ok {
				fmt.Fprintf(t, "%.0f", most)
			}
			fmt.Fprint(t, "\t")
		}
		fmt.Fprintf(t, "%d\t  %s\n", f.N, f.Name)
	}
	_ = t.Flush()
	fmt.Fprintf(w, "\nbound: 60 s, the party's leeway (%.0f ms where it checks exp itself, none for a web session) and %.0f ms for the clocks; each watched for %.0f s\n",
		r.LeewayMS, r.ErrorMS, r.TailMS/1000)
	fmt.Fprintf(w, "requests accepted past the bound: %d; refused by curfew's own endpoints right after the end: %d; lost ends: %d; never acknowledged: %d\n",
		r.PastBound, r.OwnRefused, r.Lost, r.Unacknowledged)
	if c := r.Crowd; c != nil {
		fmt.Fprintf(w, "%d further apps, %d of which hang: %d messages to the others, p50 %.0f, p99 %.0f, max %.0f ms, where a job had to come by first max %.0f ms; %d tries were left without an answer\n",
			c.Apps, c.Hanging, c.Told, c.P50, c.P99, c.Max, c.JobMax, c.Tries)
	}
	for _, s := range r.Warnings {
		fmt.Fprintln(w, "WARN", s)
	}
	for i, s := range r.Faults {
		if i == 20 {
			fmt.Fprintf(w, "and %d more\n", len(r.Faults)-i)
			break
		}
		fmt.Fprintln(w, "FAULT", s)
	}
	if r.Passed {
		fmt.Fprintln(w, "the bound held")
	}
}
