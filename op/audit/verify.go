package audit

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/storage"
)

// Report is what a look at all chains has found. Events without a place yet are written and not vouched for.
type Report struct {
	Events, Unsealed, Chains, Checkpoints int
	// From and To are when the oldest and the newest of the events happened; zero where there is none.
	From, To time.Time
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

// Part says what Examine looks at. The zero Part is all there is.
type Part struct {
	// Since leaves out what happened before: the first event of each chain and the first checkpoint that are looked at are taken
	// for what they are, all others must follow from them.
	Since time.Time
	// Kept are checkpoints that were kept elsewhere: without one, nobody can see that the newest events were removed together with
	// the checkpoints that vouch for them.
	Kept []string
	// Progress is told now and then how many events have been looked at; may be nil.
	Progress func(events int)
}

// Verify reads every event and every checkpoint.
func (c *Chains) Verify(ctx context.Context, kept ...string) (*Report, error) {
	return c.Examine(ctx, Part{Kept: kept})
}

// Examine reads the events and the checkpoints of a part.
func (c *Chains) Examine(ctx context.Context, part Part) (*Report, error) {
	r := new(Report)
	heads, err := c.verifyCheckpoints(ctx, r, part)
	if err != nil {
		return nil, err
	}
	firsts, err := c.firsts(ctx, part, heads)
	if err != nil {
		return nil, err
	}
	for _, chain := range slices.Sorted(maps.Keys(firsts)) {
		if err := c.verifyChain(ctx, r, part, chain, firsts[chain], heads[chain]); err != nil {
			return nil, err
		}
	}
	if r.Unsealed, err = c.store.CountUnsealedEvents(ctx); err != nil {
		return nil, err
	}
	r.Chains = len(firsts)
	slices.SortStableFunc(r.Faults, func(a, b Fault) int { return a.At.Compare(b.At) })
	return r, nil
}

// firsts are the chains to look at, each with the position to begin at. A chain that a checkpoint names and that has no event left
// is one of them.
func (c *Chains) firsts(ctx context.Context, part Part, heads map[string]head) (map[string]int64, error) {
	firsts := map[string]int64{}
	if part.Since.IsZero() {
		chains, err := c.store.AuditChains(ctx)
		if err != nil {
			return nil, err
		}
		for _, chain := range chains {
			firsts[chain] = 1
		}
	} else {
		var err error
		if firsts, err = c.store.ChainsSince(ctx, part.Since); err != nil {
			return nil, err
		}
	}
	for chain, h := range heads {
		switch first, known := firsts[chain]; {
		case part.Since.IsZero():
			firsts[chain] = 1
		case !known || h.Position < first:
			firsts[chain] = h.Position
		}
	}
	return firsts, nil
}

// verifyChain follows a chain from a position on, which begins it or whose predecessor's link is taken for what it is.
func (c *Chains) verifyChain(ctx context.Context, r *Report, part Part, chain string, first int64, h head) error {
	before, at, position := c.genesis(chain), time.Time{}, int64(0)
	fault := func(position int64, e *storage.AuditEvent, detail string) {
		f := Fault{Chain: chain, Position: position, At: at, Detail: detail}
		if e != nil {
			f.EventID, f.At = e.ID, e.At.Time
		}
		r.Faults = append(r.Faults, f)
	}
	if first > 1 {
		list, err := c.store.ChainEvents(ctx, chain, first-2, 1)
		if err != nil {
			return err
		}
		position = first - 1
		if len(list) == 0 || list[0].Position != position {
			at = h.at
			fault(position, nil, gone)
			return nil
		}
		before = list[0].Hash
	}
	for {
		list, err := c.store.ChainEvents(ctx, chain, position, sealAtOnce)
		if err != nil {
			return err
		}
		for _, e := range list {
			r.saw(e.At.Time)
			position++
			if e.Position != position {
				fault(position, nil, gone)
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
		if part.Progress != nil {
			part.Progress(r.Events)
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

const gone = "the event is gone"

func (r *Report) saw(at time.Time) {
	if r.Events++; r.From.IsZero() || at.Before(r.From) {
		r.From = at
	}
	if at.After(r.To) {
		r.To = at
	}
}
