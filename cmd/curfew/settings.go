package main

import (
	"cmp"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/curfew-id/curfew/config"
)

// settings are where the configuration of a command comes from.
type settings struct {
	file  string
	flags *pflag.FlagSet // one for each setting, where the command has them
}

// addFile gives a command, and those below it, the flag --config.
func (s *settings) addFile(cmd *cobra.Command) {
	cmd.PersistentFlags().StringVar(&s.file, "config", "", "configuration `file` ($CURFEW_CONFIG)")
	_ = cmd.MarkPersistentFlagFilename("config", "yaml", "yml") // for completion; the flag is there
}

// addAll gives a command --config and a flag for every setting that has one.
func (s *settings) addAll(cmd *cobra.Command) {
	s.addFile(cmd)
	s.flags = pflag.NewFlagSet("settings", pflag.ContinueOnError)
	for _, f := range config.Fields() {
		if f.Flag == "" {
			continue
		}
		// The whole sentence, and its reasons, stand in the reference.
		usage, _, _ := strings.Cut(strings.ReplaceAll(f.Doc, "`", "'"), ". ")
		flag := s.flags.VarPF(&setting{f.Default, f.Type}, f.Flag, "", strings.TrimSuffix(usage, "."))
		if f.Type == "true or false" {
			flag.NoOptDefVal = "true"
		}
		if len(f.OneOf) > 0 {
			_ = cmd.RegisterFlagCompletionFunc(f.Flag, cobra.FixedCompletions(f.OneOf, cobra.ShellCompDirectiveNoFileComp))
		}
	}
	s.flags.SortFlags, cmd.Flags().SortFlags = false, false // as in the reference
	cmd.Flags().AddFlagSet(s.flags)
}

// load reads and checks the configuration; the error is a config.Problems.
func (s *settings) load() (*config.Config, error) {
	given := map[string]string{}
	if s.flags != nil {
		for _, f := range config.Fields() {
			if flag := s.flags.Lookup(f.Flag); flag != nil && flag.Changed {
				given[f.Key] = flag.Value.String()
			}
		}
	}
	return config.Load(config.Sources{File: cmp.Or(s.file, os.Getenv("CURFEW_CONFIG")), Environ: os.Environ(), Flags: given})
}

// setting is the value of a flag: text, which package config reads in the same way as a variable's.
type setting struct{ text, kind string }

func (s *setting) String() string { return s.text }

func (s *setting) Set(text string) error { s.text = text; return nil }

func (s *setting) Type() string {
	switch {
	case s.kind == "true or false":
		return "bool"
	case strings.HasPrefix(s.kind, "list"):
		return "list"
	}
	return s.kind
}
