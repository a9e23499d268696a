package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// roles are those that a user can have in curfew itself.
var roles = slices.DeleteFunc(slices.Clone(actor.Roles), func(r string) bool { return r == actor.RoleNone })

// userCommand is `curfew user`.
func userCommand() *cobra.Command {
	s, o := new(settings), new(output)
	cmd := group("user", "People who can sign in",
		userCreate(s, o), userList(s, o), userShow(s, o),
		userStatus(s, o, "disable", "End a user's sessions and let them sign in no more", storage.UserDisabled),
		userStatus(s, o, "enable", "Let a disabled user sign in again", storage.UserActive),
		userRole(s, o), userResetPassword(s, o), userDelete(s, o))
	s.addFile(cmd)
	o.add(cmd)
	return cmd
}

// userDocument is a user in JSON: the management API's.
type userDocument struct {
	api.User
	// Password is one that was generated just now.
	Password string `json:"password,omitempty"`
}

func newUserDocument(p *user.Described) userDocument {
	return userDocument{User: api.ShowUser(p)}
}

// printUser shows one user, and the password if it was generated.
func printUser(cmd *cobra.Command, d *database, o *output, p *user.Person, password string) error {
	list, err := d.users.Describe(cmd.Context(), p)
	if err != nil {
		return err
	}
	doc := newUserDocument(list[0])
	doc.Password = password
	return o.print(cmd, doc, func(w io.Writer) error {
		verified := ""
		if p.Email != "" && !p.EmailVerified {
			verified = " (not verified)"
		}
		return pairs(w, pair{"ID", p.ID}, pair{"E-mail", p.Email + verified}, pair{"Phone", p.Phone}, pair{"Name", p.Name},
			pair{"Status", p.Status}, pair{"Role", p.Role}, pair{"Created", at(p.CreatedAt)},
			pair{"Last sign-in", at(p.LastSignInAt)}, pair{"Password", password})
	})
}

func userCreate(s *settings, o *output) *cobra.Command {
	var n user.NewUser
	var stdin bool
	cmd := &cobra.Command{Use: "create --email ADDRESS", Short: "Add a user", Args: cobra.NoArgs,
		Long: "Add a user with a verified e-mail address. Without --password-stdin a password is generated and printed, this once.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			given, err := readPassword(cmd, stdin)
			if err != nil {
				return err
			}
			n.Kind, n.By = audit.UserCreated, byCLI
			if err := oneOf("--role", n.Role, roles...); err != nil {
				return err
			}
			return s.do(cmd, func(ctx context.Context, d *database) error {
				hashed, generated, err := d.newPassword(ctx, given, n.Email, n.Name)
				if err != nil {
					return err
				}
				var row *storage.User
				err = d.store.Tx(ctx, func(tx *storage.Store) error {
					if row, err = d.users.Create(ctx, tx, n); err != nil {
						return err
					}
					return d.factors.StorePassword(ctx, tx, row.ID, hashed)
				})
				if err != nil {
					return unacceptable(err, n)
				}
				p, err := d.users.Person(ctx, row.ID)
				if err != nil {
					return err
				}
				return printUser(cmd, d, o, p, generated)
			})
		}}
	f := cmd.Flags()
	f.StringVar(&n.Email, "email", "", "`address` to sign in with")
	f.StringVar(&n.Name, "name", "", "`name` that apps are told")
	f.StringVar(&n.Role, "role", "", "`role` in curfew itself: owner, admin, support or auditor")
	addPasswordStdin(cmd, &stdin)
	_ = cmd.MarkFlagRequired("email")
	return cmd
}

