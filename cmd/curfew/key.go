package main

import (
	"context"
	"io"
	"slices"

	"github.com/spf13/cobra"

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
		state := key.State(list[i:], d.clock.Now())
		docs = append(docs, keyDocument{"signing_key", k.ID, k.Alg, state, milli(k.CreatedAt), milli(k.ActiveAt), milli(k.RetiredAt)})
		rows = append(rows, []string{k.ID, k.Alg, state, at(k.ActiveAt), at(k.RetiredAt)})
	}
	return o.print(cmd, docs, func(w io.Writer) error {
		return table(w, []string{"KEY ID", "ALG", "STATE", "SIGNS FROM", "RETIRED"}, rows)
	})
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
				after, err := d.store.SigningKeys(ctx)
				if err != nil {
					return err
				}
				if !slices.ContainsFunc(after, func(k *storage.SigningKey) bool {
					return !slices.ContainsFunc(before, func(b *storage.SigningKey) bool { return b.ID == k.ID })
				}) {
					cmd.PrintErrln("every signing key has a successor that is published already")
				}
				return d.printKeys(ctx, cmd, o)
			})
		}}
}

// ring opens the signing keys, and makes the first one where there is none.
func (d *database) ring(ctx context.Context) (*key.Ring, error) {
	return key.Open(ctx, d.store, key.Options{Clock: d.clock, Sealer: d.sealer,
		RotateEvery: d.config.Keys.RotateEvery, PublishAhead: d.config.Keys.PublishAhead, By: byCLI})
}
