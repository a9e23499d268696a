package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/curfew-id/curfew/cmd/curfew/dev"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/internal/observe"
)

// devCommand is `curfew dev`.
func devCommand() *cobra.Command {
	var o dev.Options
	var verbose bool
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run curfew with a demo application on this machine, nothing else to install",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			level, requests := slog.LevelWarn, "none"
			if verbose {
				level, requests = slog.LevelInfo, "all"
			}
			o.Log = observe.NewLogger(cmd.ErrOrStderr(), observe.LogOptions{Level: level})
			slog.SetDefault(o.Log)
			var err error
			if o.Requests, err = httpx.ParseRequestLog(requests); err != nil {
				return err
			}
			d, err := dev.Start(cmd.Context(), o)
			if err != nil {
				return err
			}
			if err := d.Panel(cmd.OutOrStdout()); err != nil {
				return err
			}
			return d.Serve(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Data, "data", "./data", "directory of the database and of dev.json")
	f.StringVar(&o.Listen, "listen", "127.0.0.1:8080", "address of the provider, on loopback")
	f.StringVar(&o.DemoListen, "demo-listen", "127.0.0.1:8090", "address of the demo application, on loopback")
	f.BoolVar(&verbose, "verbose", false, "log every request")
	return cmd
}
