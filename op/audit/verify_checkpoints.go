package audit

import (
	"context"
	"fmt"
	"time"
)

// head is what the newest checkpoint says of a chain.
type head struct {
	Head
	checkpoint int64
	at         time.Time
}

// verifyCheckpoints follows them from the first one of the part and returns where they say that the chains stand.
func (c *Chains) verifyCheckpoints(ctx context.Context, r *Report, part Part) (map[string]head, error) {
	heads, digests := map[string]head{}, map[int64]string{}
	vouch := func(p *Checkpoint) {
		for chain, h := range p.Chains {
			if h.Position > heads[chain].Position {
				heads[chain] = head{h, p.ID, time.Unix(p.IssuedAt, 0)}
			}
		}
	}
	outside := map[int64]string{}
	for _, body := range part.Kept {
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
	last := int64(0)
	if !part.Since.IsZero() {
		var err error
		if last, err = c.store.CheckpointBefore(ctx, part.Since); err != nil {
			return nil, err
		}
	}
	begins := last // what the first checkpoint of a part says of the one before it is not looked at
	before := ""
	for {
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
			if p.ID != row.ID || p.Before != before && (begins == 0 || row.ID != begins+1) {
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
		if id > begins && digests[id] != d {
			fault(id, "is not the one that was kept elsewhere")
		}
	}
	return heads, nil
}
