package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// root is the whole tree of commands.
func root() *cobra.Command {
	cmd := group("curfew", "An OpenID provider whose sessions end when you say so",
		devCommand(),
		serveCommand(),
		migrateCommand(),
		configCommand(),
		userCommand(),
		clientCommand(),
		sessionCommand(),
		keyCommand(),
		apiKeyCommand(),
		auditCommand(),
		versionCommand(),
	)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true // exit prints them
	markFailures(cmd)
	return cmd
}

// group is a command that only has others below it.
func group(use, short string, list ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.ArbitraryArgs, RunE: func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				return usagef("unknown command %q; did you mean %s?", args[0], strings.Join(near, " or "))
			}
			return usagef("unknown command %q", args[0])
		}
		return cmd.Help()
	}}
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(list...)
	return cmd
}
