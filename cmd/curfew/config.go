package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/curfew-id/curfew/config"
)

// configCommand is `curfew config`.
func configCommand() *cobra.Command {
	return group("config", "The configuration", configCheck(), configReference())
}

func configCheck() *cobra.Command {
	s, o := new(settings), new(output)
	cmd := &cobra.Command{Use: "check", Short: "Check the configuration as serve would, and print it without secrets", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			for _, w := range c.Warnings() {
				cmd.PrintErrln("warning:", w)
			}
			return o.print(cmd, settingsDocument(c), func(w io.Writer) error {
				_, err := fmt.Fprint(w, c)
				return err
			})
		}}
	s.addAll(cmd)
	o.add(cmd)
	return cmd
}

// settingsDocument is the settings by their keys, as they would be written in a variable; secrets only as set.
func settingsDocument(c *config.Config) map[string]string {
	doc := map[string]string{}
	for _, a := range c.LogValue().Group() {
		doc[a.Key] = a.Value.String()
	}
	return doc
}

func configReference() *cobra.Command {
	return &cobra.Command{Use: "reference", Short: "Print every setting there is, in Markdown", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), config.Reference())
			return err
		}}
}
