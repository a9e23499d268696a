package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// whose says which sessions end.
type whose struct {
	user, client string
	all, yes     bool
}

func sessionEnd(s *settings, o *output) *cobra.Command {
	var w whose
	cmd := &cobra.Command{Use: "end ID... | --user ID|EMAIL | --client ID | --all --yes", Aliases: []string{"revoke"},
		Short: "End sessions: some, all of a user, of a client, of everybody",
		Long: "End sessions: those named, all of a user, all that a client took part in, or everybody's. When the command returns, curfew\n" +
			"accepts none of their tokens any more; where nobody asks it, tokens issued before live 60 seconds at most. Those of a\n" +
			"client and of everybody are then taken one by one by the running server, which tells the clients. Ending a session that\n" +
			"has ended changes nothing.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := w.check(cmd, args); err != nil {
				return err
			}
			return s.do(cmd, func(ctx context.Context, d *database) error {
				if len(args) > 0 {
					return d.endSome(ctx, cmd, o, args)
				}
				return d.endMany(ctx, cmd, o, w)
			})
		}}
	cmd.Flags().StringVar(&w.user, "user", "", "all sessions of this user: `ID|EMAIL`")
	cmd.Flags().StringVar(&w.client, "client", "", "all sessions that this client took part in: `ID`")
	cmd.Flags().BoolVar(&w.all, "all", false, "all sessions of everybody")
	cmd.Flags().BoolVar(&w.yes, "yes", false, "with --all: it is meant")
	return cmd
}

// check wants exactly one way of saying which.
func (w *whose) check(cmd *cobra.Command, args []string) error {
	ways := 0
	for _, used := range []bool{len(args) > 0, cmd.Flags().Changed("user"), cmd.Flags().Changed("client"), w.all} {
		if used {
			ways++
		}
	}
	switch {
	case ways != 1:
		return usagef("name sessions, a user by --user, a client by --client, or --all")
	case w.all && !w.yes:
		return usagef("this signs everybody out; add --yes if it is meant")
	}
	return nil
}

// endSome ends the sessions named, none where one of them is not there.
func (d *database) endSome(ctx context.Context, cmd *cobra.Command, o *output, ids []string) error {
	var list []*storage.SessionView
	for _, id := range ids {
		v, err := d.session(ctx, id)
		if err != nil {
			return err
		}
		list = append(list, v)
	}
	docs := []api.Session{}
	for i, v := range list {
		cause, over := logout.Overdue(v) // then it ends as what it is
		if !over {
			cause = logout.Cause{Status: storage.StatusRevoked, Reason: logout.Revoked, By: byCLI}
		}
		_, err := d.door.End(ctx, d.store, &v.Session, cause)
		if err != nil {
			return err
		}
		if list[i], err = d.session(ctx, v.ID); err != nil {
			return err
		}
		docs = append(docs, api.ShowSession(list[i]))
	}
	if len(list) == 1 {
		return printSession(cmd, o, list[0])
	}
	return o.print(cmd, docs, func(w io.Writer) error {
		for _, v := range list {
			if _, err := fmt.Fprintln(w, "Ended", v.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// endMany ends all sessions of somebody.
func (d *database) endMany(ctx context.Context, cmd *cobra.Command, o *output, w whose) error {
	doc := api.SessionsEnd{Object: "sessions_end", EndedAt: d.clock.Now().UnixMilli()}
	cause := logout.Cause{Status: storage.StatusRevoked, By: byCLI}
	var said string
	switch {
	case w.all:
		cause.Reason, said = logout.AllEnded, "Ended all sessions of everybody"
		if err := d.door.EndAll(ctx, d.store, cause); err != nil {
			return err
		}
	case cmd.Flags().Changed("client"):
		cause.Reason, said, doc.ClientID = logout.ClientEnded, "Ended all sessions that "+w.client+" took part in", &w.client
		if err := d.door.EndClient(ctx, d.store, w.client, cause); err != nil {
			return missing(err, "client", w.client)
		}
	default:
		p, err := d.person(ctx, w.user)
		if err != nil {
			return err
		}
		said, doc.UserID = "Ended all sessions of "+p.ID, &p.ID
		err = d.store.Tx(ctx, func(tx *storage.Store) error { return d.endAll(ctx, tx, p.ID, logout.Revoked) })
		if err != nil {
			return missing(err, "user", w.user)
		}
	}
	return o.print(cmd, doc, func(out io.Writer) error {
		_, err := fmt.Fprintln(out, said)
		return err
	})
}
