package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/storage"
)

// keyCommand is `curfew key`.
func keyCommand() *cobra.Command {
	s, o := new(settings), new(output)
	cmd := group("key", "The keys that sign tokens", keyList(s, o), keyRotate(s, o))
	s.addFile(cmd)
	o.add(cmd)
	return cmd
}

// keyDocument is a signing key in JSON.
type keyDocument struct {
	Object    string `json:"object"`
	KID       string `json:"kid"`
	Alg       string `json:"alg"`
	State     string `json:"state"` // next: published, signs later; signing; retired: published until its last token is dead
	CreatedAt *int64 `json:"created_at"`
	ActiveAt  *int64 `json:"active_at"`
	RetiredAt *int64 `json:"retired_at"`
}

func keyList(s *settings, o *output) *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List the published signing keys", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.do(cmd, func(ctx context.Context, d *database) error { return d.printKeys(ctx, cmd, o) })
		}}
}

func (d *database) printKeys(ctx context.Context, cmd *cobra.Command, o *output) error {
	list, err := d.store.SigningKeys(ctx)
	if err != nil {
		return err
	}
	docs, rows := []keyDocument{}, [][]string{}
	for i, k := range list {
		state := keyState(list[i:], d.clock.Now())
		docs = append(docs, keyDocument{"signing_key", k.ID, k.Alg, state, milli(k.CreatedAt), milli(k.ActiveAt), milli(k.RetiredAt)})
		rows = append(rows, []string{k.ID, k.Alg, state, at(k.ActiveAt), at(k.RetiredAt)})
	}
	return o.print(cmd, docs, func(w io.Writer) error {
		return table(w, []string{"KEY ID", "ALG", "STATE", "SIGNS FROM", "RETIRED"}, rows)
	})
}

// keyState is the state of the first key in a list that is ordered by when they begin to sign. One that a newer key has
// taken over from signs no more, also before the server's next look has written that down.
func keyState(list []*storage.SigningKey, now time.Time) string {
	k := list[0]
	switch {
	case k.RetiredAt.Set():
		return "retired"
	case k.ActiveAt.After(now):
		return "next"
	}
	for _, later := range list[1:] {
		if later.Alg == k.Alg && !later.ActiveAt.After(now) {
			return "retired"
		}
	}
	return "signing"
}

func keyRotate(s *settings, o *output) *cobra.Command {
	return &cobra.Command{Use: "rotate", Short: "Publish a successor of every signing key now, ahead of its time", Args: cobra.NoArgs,
		Long: "Publish a successor of every signing key now, ahead of its time. It signs after keys.publish_ahead, when every app that\n" +
			"caches the key set knows it. A key whose successor is published already gets no second one.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.do(cmd, func(ctx context.Context, d *database) error {
				ring, err := d.ring(ctx)
				if err != nil {
					return err
				}
				before, err := d.store.SigningKeys(ctx)
				if err != nil {
					return err
				}
				if err := ring.Rotate(ctx, true); err != nil {
					return err
				}
				if err := d.keyEvents(ctx, cmd, before); err != nil {
					return err
				}
				return d.printKeys(ctx, cmd, o)
			})
		}}
}

// ring opens the signing keys, and makes the first one where there is none.
func (d *database) ring(ctx context.Context) (*key.Ring, error) {
	return key.Open(ctx, d.store, key.Options{Clock: d.clock, Sealer: d.sealer,
		RotateEvery: d.config.Keys.RotateEvery, PublishAhead: d.config.Keys.PublishAhead})
}

// keyEvents writes an audit event for each key that was not there before.
func (d *database) keyEvents(ctx context.Context, cmd *cobra.Command, before []*storage.SigningKey) error {
	had := map[string]bool{}
	for _, k := range before {
		had[k.ID] = true
	}
	after, err := d.store.SigningKeys(ctx)
	if err != nil {
		return err
	}
	made := 0
	for _, k := range after {
		if had[k.ID] {
			continue
		}
		made++
		err := audit.Write(ctx, d.store, audit.Event{Kind: audit.KeyRotated, At: d.clock.Now(), By: byCLI,
			Data: map[string]any{"kid": k.ID, "alg": k.Alg}})
		if err != nil {
			return fmt.Errorf("the keys are rotated, but not the audit written: %w", err)
		}
	}
	if made == 0 {
		cmd.PrintErrln("every signing key has a successor that is published already")
	}
	return nil
}
