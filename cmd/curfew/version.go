package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set when a release is built: -ldflags "-X main.version=1.2.3".
var version string

// build is what this program was made of.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
}

func thisBuild() build {
	b := build{Version: version}
	if info, ok := debug.ReadBuildInfo(); ok {
		b.Version, b.Go = cmp.Or(version, info.Main.Version), info.GoVersion
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				b.Revision = s.Value
			}
		}
	}
	b.Version = cmp.Or(b.Version, "(devel)")
	return b
}

// versionCommand is `curfew version`.
func versionCommand() *cobra.Command {
	o := new(output)
	cmd := &cobra.Command{Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b := thisBuild()
			return o.print(cmd, b, func(w io.Writer) error {
				_, err := fmt.Fprintln(w, "curfew", b.Version, cmp.Or(b.Revision, "unknown revision"), b.Go)
				return err
			})
		}}
	o.add(cmd)
	return cmd
}
