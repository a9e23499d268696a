package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/curfew-id/curfew/config"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

func userResetPassword(s *settings, o *output) *cobra.Command {
	var stdin bool
	cmd := &cobra.Command{Use: "reset-password ID|EMAIL", Short: "Give a user a new password and end their sessions", Args: cobra.ExactArgs(1),
		Long: "Give a user a new password and end their sessions. Without --password-stdin it is generated and printed, this once.",
		RunE: func(cmd *cobra.Command, args []string) error {
			given, err := readPassword(cmd, stdin)
			if err != nil {
				return err
			}
			return s.do(cmd, func(ctx context.Context, d *database) error {
				p, err := d.person(ctx, args[0])
				if err != nil {
					return err
				}
				hashed, generated, err := d.newPassword(ctx, given, p.Email, p.Name)
				if err != nil {
					return err
				}
				err = d.store.Tx(ctx, func(tx *storage.Store) error {
					if err := d.factors.StorePassword(ctx, tx, p.ID, hashed); err != nil {
						return err
					}
					if err := d.endAll(ctx, tx, p.ID, logout.PasswordChanged); err != nil {
						return err
					}
					return audit.Write(ctx, tx, audit.Event{Kind: audit.PasswordReset, At: d.clock.Now(), UserID: p.ID, By: byCLI})
				})
				if err != nil {
					return missing(err, "user", args[0])
				}
				return printUser(cmd, d, o, p, generated)
			})
		}}
	addPasswordStdin(cmd, &stdin)
	return cmd
}

func addPasswordStdin(cmd *cobra.Command, into *bool) {
	cmd.Flags().BoolVar(into, "password-stdin", false, "read the password from standard input")
}

// readPassword reads one from standard input if it is asked to: one line, whose end does not belong to it.
func readPassword(cmd *cobra.Command, stdin bool) (string, error) {
	if !stdin {
		return "", nil
	}
	b, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), 4096))
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	if password == "" {
		return "", usagef("there is no password on standard input")
	}
	return password, nil
}

// newPassword accepts the password given, or generates one and returns it to be shown this once.
func (d *database) newPassword(ctx context.Context, given string, own ...string) (hashed factor.NewPassword, generated string, err error) {
	if given == "" {
		// 120 bits, and as long as the policy may ask.
		generated = secret.New(15)
		for len(generated) < d.config.Password.MinLength {
			generated += secret.New(15)
		}
		given = generated
	}
	hashed, err = d.factors.AcceptPassword(ctx, given, own...)
	if errors.Is(err, factor.ErrPasswordTooShort) {
		err = fmt.Errorf("%w: at least %d characters", err, d.config.Password.MinLength)
	}
	return hashed, generated, err
}

// passwordPolicy is what the configuration says about new passwords.
func passwordPolicy(c *config.Config) factor.Policy {
	p := factor.Policy{MinLength: c.Password.MinLength, Service: c.Branding.Name}
	if c.Password.BreachURL != "" {
		p.Breaches = &factor.Breaches{Base: c.Password.BreachURL, Doer: doer(c)}
	}
	return p
}

// doer is the outgoing HTTP client for addresses of the operator's own choice: those on this machine may be meant.
func doer(c *config.Config) httpx.Doer {
	return httpx.NewDoer(httpx.Options{AllowPrivate: append(httpx.Loopback(), c.Outgoing.AllowPrivate...)})
}

// unacceptable says which word of a new user cannot be accepted.
func unacceptable(err error, n user.NewUser) error {
	switch {
	case errors.Is(err, user.ErrEmail):
		return usagef("--email: %q is not an e-mail address", n.Email)
	case errors.Is(err, user.ErrName):
		return usagef("--name: at most 200 characters, none of them a control character")
	case errors.Is(err, user.ErrTaken):
		return fmt.Errorf("there is a user %s already", n.Email)
	}
	return err
}

// oneOf checks a flag that has only some values; empty is none.
func oneOf(flag, value string, allowed ...string) error {
	if value == "" {
		return nil
	}
	for _, a := range allowed {
		if value == a {
			return nil
		}
	}
	return usagef("%s: %q is not one of %s", flag, value, strings.Join(allowed, ", "))
}
