package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// clientCommand is `curfew client`.
func clientCommand() *cobra.Command {
	s, o := new(settings), new(output)
	cmd := group("client", "OAuth clients: the apps that people sign in to",
		clientCreate(s, o), clientList(s, o), clientShow(s, o), clientUpdate(s, o), clientRotateSecret(s, o), clientDelete(s, o))
	s.addFile(cmd)
	o.add(cmd)
	return cmd
}

// printClient shows a client as it is stored, and its secret if that was made just now.
func (d *database) printClient(ctx context.Context, cmd *cobra.Command, o *output, id, secret string) error {
	row, err := d.store.Client(ctx, id)
	if err != nil {
		return missing(err, "client", id)
	}
	doc, err := api.ShowApplication(row)
	if err != nil {
		return err
	}
	if secret != "" {
		doc.ClientSecret, doc.ClientSecretExpiresAt = secret, new(int64)
	}
	return o.print(cmd, doc, func(w io.Writer) error {
		m := doc.ApplicationFields
		return pairs(w, pair{"Client ID", id}, pair{"Client secret", secret}, pair{"Name", m.ClientName},
			pair{"Authentication", m.TokenEndpointAuthMethod}, pair{"Grants", strings.Join(m.GrantTypes, " ")},
			pair{"Scope", m.Scope}, pair{"Redirect URIs", strings.Join(m.RedirectURIs, " ")},
			pair{"After sign-out", strings.Join(m.PostLogoutRedirectURIs, " ")},
			pair{"Back-channel logout", m.BackchannelLogoutURI}, pair{"Front-channel logout", m.FrontchannelLogoutURI},
			pair{"Session lifetime", (*seconds)(&m.SessionLifetime).String()},
			pair{"Session idle timeout", (*seconds)(&m.SessionIdleTimeout).String()},
			pair{"Created", at(row.CreatedAt)}, pair{"Updated", at(row.UpdatedAt)})
	})
}

func clientCreate(s *settings, o *output) *cobra.Command {
	var f clientFlags
	cmd := &cobra.Command{Use: "create --name NAME --redirect-uri URI", Short: "Register a client", Args: cobra.NoArgs,
		Long: "Register a client. Its secret, if it has one, is printed, this once.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var m client.Metadata
			if err := f.apply(cmd, "", &m); err != nil {
				return err
			}
			return s.do(cmd, func(ctx context.Context, d *database) error {
				if err := d.ensureKey(ctx, m.IDTokenAlg); err != nil {
					return err
				}
				var id, secret string
				err := d.store.Tx(ctx, func(tx *storage.Store) error {
					c, plain, err := d.clients.Register(ctx, tx, f.id, m)
					if err != nil {
						return err
					}
					id, secret = c.ID, plain
					return d.clientEvent(ctx, tx, audit.ClientCreated, id, map[string]any{"after": c.Metadata})
				})
				if errors.Is(err, storage.ErrConflict) {
					return fmt.Errorf("there is a client %s already", f.id)
				}
				if err != nil {
					return err
				}
				return d.printClient(ctx, cmd, o, id, secret)
			})
		}}
	f.add(cmd)
	cmd.Flags().StringVar(&f.id, "id", "", "client `id` (default: one is made)")
	return cmd
}

func clientList(s *settings, o *output) *cobra.Command {
	var p part
	cmd := &cobra.Command{Use: "list", Short: "List clients", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := p.check(); err != nil {
				return err
			}
			return s.do(cmd, func(ctx context.Context, d *database) error {
				list, err := d.store.Clients(ctx, p.after, p.ask())
				if err != nil {
					return err
				}
				docs, rows := []api.OAuthApplication{}, [][]string{}
				for _, c := range cut(cmd, &p, list, func(c *storage.Client) string { return c.ID }) {
					doc, err := api.ShowApplication(c)
					if err != nil {
						return err
					}
					docs = append(docs, doc)
					rows = append(rows, []string{c.ID, doc.ClientName, doc.TokenEndpointAuthMethod, strings.Join(doc.GrantTypes, " ")})
				}
				return o.print(cmd, docs, func(w io.Writer) error {
					return table(w, []string{"CLIENT ID", "NAME", "AUTHENTICATION", "GRANTS"}, rows)
				})
			})
		}}
	p.add(cmd, 100)
	return cmd
}

func clientShow(s *settings, o *output) *cobra.Command {
	return &cobra.Command{Use: "show ID", Short: "Show a client", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.do(cmd, func(ctx context.Context, d *database) error {
				return d.printClient(ctx, cmd, o, args[0], "")
			})
		}}
}

