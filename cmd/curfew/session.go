package main

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/curfew-id/curfew/internal/geo"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// sessionCommand is `curfew session`.
func sessionCommand() *cobra.Command {
	s, o := new(settings), new(output)
	cmd := group("session", "Where users are signed in", sessionList(s, o), sessionShow(s, o), sessionEnd(s, o))
	s.addFile(cmd)
	o.add(cmd)
	return cmd
}

var sessionStatuses = []string{"pending", "active", "ended", "removed", "replaced", "revoked", "expired", "abandoned"}

// endReason is why a session ended, also where its end has not been written down yet.
func endReason(v *storage.SessionView) string {
	if c, over := logout.Overdue(v); over {
		return string(c.Reason)
	}
	return v.EndReason
}

// session returns one as it stands.
func (d *database) session(ctx context.Context, id string) (*storage.SessionView, error) {
	list, err := d.store.SessionViews(ctx, storage.SessionViewFilter{ID: id}, d.clock.Now())
	if err != nil {
		return nil, err
	}
	if id == "" || len(list) == 0 { // an empty id is no filter
		return nil, missing(storage.ErrNotFound, "session", id)
	}
	return list[0], nil
}

func printSession(cmd *cobra.Command, o *output, v *storage.SessionView) error {
	return o.print(cmd, api.ShowSession(v), func(w io.Writer) error {
		ended := at(v.EndedAt)
		if ended != "" {
			ended += " by " + v.EndedBy
		}
		return pairs(w, pair{"ID", v.ID}, pair{"User", v.UserID}, pair{"Device", v.DeviceID}, pair{"Kind", string(v.Kind)},
			pair{"Status", string(v.Stands)}, pair{"Signed in", at(v.AuthenticatedAt)}, pair{"With", v.AMR},
			pair{"From", strings.TrimSpace(v.IPAddress + " " + geo.Place{City: v.City, Country: v.Country}.Show("en"))}, pair{"Browser", v.UserAgent}, pair{"Last active", at(v.LastActiveAt)},
			pair{"Expires", at(v.ExpiresAt)}, pair{"Ended", ended}, pair{"Reason", endReason(v)},
			pair{"Clients", strings.Join(v.ClientIDs, " ")})
	})
}

func sessionList(s *settings, o *output) *cobra.Command {
	var p part
	var who, status string
	cmd := &cobra.Command{Use: "list [--user ID|EMAIL]", Short: "List sessions, the newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := p.check(); err != nil {
				return err
			}
			if err := oneOf("--status", status, sessionStatuses...); err != nil {
				return err
			}
			return s.do(cmd, func(ctx context.Context, d *database) error {
				f := storage.SessionViewFilter{Status: storage.SessionStatus(status), After: p.after, Limit: p.ask()}
				if cmd.Flags().Changed("user") {
					p, err := d.person(ctx, who)
					if err != nil {
						return err
					}
					f.UserID = p.ID
				}
				list, err := d.store.SessionViews(ctx, f, d.clock.Now())
				if err != nil {
					return err
				}
				docs, rows := []api.Session{}, [][]string{}
				for _, v := range cut(cmd, &p, list, func(v *storage.SessionView) string { return v.ID }) {
					docs = append(docs, api.ShowSession(v))
					rows = append(rows, []string{v.ID, v.UserID, string(v.Kind), string(v.Stands), at(v.AuthenticatedAt),
						at(v.LastActiveAt), endReason(v)})
				}
				return o.print(cmd, docs, func(w io.Writer) error {
					return table(w, []string{"ID", "USER", "KIND", "STATUS", "SIGNED IN", "LAST ACTIVE", "END"}, rows)
				})
			})
		}}
	cmd.Flags().StringVar(&who, "user", "", "only this user's: `ID|EMAIL`")
	cmd.Flags().StringVar(&status, "status", "", "only in this `status`: "+strings.Join(sessionStatuses, ", "))
	_ = cmd.RegisterFlagCompletionFunc("status", cobra.FixedCompletions(sessionStatuses, cobra.ShellCompDirectiveNoFileComp))
	p.add(cmd, 100)
	return cmd
}

func sessionShow(s *settings, o *output) *cobra.Command {
	return &cobra.Command{Use: "show ID", Short: "Show a session", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.do(cmd, func(ctx context.Context, d *database) error {
				v, err := d.session(ctx, args[0])
				if err != nil {
					return err
				}
				return printSession(cmd, o, v)
			})
		}}
}
