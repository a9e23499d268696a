package audit

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/storage"
)

// Report is what a look at all chains has found. Events without a place yet are written and not vouched for.
type Report struct {
	Events, Unsealed, Chains, Checkpoints int
	// Faults has the first of each chain and of the checkpoints, the oldest first; empty where all is whole.
	Faults []Fault
}

// Fault is where a chain is broken.
type Fault struct {
	Chain    string // empty for the checkpoints
	Position int64
	EventID  string    // empty where no event is there
	At       time.Time // of the event, or of what is known closest to it
	Detail   string
}

func (f Fault) String() string {
	where := "checkpoint " + fmt.Sprint(f.Position)
	if f.Chain != "" {
		where = fmt.Sprintf("chain %s, position %d", f.Chain, f.Position)
	}
	if f.EventID != "" {
		where += ", event " + f.EventID
	}
	return where + ": " + f.Detail
}

// Verify reads every event and every checkpoint. kept are checkpoints that were kept elsewhere: without one, nobody can
// see that the newest events were removed together with the checkpoints that vouch for them.
func (c *Chains) Verify(ctx context.Context, kept ...string) (*Report, error) {
	r := new(Report)
	heads, err := c.verifyCheckpoints(ctx, r, kept)
	if err != nil {
		return nil, err
	}
	chains, err := c.store.AuditChains(ctx)
	if err != nil {
		return nil, err
	}
	for chain := range heads {
		if !slices.Contains(chains, chain) {
			chains = append(chains, chain)
		}
	}
	for _, chain := range chains {
		if err := c.verifyChain(ctx, r, chain, heads[chain]); err != nil {
			return nil, err
		}
	}
	if r.Unsealed, err = c.store.CountUnsealedEvents(ctx); err != nil {
		return nil, err
	}
	r.Chains = len(chains)
	slices.SortStableFunc(r.Faults, func(a, b Fault) int { return a.At.Compare(b.At) })
	return r, nil
}

// head is what the newest checkpoint says of a chain.
type head struct {
	Head
	checkpoint int64
	at         time.Time
}

// verifyCheckpoints follows them from the first one and returns where they say that the chains stand.
func (c *Chains) verifyCheckpoints(ctx context.Context, r *Report, kept []string) (map[string]head, error) {
	heads, digests := map[string]head{}, map[int64]string{}
	vouch := func(p *Checkpoint) {
		for chain, h := range p.Chains {
			if h.Position > heads[chain].Position {
				heads[chain] = head{h, p.ID, time.Unix(p.IssuedAt, 0)}
			}
		}
	}
	outside := map[int64]string{}
	for _, body := range kept {
		p, err := c.ReadCheckpoint(body)
		if err != nil {
			return nil, fmt.Errorf("the checkpoint that was kept: %w", err)
		}
		outside[p.ID] = digest(body)
		vouch(p)
	}
	var at time.Time
	broken := false
	fault := func(id int64, detail string) {
		if !broken { // what follows from the first one says nothing new
			r.Faults, broken = append(r.Faults, Fault{Position: id, At: at, Detail: detail}), true
		}
	}
	before := ""
	for last := int64(0); ; {
		list, err := c.store.Checkpoints(ctx, last, sealAtOnce)
		if err != nil {
			return nil, err
		}
		for _, row := range list {
			if row.ID != last+1 {
				fault(last+1, "is missing")
			}
			last = row.ID
			r.Checkpoints++
			p, err := c.ReadCheckpoint(row.Body)
			if err != nil {
				fault(row.ID, err.Error())
				continue
			}
			at = time.Unix(p.IssuedAt, 0)
			if p.ID != row.ID || p.Before != before {
				fault(row.ID, "does not follow the one before")
			}
			before = digest(row.Body)
			digests[row.ID] = before
			vouch(p)
		}
		if len(list) < sealAtOnce {
			break
		}
	}
	for id, d := range outside {
		if digests[id] != d {
			fault(id, "is not the one that was kept elsewhere")
		}
	}
	return heads, nil
}

func (c *Chains) verifyChain(ctx context.Context, r *Report, chain string, h head) error {
	before, at, position := c.genesis(chain), time.Time{}, int64(0)
	fault := func(position int64, e *storage.AuditEvent, detail string) {
		f := Fault{Chain: chain, Position: position, At: at, Detail: detail}
		if e != nil {
			f.EventID, f.At = e.ID, e.At.Time
		}
		r.Faults = append(r.Faults, f)
	}
	for {
		list, err := c.store.ChainEvents(ctx, chain, position, sealAtOnce)
		if err != nil {
			return err
		}
		for _, e := range list {
			r.Events++
			position++
			if e.Position != position {
				fault(position, nil, "the event is gone")
				return nil
			}
			if !secret.Equal([]byte(c.link(before, e)), []byte(e.Hash)) {
				fault(position, e, "the event was edited, or is not the one that was here")
				return nil
			}
			before, at = e.Hash, e.At.Time
			if position == h.Position && e.Hash != h.Hash {
				fault(position, e, fmt.Sprintf("checkpoint %d vouches for another event", h.checkpoint))
				return nil
			}
		}
		if len(list) < sealAtOnce {
			break
		}
	}
	if position < h.Position {
		at = h.at
		fault(position+1, nil, fmt.Sprintf("the chain was cut off: checkpoint %d vouches for %d events", h.checkpoint, h.Position))
	}
	return nil
}
