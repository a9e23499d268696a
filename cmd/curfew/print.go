package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/curfew-id/curfew/storage"
)

// output is how a command answers: for people, or with --json for programs.
type output struct{ json bool }

// add gives a command, and those below it, the flag --json.
func (o *output) add(cmd *cobra.Command) {
	cmd.PersistentFlags().BoolVar(&o.json, "json", false, "answer in JSON")
}

// print writes doc, or what text makes of it.
func (o *output) print(cmd *cobra.Command, doc any, text func(w io.Writer) error) error {
	w := cmd.OutOrStdout()
	if !o.json {
		return text(w)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(doc)
}

// table writes rows under a head, in columns.
func table(w io.Writer, head []string, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{head}, rows...) {
		for i, cell := range row {
			row[i] = clean(cell)
			if row[i] == "" {
				row[i] = "-"
			}
		}
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}

// pair is a line of what is told about one thing.
type pair struct{ name, value string }

// pairs writes one thing, a line each; those without a value are left out.
func pairs(w io.Writer, list ...pair) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, p := range list {
		if p.value != "" {
			fmt.Fprintf(t, "%s\t%s\n", p.name, clean(p.value))
		}
	}
	return t.Flush()
}

// clean takes out what would not be shown but obeyed by a terminal: names and user agents are chosen by strangers.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar {
			return '?'
		}
		return r
	}, s)
}

// at is an instant as it is shown, "" for none.
func at(t storage.Time) string {
	if !t.Set() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// milli is an instant in JSON as the management API writes it, milliseconds since 1970; null for none.
func milli(t storage.Time) *int64 {
	if !t.Set() {
		return nil
	}
	n := t.UnixMilli()
	return &n
}
