package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/apikey"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// apiKeyCommand is `curfew apikey`.
func apiKeyCommand() *cobra.Command {
	s, o := new(settings), new(output)
	cmd := group("apikey", "Keys of scripts and pipelines to the management API", apiKeyCreate(s, o), apiKeyList(s, o), apiKeyRevoke(s, o))
	s.addFile(cmd)
	o.add(cmd)
	return cmd
}

func apiKeyCreate(s *settings, o *output) *cobra.Command {
	var n apikey.NewKey
	var ttl time.Duration
	cmd := &cobra.Command{Use: "create --name NAME --scope SCOPE", Short: "Make an API key", Args: cobra.NoArgs,
		Long: "Make an API key. Its secret is printed, this once. Scopes are separated by spaces or commas; \"all\" are all there are.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			name, err := user.NormalizeName(n.Name)
			if err != nil || name == "" {
				return usagef("--name must be 1 to 200 characters without control characters")
			}
			if n.Scopes, err = apiScopes(n.Scopes); err != nil {
				return err
			}
			if cmd.Flags().Changed("ttl") && ttl <= 0 {
				return usagef("--ttl must be above 0")
			}
			return s.do(cmd, func(ctx context.Context, d *database) error {
				n := apikey.NewKey{Name: name, Scopes: n.Scopes, By: byCLI, Kind: storage.MadeByCLI}
				if ttl > 0 {
					n.ExpiresAt = d.clock.Now().Add(ttl)
				}
				row, plain, err := apikey.New(d.store, d.clock).Create(ctx, d.store, n)
				if err != nil {
					return err
				}
				return printAPIKey(cmd, o, row, plain)
			})
		}}
	cmd.Flags().StringVar(&n.Name, "name", "", "what it is for")
	cmd.Flags().StringSliceVar(&n.Scopes, "scope", nil, "what it opens")
	cmd.Flags().DurationVar(&ttl, "ttl", 0, "how long it counts, such as 720h (default: until it is revoked)")
	return cmd
}

// apiScopes takes apart what was given and refuses what opens nothing.
func apiScopes(given []string) (scopes []string, err error) {
	for _, g := range given {
		scopes = append(scopes, strings.Fields(g)...)
	}
	if slices.Equal(scopes, []string{"all"}) {
		return api.Scopes, nil
	}
	if len(scopes) == 0 {
		return nil, usagef("--scope is needed: %s, or all", strings.Join(api.Scopes, " "))
	}
	for _, s := range scopes {
		if !slices.Contains(api.Scopes, s) {
			return nil, usagef("%q is no scope of the management API: %s", s, strings.Join(api.Scopes, " "))
		}
	}
	return scopes, nil
}

func printAPIKey(cmd *cobra.Command, o *output, row *storage.APIKey, plain string) error {
	doc := api.ShowAPIKey(row)
	doc.Secret = plain
	return o.print(cmd, doc, func(w io.Writer) error {
		return pairs(w, pair{"ID", row.ID}, pair{"Secret", plain}, pair{"Name", row.Name}, pair{"Scope", row.Scope},
			pair{"Expires", at(row.ExpiresAt)}, pair{"Revoked", at(row.RevokedAt)})
	})
}

func apiKeyList(s *settings, o *output) *cobra.Command {
	var p part
	cmd := &cobra.Command{Use: "list", Short: "List API keys", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := p.check(); err != nil {
				return err
			}
			return s.do(cmd, func(ctx context.Context, d *database) error {
				list, err := d.store.APIKeys(ctx, storage.APIKeyFilter{After: p.after, Limit: p.ask()})
				if err != nil {
					return err
				}
				docs, rows := []api.APIKey{}, [][]string{}
				for _, k := range cut(cmd, &p, list, func(k *storage.APIKey) string { return k.ID }) {
					docs = append(docs, api.ShowAPIKey(k))
					rows = append(rows, []string{k.ID, k.Name, "..." + k.Hint, k.Scope, at(k.ExpiresAt), at(k.LastUsedAt), at(k.RevokedAt)})
				}
				return o.print(cmd, docs, func(w io.Writer) error {
					return table(w, []string{"ID", "NAME", "SECRET", "SCOPE", "EXPIRES", "LAST USED", "REVOKED"}, rows)
				})
			})
		}}
	p.add(cmd, 100)
	return cmd
}

func apiKeyRevoke(s *settings, o *output) *cobra.Command {
	return &cobra.Command{Use: "revoke ID", Short: "Revoke an API key: it is refused from the next request on", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.do(cmd, func(ctx context.Context, d *database) error {
				if err := apikey.New(d.store, d.clock).Revoke(ctx, d.store, args[0], byCLI); err != nil {
					return missing(err, "API key that is good", args[0])
				}
				row, err := d.store.APIKey(ctx, args[0])
				if err != nil {
					return err
				}
				return o.print(cmd, api.ShowAPIKey(row), func(w io.Writer) error {
					_, err := fmt.Fprintln(w, "Revoked", clean(args[0]))
					return err
				})
			})
		}}
}
