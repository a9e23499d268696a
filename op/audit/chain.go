package audit

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"
	"sync"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/storage"
)

// Chains makes chains of events, so that none can be edited, removed or moved unseen. An event is written in the
// transaction that did what it tells of and gets its place afterwards: auditing serializes nothing. Each process has a
// chain of its own; checkpoints join them. Links are MACs and checkpoints are signed, with keys that are outside of the
// database: whoever can write there can break a chain but not mend it.
type Chains struct {
	issuer string
	store  *storage.Store
	clock  clock.Clock
	key    []byte
	signer ed25519.PrivateKey

	mu    sync.Mutex
	chain *storage.AuditChain // as it was last written; nil before the first link
}

// NewChains returns the Chains of a process. master is the key-encryption key, which theirs are derived from.
func NewChains(issuer string, store *storage.Store, clk clock.Clock, master []byte) *Chains {
	return &Chains{issuer: issuer, store: store, clock: clk, key: secret.Derive(master, "audit chain"),
		signer: ed25519.NewKeyFromSeed(secret.Derive(master, "audit checkpoints"))}
}

// sealAtOnce bounds a transaction; an event is 2 KiB at most.
const sealAtOnce = 500

// Seal gives events their places until none is left that nobody else is busy with, and returns how many it has placed.
func (c *Chains) Seal(ctx context.Context) (sealed int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		n, err := c.sealSome(ctx)
		sealed += n
		if err != nil || n < sealAtOnce {
			return sealed, err
		}
	}
}

func (c *Chains) sealSome(ctx context.Context) (n int, err error) {
	last := c.chain
	if last == nil {
		last = &storage.AuditChain{ID: id.New(id.Chain)}
		last.Hash = c.genesis(last.ID)
	}
	// Whether a failed commit took place is not known, and a link must not be forged twice: then another chain begins.
	c.chain = nil
	var next storage.AuditChain
	err = c.store.Tx(ctx, func(tx *storage.Store) error {
		next = *last
		events, err := tx.UnsealedEvents(ctx, sealAtOnce)
		if err != nil {
			return err
		}
		for _, e := range events {
			next.Position++
			e.Chain, e.Position = next.ID, next.Position
			e.Hash = c.link(next.Hash, e)
			next.Hash = e.Hash
		}
		n = len(events)
		return tx.SealEvents(ctx, &next, events)
	})
	if err != nil {
		return 0, err
	}
	c.chain = &next
	return n, nil
}

func (c *Chains) genesis(chain string) string {
	return hex.EncodeToString(secret.MAC(c.key, []byte("begin"), []byte(chain)))
}

// link is the MAC of an event at its place behind another.
func (c *Chains) link(before string, e *storage.AuditEvent) string {
	return hex.EncodeToString(secret.MAC(c.key, []byte("link"), []byte(before), []byte(e.Chain), number(e.Position), []byte(e.ID),
		number(e.At.UnixMicro()), []byte(e.Kind), []byte(e.UserID), []byte(e.SessionID), []byte(e.DeviceID), []byte(e.ClientID),
		[]byte(e.Actor), []byte(e.IPAddress), []byte(e.RequestID), []byte(e.Data)))
}

func number(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }
