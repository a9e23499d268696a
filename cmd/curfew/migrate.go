package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/curfew-id/curfew/storage"
)

// migrateCommand is `curfew migrate`.
func migrateCommand() *cobra.Command {
	s, o := new(settings), new(output)
	var status bool
	cmd := &cobra.Command{Use: "migrate", Short: "Bring the database to the schema this program expects", Args: cobra.NoArgs,
		Long: "Bring the database to the schema this program expects. Any number may run at once: one does the work, the others wait.",
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			c, err := s.load()
			if err != nil {
				return err
			}
			_, target := c.Database.Engine()
			store, err := storage.Open(cmd.Context(), target)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, store.Close()) }()
			doc := struct {
				Applied []string `json:"applied"`
				Pending []string `json:"pending"`
			}{[]string{}, []string{}}
			done, names := "Applied", &doc.Applied
			if status {
				done, names = "Pending", &doc.Pending
				*names, err = store.Pending(cmd.Context())
			} else {
				*names, err = store.Migrate(cmd.Context())
			}
			if err != nil {
				return err
			}
			*names = append([]string{}, *names...)
			return o.print(cmd, doc, func(w io.Writer) error {
				for _, n := range *names {
					fmt.Fprintln(w, done, n)
				}
				if len(*names) == 0 {
					fmt.Fprintln(w, "The schema is up to date.")
				}
				return nil
			})
		}}
	s.addFile(cmd)
	o.add(cmd)
	cmd.Flags().BoolVar(&status, "status", false, "only tell what would be applied")
	return cmd
}