func clientUpdate(s *settings, o *output) *cobra.Command {
	var f clientFlags
	cmd := &cobra.Command{Use: "update ID", Short: "Change what a client has registered", Args: cobra.ExactArgs(1),
		Long: "Change what a client has registered: the flags that are given replace what they name, --file replaces everything.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if !f.any(cmd) {
				return usagef("nothing to change")
			}
			return s.do(cmd, func(ctx context.Context, d *database) error {
				before, err := d.clients.Get(ctx, args[0])
				if err != nil {
					return missing(err, "client", args[0])
				}
				m := before.Metadata
				if err := f.apply(cmd, before.ID, &m); err != nil {
					return err
				}
				if err := d.ensureKey(ctx, m.IDTokenAlg); err != nil {
					return err
				}
				var secret string
				err = d.store.Tx(ctx, func(tx *storage.Store) error {
					c := before
					if c, err = d.clients.Update(ctx, tx, c, m); err != nil {
						return err
					}
					if needsSecret(c) { // by its new way to authenticate
						if c, secret, err = d.clients.RotateSecret(ctx, tx, c); err != nil {
							return err
						}
					}
					return d.clientEvent(ctx, tx, audit.ClientUpdated, c.ID, map[string]any{"before": before.Metadata, "after": c.Metadata})
				})
				if err != nil {
					return missing(err, "client", args[0])
				}
				return d.printClient(ctx, cmd, o, args[0], secret)
			})
		}}
	f.add(cmd)
	return cmd
}

func needsSecret(c *client.Client) bool {
	m := c.TokenEndpointAuthMethod
	return len(c.SecretHash) == 0 && (m == client.AuthBasic || m == client.AuthPost)
}

func clientRotateSecret(s *settings, o *output) *cobra.Command {
	return &cobra.Command{Use: "rotate-secret ID", Short: "Give a client a new secret; the old one counts no more", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.do(cmd, func(ctx context.Context, d *database) error {
				var secret string
				err := d.store.Tx(ctx, func(tx *storage.Store) error {
					c, err := d.clients.In(ctx, tx, args[0])
					if err != nil {
						return err
					}
					if _, secret, err = d.clients.RotateSecret(ctx, tx, c); err != nil {
						return err
					}
					return d.clientEvent(ctx, tx, audit.ClientSecretNew, c.ID, nil)
				})
				if err != nil {
					return missing(err, "client", args[0])
				}
				return d.printClient(ctx, cmd, o, args[0], secret)
			})
		}}
}

func clientDelete(s *settings, o *output) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{Use: "delete ID --yes", Short: "Revoke a client's tokens and delete the client for ever", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !yes {
				return usagef("a deleted client does not come back; add --yes if it is meant")
			}
			return s.do(cmd, func(ctx context.Context, d *database) error {
				if err := d.deleteClient(ctx, args[0]); err != nil {
					return missing(err, "client", args[0])
				}
				return o.print(cmd, api.Deleted{Object: "oauth_application", ID: args[0], Deleted: true}, func(w io.Writer) error {
					_, err := fmt.Fprintln(w, "Deleted", clean(args[0]))
					return err
				})
			})
		}}
	cmd.Flags().BoolVar(&yes, "yes", false, "it is meant")
	return cmd
}

// deleteClient ends the sessions that were the client's lasting access and deletes it with all it holds.
func (d *database) deleteClient(ctx context.Context, clientID string) error {
	return d.store.Tx(ctx, func(tx *storage.Store) error {
		c, err := d.clients.In(ctx, tx, clientID)
		if err != nil {
			return err
		}
		const n = 100
		for after, more := "", true; more; {
			list, err := tx.ClientOfflineSessions(ctx, clientID, after, n)
			if err != nil {
				return err
			}
			for _, s := range list {
				after = s.ID
				cause := logout.Cause{Status: storage.StatusRevoked, Reason: "client_deleted", By: byCLI}
				if _, err := d.door.End(ctx, tx, s, cause); err != nil {
					return err
				}
			}
			more = len(list) == n
		}
		if err := tx.DeleteClient(ctx, clientID); err != nil {
			return err
		}
		return d.clientEvent(ctx, tx, audit.ClientDeleted, clientID, map[string]any{"before": map[string]string{"client_name": c.ClientName}})
	})
}

// ensureKey makes the first key of an algorithm that no client has used so far, before there is one whose tokens could
// not be signed.
func (d *database) ensureKey(ctx context.Context, alg string) error {
	if !slices.Contains(key.Algorithms, alg) { // none, or one that will be refused
		return nil
	}
	ring, err := d.ring(ctx)
	if err != nil {
		return err
	}
	return ring.Ensure(ctx, alg)
}

func (d *database) clientEvent(ctx context.Context, tx *storage.Store, kind audit.Kind, clientID string, data map[string]any) error {
	return audit.Write(ctx, tx, audit.Event{Kind: kind, At: d.clock.Now(), ClientID: clientID, By: byCLI, Data: data})
}
