package storage

import (
	"context"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// AuditChain is where one chain of events stands: its last link.
type AuditChain struct {
	bun.BaseModel `bun:"table:audit_chains"`

	ID       string `bun:"id,pk"`
	Position int64
	Hash     string
	Checked  int64 // the position that the latest checkpoint vouches for
}

// AuditCheckpoint is a signed statement of where the chains stand. Their ids count from 1.
type AuditCheckpoint struct {
	bun.BaseModel `bun:"table:audit_checkpoints"`

	ID        int64 `bun:"id,pk"`
	Body      string
	CreatedAt Time
}

// UnsealedEvents returns up to n events that have no place in a chain, the oldest first; in a transaction they are locked, and
// those that another replica has locked are passed over.
func (s *Store) UnsealedEvents(ctx context.Context, n int) (list []*AuditEvent, err error) {
	q := s.db.NewSelect().Model(&list).Where("position IS NULL").Order("id").Limit(int64(n))
	if lock := s.dialect.skipLocked(); lock != "" && s.inTx() {
		q = q.For(lock)
	}
	return list, wrap(q.Scan(ctx), "list unsealed audit events")
}

// CountUnsealedEvents returns how many events have no place in a chain.
func (s *Store) CountUnsealedEvents(ctx context.Context) (int, error) {
	n, err := s.db.NewSelect().Model((*AuditEvent)(nil)).Where("position IS NULL").Count(ctx)
	return int(n), wrap(err, "count unsealed audit events")
}

// SealEvents writes the places of events that follow each other in a chain, and where the chain stands now.
func (s *Store) SealEvents(ctx context.Context, chain *AuditChain, events []*AuditEvent) error {
	if len(events) == 0 {
		return nil
	}
	values := make([]any, 0, 3*len(events)+1)
	for _, e := range events {
		values = append(values, e.ID, e.Position, e.Hash)
	}
	rows := strings.TrimSuffix(strings.Repeat("(?, ?, ?),", len(events)), ",")
	res, err := s.db.NewRaw(`WITH v (id, position, hash) AS (VALUES `+rows+`)
		UPDATE audit_events SET chain = ?, position = v.position, hash = v.hash
		FROM v WHERE audit_events.id = v.id AND audit_events.position IS NULL`, append(values, chain.ID)...).Exec(ctx)
	if err != nil {
		return wrap(err, "seal audit events")
	}
	if n, err := res.RowsAffected(); err != nil || n != int64(len(events)) {
		return wrap(ErrConflict, "seal audit events")
	}
	_, err = s.db.NewInsert().Model(chain).On("CONFLICT (id) DO UPDATE").
		Set("position = EXCLUDED.position, hash = EXCLUDED.hash").Exec(ctx)
	return wrap(err, "write audit chain")
}

// UncheckedChains returns the chains that have grown since the latest checkpoint.
func (s *Store) UncheckedChains(ctx context.Context) (list []*AuditChain, err error) {
	err = s.db.NewSelect().Model(&list).Where("position > checked").Order("id").Scan(ctx)
	return list, wrap(err, "list audit chains")
}

// InsertCheckpoint adds a checkpoint that vouches for chains, or returns ErrConflict where another replica was faster.
func (s *Store) InsertCheckpoint(ctx context.Context, c *AuditCheckpoint, chains []*AuditChain) error {
	if _, err := s.db.NewInsert().Model(c).Exec(ctx); err != nil {
		return s.inserted(err, "insert audit checkpoint")
	}
	for _, chain := range chains {
		_, err := s.db.NewRaw(`UPDATE audit_chains SET checked = ? WHERE id = ? AND checked < ?`,
			chain.Position, chain.ID, chain.Position).Exec(ctx)
		if err != nil {
			return wrap(err, "mark audit chain")
		}
	}
	return nil
}

// LastCheckpoint returns the newest checkpoint, or ErrNotFound.
func (s *Store) LastCheckpoint(ctx context.Context) (*AuditCheckpoint, error) {
	c := new(AuditCheckpoint)
	err := s.db.NewSelect().Model(c).Order("id DESC").Limit(1).Scan(ctx)
	return c, found(err, "read audit checkpoint")
}

// Checkpoints returns up to n checkpoints behind an id, the oldest first.
func (s *Store) Checkpoints(ctx context.Context, after int64, n int) (list []*AuditCheckpoint, err error) {
	err = s.db.NewSelect().Model(&list).Where("id > ?", after).Order("id").Limit(limit(n)).Scan(ctx)
	return list, wrap(err, "list audit checkpoints")
}

// AuditChains returns the ids of all chains, also of those that only events still know of.
func (s *Store) AuditChains(ctx context.Context) (ids []string, err error) {
	err = s.db.NewRaw(`SELECT id FROM audit_chains UNION SELECT DISTINCT chain FROM audit_events WHERE position IS NOT NULL
		ORDER BY 1`).Scan(ctx, &ids)
	return ids, wrap(err, "list audit chains")
}

// ChainsSince returns the chains that have events of at or after an instant, each with the position of the first.
func (s *Store) ChainsSince(ctx context.Context, at time.Time) (map[string]int64, error) {
	var rows []struct {
		Chain    string
		Position int64
	}
	err := s.db.NewRaw(`SELECT chain, min(position) AS position FROM audit_events WHERE at >= ? AND position IS NOT NULL GROUP BY chain`,
		At(at)).Scan(ctx, &rows)
	firsts := map[string]int64{}
	for _, r := range rows {
		firsts[r.Chain] = r.Position
	}
	return firsts, wrap(err, "list audit chains")
}

// CheckpointBefore returns the id of the newest checkpoint of before an instant; 0 where there is none.
func (s *Store) CheckpointBefore(ctx context.Context, at time.Time) (id int64, err error) {
	err = s.db.NewRaw(`SELECT COALESCE(max(id), 0) FROM audit_checkpoints WHERE created_at < ?`, At(at)).Scan(ctx, &id)
	return id, wrap(err, "read audit checkpoint")
}

// CountAuditEvents tells how many events there are of at or after an instant; of all, the chains know it.
func (s *Store) CountAuditEvents(ctx context.Context, since time.Time) (n int64, err error) {
	if since.IsZero() {
		err = s.db.NewRaw(`SELECT COALESCE(sum(position), 0) FROM audit_chains`).Scan(ctx, &n)
	} else {
		err = s.db.NewRaw(`SELECT count(*) FROM audit_events WHERE at >= ?`, At(since)).Scan(ctx, &n)
	}
	return n, wrap(err, "count audit events")
}

// ChainEvents returns up to n events of a chain behind a position, in its order.
func (s *Store) ChainEvents(ctx context.Context, chain string, after int64, n int) (list []*AuditEvent, err error) {
	err = s.db.NewSelect().Model(&list).Where("chain = ? AND position > ?", chain, after).Order("position").Limit(int64(n)).Scan(ctx)
	return list, wrap(err, "list events of a chain")
}

// Vouched tells whether a signed checkpoint stands behind a place in a chain.
func (s *Store) Vouched(ctx context.Context, chain string, position int64) (bool, error) {
	n, err := s.db.NewSelect().Model((*AuditChain)(nil)).Where("id = ? AND checked >= ?", chain, position).Count(ctx)
	return n > 0, wrap(err, "read audit chain")
}
