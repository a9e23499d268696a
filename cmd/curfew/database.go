package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/curfew-id/curfew/config"
	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
)

// byCLI is who did it, in the audit and in what has ended.
const byCLI = "cli"

// database is what commands work on: the store, and the packages that own what is in it.
type database struct {
	config  *config.Config
	store   *storage.Store
	clock   clock.Clock
	sealer  *secret.Sealer
	clients *client.Registry
	users   *user.Users
	factors *factor.Factors
	door    *logout.Door
}

// do loads the configuration and runs fn on its database.
func (s *settings) do(cmd *cobra.Command, fn func(ctx context.Context, d *database) error) error {
	c, err := s.load()
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	store, err := openStore(ctx, c)
	if err != nil {
		return err
	}
	d, err := newDatabase(ctx, c, store)
	if err == nil {
		err = fn(ctx, d)
	}
	return errors.Join(err, store.Close())
}

// openStore opens a database that is there and has the schema this program knows.
func openStore(ctx context.Context, c *config.Config) (*storage.Store, error) {
	engine, target := c.Database.Engine()
	if engine == config.SQLite {
		if _, err := os.Stat(target); errors.Is(err, fs.ErrNotExist) { // opening it would make it
			return nil, fmt.Errorf("there is no database at %s; make it with: curfew migrate", target)
		}
	}
	store, err := storage.Open(ctx, target)
	if err != nil {
		return nil, err
	}
	names, err := store.Pending(ctx)
	if err == nil && len(names) > 0 {
		err = fmt.Errorf("the database lacks %s; bring it up to date with: curfew migrate", strings.Join(names, ", "))
	}
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

// checkDatabase returns what openStore would say.
func checkDatabase(ctx context.Context, c *config.Config) error {
	store, err := openStore(ctx, c)
	if err != nil {
		return err
	}
	return store.Close()
}

func newDatabase(ctx context.Context, c *config.Config, store *storage.Store) (*database, error) {
	clk, err := clock.NewSynced(ctx, store.Now)
	if err != nil {
		return nil, err
	}
	sealer, err := secret.NewSealer(c.MasterKey())
	if err != nil {
		return nil, err
	}
	webhook.Record(store, api.Documents())
	clients := client.NewRegistry(store, clk)
	clients.SetLimits(client.Limits{Lifetime: c.Session.Absolute, Idle: c.Session.Idle})
	return &database{
		config: c, store: store, clock: clk, sealer: sealer, clients: clients,
		users: user.New(store, clk),
		door:  logout.NewDoor(store, clients, clk),
		factors: factor.New(store, factor.Options{Clock: clk, Key: c.MasterKey(), Sealer: sealer,
			Policy: passwordPolicy(c)}),
	}, nil
}

// person finds a user by id or e-mail address.
func (d *database) person(ctx context.Context, who string) (*user.Person, error) {
	id := who
	if strings.Contains(who, "@") {
		email, err := user.NormalizeEmail(who)
		if err != nil {
			return nil, usagef("%q is not an e-mail address", who)
		}
		row, err := d.users.ByEmail(ctx, email)
		if err != nil {
			return nil, missing(err, "user", who)
		}
		id = row.ID
	}
	p, err := d.users.Person(ctx, id)
	return p, missing(err, "user", who)
}

// endAll ends every session of a user. The epoch goes first: it reaches a session that is being started right now, which
// a list of those there are would miss.
func (d *database) endAll(ctx context.Context, tx *storage.Store, userID string, why logout.Reason) error {
	cause := logout.Cause{Status: storage.StatusRevoked, Reason: why, By: byCLI}
	if err := d.door.EndUser(ctx, tx, userID, cause); err != nil {
		return err
	}
	return d.door.EndUserNow(ctx, tx, userID, "", cause)
}

// missing puts the errors that a person can do something about into words.
func missing(err error, what, which string) error {
	switch {
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, client.ErrUnknown):
		return fmt.Errorf("no %s %s", what, which)
	case errors.Is(err, storage.ErrConflict):
		return fmt.Errorf("%s %s was changed by somebody else at the same time; try again", what, which)
	}
	return err
}

// part is how much of a long list is asked for.
type part struct {
	after string
	limit int
}

func (p *part) add(cmd *cobra.Command, n int) {
	cmd.Flags().StringVar(&p.after, "after", "", "start behind this `id`")
	cmd.Flags().IntVar(&p.limit, "limit", n, "at most so many, up to 500")
}

// check keeps to what the store gives at once.
func (p *part) check() error {
	if p.limit < 1 || p.limit > 500 {
		return usagef("--limit must be 1 to 500")
	}
	return nil
}

// ask is how many rows to read: one more than asked for, to know whether the list goes on.
func (p *part) ask() int { return p.limit + 1 }

// cut returns the rows asked for, and tells on standard error if there are more.
func cut[T any](cmd *cobra.Command, p *part, rows []T, id func(T) string) []T {
	if len(rows) <= p.limit {
		return rows
	}
	rows = rows[:p.limit]
	cmd.PrintErrf("there are more: --after %s\n", id(rows[len(rows)-1]))
	return rows
}
