package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// errBroken is what `curfew audit verify` exits with, after it has said where.
var errBroken = errors.New("the audit is not whole")

// auditCommand is `curfew audit`.
func auditCommand() *cobra.Command {
	s, o := new(settings), new(output)
	cmd := group("audit", "The record of who did what", auditVerify(s, o), auditCheckpoint(s, o), auditReplay(s, o))
	s.addFile(cmd)
	o.add(cmd)
	return cmd
}

func (d *database) chains() *audit.Chains {
	return audit.NewChains(d.config.Issuer, d.store, d.clock, d.config.MasterKey())
}

// auditReport is the outcome in JSON.
type auditReport struct {
	Object      string       `json:"object"`
	Whole       bool         `json:"whole"`
	Events      int          `json:"events"`
	Unsealed    int          `json:"unsealed"`
	Chains      int          `json:"chains"`
	Checkpoints int          `json:"checkpoints"`
	Faults      []auditFault `json:"faults"`
}

type auditFault struct {
	Chain    *string `json:"chain"` // null: a checkpoint
	Position int64   `json:"position"`
	EventID  *string `json:"event_id"`
	Detail   string  `json:"detail"`
}

func auditVerify(s *settings, o *output) *cobra.Command {
	var kept []string
	cmd := &cobra.Command{Use: "verify", Short: "Look for events that were edited, deleted, moved or cut off", Args: cobra.NoArgs,
		Long: "Reads every event and every checkpoint, and names the first event that is not as it was written. With --checkpoint " +
			"it also sees that the newest events were removed together with the checkpoints behind them: keep one elsewhere " +
			"from time to time (curfew audit checkpoint).",
		RunE: func(cmd *cobra.Command, _ []string) error {
			bodies, err := readAll(kept)
			if err != nil {
				return err
			}
			return s.do(cmd, func(ctx context.Context, d *database) error {
				r, err := d.chains().Verify(ctx, bodies...)
				if err != nil {
					return err
				}
				return printReport(cmd, o, r)
			})
		}}
	cmd.Flags().StringArrayVar(&kept, "checkpoint", nil, "a `file` with a checkpoint that was kept elsewhere")
	return cmd
}

func readAll(files []string) (bodies []string, err error) {
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, strings.TrimSpace(string(b)))
	}
	return bodies, nil
}

func printReport(cmd *cobra.Command, o *output, r *audit.Report) error {
	doc := auditReport{"audit_report", len(r.Faults) == 0, r.Events, r.Unsealed, r.Chains, r.Checkpoints, []auditFault{}}
	for _, f := range r.Faults {
		doc.Faults = append(doc.Faults, auditFault{textOrNull(f.Chain), f.Position, textOrNull(f.EventID), f.Detail})
	}
	err := o.print(cmd, doc, func(w io.Writer) error {
		for _, f := range r.Faults {
			fmt.Fprintln(w, f)
		}
		_, err := fmt.Fprintf(w, "%d events in %d chains, %d checkpoints, %d events not sealed yet\n", r.Events, r.Chains, r.Checkpoints, r.Unsealed)
		return err
	})
	if err == nil && len(r.Faults) > 0 {
		err = errBroken
	}
	return err
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func auditCheckpoint(s *settings, o *output) *cobra.Command {
	return &cobra.Command{Use: "checkpoint", Short: "Print the newest checkpoint, to be kept elsewhere", Args: cobra.NoArgs,
		Long: "Seals what is not sealed yet, signs where the chains stand and prints it: a JWS that says so to whoever has the " +
			"key-encryption key, however the database looks later.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.do(cmd, func(ctx context.Context, d *database) error {
				c := d.chains()
				if _, err := c.Seal(ctx); err != nil {
					return err
				}
				if err := c.Checkpoint(ctx); err != nil {
					return err
				}
				last, err := d.store.LastCheckpoint(ctx)
				if errors.Is(err, storage.ErrNotFound) {
					return errors.New("there are no events yet")
				}
				if err != nil {
					return err
				}
				return o.print(cmd, map[string]any{"object": "audit_checkpoint", "id": last.ID, "body": last.Body}, func(w io.Writer) error {
					_, err := fmt.Fprintln(w, last.Body)
					return err
				})
			})
		}}
}
