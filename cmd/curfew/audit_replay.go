package main

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/curfew-id/curfew/op/audit"
)

// replayedSession is a session as it stood, in JSON.
type replayedSession struct {
	Object    string   `json:"object"`
	ID        string   `json:"id"`
	UserID    string   `json:"user_id"`
	DeviceID  *string  `json:"device_id"`
	Kind      string   `json:"kind"`
	Actor     *string  `json:"actor"`
	IPAddress *string  `json:"ip_address"`
	ClientIDs []string `json:"client_ids"`
	StartedAt int64    `json:"started_at"`
	ExpireAt  int64    `json:"expire_at"`
	Status    string   `json:"status"` // active, or how it ended
	EndReason *string  `json:"end_reason"`
	EndedAt   *int64   `json:"ended_at"`
}

func auditReplay(s *settings, o *output) *cobra.Command {
	var at, who string
	var all bool
	cmd := &cobra.Command{Use: "replay", Short: "Tell from the events alone who was signed in at a time, where, and as whom", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			then, err := time.Parse(time.RFC3339, at)
			if err != nil {
				return usagef("--at must be a time such as 2026-03-01T12:00:00Z")
			}
			return s.do(cmd, func(ctx context.Context, d *database) error {
				list, err := audit.Replay(ctx, d.store, then)
				if err != nil {
					return err
				}
				if strings.Contains(who, "@") {
					p, err := d.person(ctx, who)
					if err != nil {
						return err
					}
					who = p.ID
				}
				docs, rows := []replayedSession{}, [][]string{}
				for _, r := range list {
					if live := r.Live(then); !live && !all || who != "" && r.UserID != who && r.Actor != who {
						continue
					}
					doc := replayedDocument(r, then)
					docs = append(docs, doc)
					rows = append(rows, []string{r.ID, r.UserID, r.Actor, r.Kind, doc.Status, r.IPAddress, r.DeviceID, r.StartedAt.UTC().Format(time.RFC3339),
						strings.Join(r.ClientIDs, " ")})
				}
				return o.print(cmd, docs, func(w io.Writer) error {
					return table(w, []string{"SESSION", "USER", "ACTOR", "KIND", "STATUS", "FROM", "DEVICE", "STARTED", "CLIENTS"}, rows)
				})
			})
		}}
	cmd.Flags().StringVar(&at, "at", "", "the `time`, as in RFC 3339")
	cmd.Flags().StringVar(&who, "user", "", "only this `ID|EMAIL`, as the user or as who acted for them")
	cmd.Flags().BoolVar(&all, "all", false, "also those that had ended")
	_ = cmd.MarkFlagRequired("at")
	return cmd
}

func replayedDocument(r *audit.Replayed, at time.Time) replayedSession {
	d := replayedSession{Object: "replayed_session", ID: r.ID, UserID: r.UserID, DeviceID: textOrNull(r.DeviceID), Kind: r.Kind,
		Actor: textOrNull(r.Actor), IPAddress: textOrNull(r.IPAddress), ClientIDs: r.ClientIDs, StartedAt: r.StartedAt.UnixMilli(),
		ExpireAt: r.ExpiresAt.UnixMilli(), Status: "active"}
	if d.ClientIDs == nil {
		d.ClientIDs = []string{}
	}
	switch {
	case !r.EndedAt.IsZero():
		ended := r.EndedAt.UnixMilli()
		d.Status, d.EndReason, d.EndedAt = r.Status, textOrNull(r.Reason), &ended
	case !r.Live(at):
		ended := d.ExpireAt
		d.Status, d.EndReason, d.EndedAt = "expired", textOrNull("expired"), &ended
	}
	return d
}