func userList(s *settings, o *output) *cobra.Command {
	var p part
	var email, status string
	cmd := &cobra.Command{Use: "list", Short: "List users, the oldest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := p.check(); err != nil {
				return err
			}
			f := storage.UserFilter{After: p.after, Limit: p.ask()}
			if err := oneOf("--status", status, storage.UserActive, storage.UserDisabled); err != nil {
				return err
			}
			f.Status = status
			if email != "" {
				var err error
				if f.Email, err = user.NormalizeEmail(email); err != nil {
					return usagef("--email: %q is not an e-mail address", email)
				}
			}
			return s.do(cmd, func(ctx context.Context, d *database) error {
				people, err := d.users.People(ctx, f)
				if err != nil {
					return err
				}
				list, err := d.users.Describe(ctx, people...)
				if err != nil {
					return err
				}
				docs, rows := []userDocument{}, [][]string{}
				for _, p := range cut(cmd, &p, list, func(p *user.Described) string { return p.ID }) {
					docs = append(docs, newUserDocument(p))
					rows = append(rows, []string{p.ID, p.Email, p.Name, p.Status, p.Role, at(p.LastSignInAt)})
				}
				return o.print(cmd, docs, func(w io.Writer) error {
					return table(w, []string{"ID", "E-MAIL", "NAME", "STATUS", "ROLE", "LAST SIGN-IN"}, rows)
				})
			})
		}}
	cmd.Flags().StringVar(&email, "email", "", "only the one with this `address`")
	cmd.Flags().StringVar(&status, "status", "", "only active or disabled ones")
	p.add(cmd, 100)
	return cmd
}

func userShow(s *settings, o *output) *cobra.Command {
	return &cobra.Command{Use: "show ID|EMAIL", Short: "Show a user", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.do(cmd, func(ctx context.Context, d *database) error {
				p, err := d.person(ctx, args[0])
				if err != nil {
					return err
				}
				return printUser(cmd, d, o, p, "")
			})
		}}
}

func userStatus(s *settings, o *output, verb, short, status string) *cobra.Command {
	return &cobra.Command{Use: verb + " ID|EMAIL", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.do(cmd, func(ctx context.Context, d *database) error {
				p, err := d.person(ctx, args[0])
				if err != nil {
					return err
				}
				if status == storage.UserDisabled {
					err = d.users.Disable(ctx, d.store, d.door, p.ID, byCLI)
				} else {
					err = d.users.Enable(ctx, d.store, p.ID, byCLI)
				}
				if err != nil {
					return missing(err, "user", args[0])
				}
				if p, err = d.person(ctx, p.ID); err != nil {
					return err
				}
				return printUser(cmd, d, o, p, "")
			})
		}}
}

func userRole(s *settings, o *output) *cobra.Command {
	const none = "none"
	return &cobra.Command{Use: "role ID|EMAIL owner|admin|support|auditor|none", Short: "Say what a user may do in curfew itself", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			role := args[1]
			if err := oneOf("role", role, append(slices.Clone(roles), none)...); err != nil {
				return err
			}
			if role == none {
				role = actor.RoleNone
			}
			return s.do(cmd, func(ctx context.Context, d *database) error {
				p, err := d.person(ctx, args[0])
				if err != nil {
					return err
				}
				next := *p.User
				next.Role = role
				if err := d.users.Update(ctx, d.store, d.door, &next, byCLI); err != nil {
					return missing(err, "user", args[0])
				}
				if p, err = d.person(ctx, p.ID); err != nil {
					return err
				}
				return printUser(cmd, d, o, p, "")
			})
		}}
}

func userDelete(s *settings, o *output) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{Use: "delete ID|EMAIL --yes", Short: "End a user's sessions and delete the user for ever", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !yes {
				return usagef("a deleted user does not come back; add --yes if it is meant")
			}
			return s.do(cmd, func(ctx context.Context, d *database) error {
				p, err := d.person(ctx, args[0])
				if err != nil {
					return err
				}
				if err := d.users.Delete(ctx, d.store, d.door, p.ID, byCLI); err != nil {
					return missing(err, "user", args[0])
				}
				return o.print(cmd, api.Deleted{Object: "user", ID: p.ID, Deleted: true}, func(w io.Writer) error {
					_, err := fmt.Fprintln(w, "Deleted", p.ID)
					return err
				})
			})
		}}
	cmd.Flags().BoolVar(&yes, "yes", false, "it is meant")
	return cmd
}
