package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/curfew-id/curfew/internal/id"
)

// SessionEnd is one entry of the feed of ended sessions.
//
// Position is its place in the order of commits, dense and the same for every replica. It cannot be given in the
// transaction that ends the session: one that takes its number early and commits late would appear behind readers that
// have passed it. So an entry is written without one, and the first reader that sees it numbers it while it holds the
// feed's row: numbers become visible in their order, whatever the clocks say and however long a transaction takes.
type SessionEnd struct {
	bun.BaseModel `bun:"table:session_ends"`

	ID         string `bun:"id,pk"`
	UserID     string // "" for the sessions of a client or of everybody
	SessionID  string // "" for all sessions that the user had, that the client took part in, or of everybody
	ClientID   string // whose sessions ended all at once; "" for all other ends
	Status     SessionStatus
	Reason     string
	ClientIDs  []string `bun:"-"` // who took part
	ClientJSON string   `bun:"client_ids"`
	EndedAt    Time
	Position   int64 `bun:"position,nullzero"`
	NumberedAt Time  // after the commit, so no token of the session was read later
}

// recordEnds writes that sessions ended, in the transaction that ended them.
func (s *Store) recordEnds(ctx context.Context, ended []*EndedSession) error {
	list := make([]*SessionEnd, len(ended))
	for i, n := range ended {
		list[i] = &SessionEnd{UserID: n.UserID, SessionID: n.ID, Status: n.Status, Reason: n.EndReason, ClientIDs: n.ClientIDs, EndedAt: n.EndedAt}
	}
	return s.insertEnds(ctx, list...)
}

func (s *Store) insertEnds(ctx context.Context, list ...*SessionEnd) (err error) {
	moved := false
	for _, e := range list {
		e.ID = id.New(id.SessionEnd)
		if e.ClientJSON, err = clientJSON(e.ClientIDs); err != nil {
			return err
		}
		moved = moved || e.SessionID == ""
	}
	if _, err := s.db.NewInsert().Model(&list).Exec(ctx); err != nil {
		return wrap(err, "record ends")
	}
	if s.ended != nil {
		*s.ended = true // Tx rings when it has committed
		*s.moved = *s.moved || moved
	}
	return nil
}

func clientJSON(ids []string) (string, error) {
	if len(ids) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal(ids)
	return string(b), err
}

// SessionEnds returns entries behind a position, in order, at most n. Those that have no position yet get one, and now.
func (s *Store) SessionEnds(ctx context.Context, after int64, n int, now time.Time) (list []*SessionEnd, err error) {
	if err := s.numberEnds(ctx, now); err != nil {
		return nil, err
	}
	if err := s.db.NewSelect().Model(&list).Where("position > ?", after).Order("position").Limit(int64(n)).Scan(ctx); err != nil {
		return nil, wrap(err, "read ends")
	}
	for _, e := range list {
		if err := json.Unmarshal([]byte(e.ClientJSON), &e.ClientIDs); err != nil {
			return nil, fmt.Errorf("end %s: %w", e.ID, err)
		}
	}
	return list, nil
}

// numberedAtOnce bounds the transaction that holds the feed's row.
const numberedAtOnce = 1000

func (s *Store) numberEnds(ctx context.Context, now time.Time) error {
	for {
		var pending bool
		if err := s.db.NewRaw(`SELECT EXISTS (SELECT 1 FROM session_ends WHERE position IS NULL)`).Scan(ctx, &pending); err != nil {
			return wrap(err, "look for new ends")
		}
		if !pending {
			return nil
		}
		if err := s.Tx(ctx, func(tx *Store) error { return tx.numberSome(ctx, now) }); err != nil {
			return wrap(err, "number ends")
		}
	}
}

func (s *Store) numberSome(ctx context.Context, now time.Time) error {
	var last int64 // the row's lock, on every engine
	if err := s.db.NewRaw(`UPDATE session_feed SET position = position WHERE id = 1 RETURNING position`).Scan(ctx, &last); err != nil {
		return err
	}
	if err := s.nameClients(ctx); err != nil {
		return err
	}
	res, err := s.db.NewRaw(`UPDATE session_ends SET position = p.position, numbered_at = ? FROM
		(SELECT id, ? + ROW_NUMBER() OVER (ORDER BY id) AS position FROM session_ends WHERE position IS NULL ORDER BY id LIMIT ?) AS p
		WHERE session_ends.id = p.id`, At(now), last, numberedAtOnce).Exec(ctx)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return err
	}
	_, err = s.db.NewRaw(`UPDATE session_feed SET position = ? WHERE id = 1`, last+n).Exec(ctx)
	return err
}

// nameClients finds who takes part in sessions of a user that ended all at once and have not been taken through the door
// yet. Those that have been are entries of their own.
func (s *Store) nameClients(ctx context.Context) error {
	var list []*SessionEnd
	err := s.db.NewSelect().Model(&list).Where("position IS NULL AND session_id = '' AND user_id <> '' AND client_ids = '[]'").
		Order("id").Limit(numberedAtOnce).Scan(ctx)
	if err != nil {
		return err
	}
	for _, e := range list {
		var ids []string
		if err := s.db.NewRaw(`SELECT DISTINCT c.client_id FROM client_sessions c
			JOIN sessions s ON s.user_id = c.user_id AND s.id = c.session_id
			WHERE c.user_id = ? AND s.status = 'active' ORDER BY c.client_id`, e.UserID).Scan(ctx, &ids); err != nil {
			return err
		}
		text, err := clientJSON(ids)
		if err != nil {
			return err
		}
		if _, err := s.db.NewRaw(`UPDATE session_ends SET client_ids = ? WHERE id = ?`, text, e.ID).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// SessionFeed returns the first and the last position that a reader may ask from: what follows an earlier one has been
// deleted in part, a later one is of another database.
func (s *Store) SessionFeed(ctx context.Context) (first, last int64, err error) {
	err = s.db.NewRaw(`SELECT forgotten, position FROM session_feed WHERE id = 1`).Scan(ctx, &first, &last)
	return first, last, wrap(err, "read the feed's place")
}

// SessionEndsSince returns the position to read from for all entries that were numbered since an instant.
func (s *Store) SessionEndsSince(ctx context.Context, at time.Time) (after int64, err error) {
	err = s.db.NewRaw(`SELECT COALESCE((SELECT MIN(position) - 1 FROM session_ends WHERE numbered_at >= ?),
		(SELECT position FROM session_feed WHERE id = 1))`, At(at)).Scan(ctx, &after)
	return after, wrap(err, "find recent ends")
}

// DeleteSessionEnds removes entries that were numbered before an instant, and all before them.
func (s *Store) DeleteSessionEnds(ctx context.Context, before time.Time) error {
	return s.Tx(ctx, func(tx *Store) error {
		// The row's lock first: the next statement then sees what another replica has just deleted.
		if _, err := tx.db.NewRaw(`UPDATE session_feed SET position = position WHERE id = 1`).Exec(ctx); err != nil {
			return wrap(err, "hold the feed")
		}
		res, err := tx.db.NewRaw(`UPDATE session_feed SET forgotten = (SELECT MAX(position) FROM session_ends WHERE numbered_at < ?)
			WHERE id = 1 AND EXISTS (SELECT 1 FROM session_ends WHERE numbered_at < ?)`, At(before), At(before)).Exec(ctx)
		if err := changed(res, err, "forget old ends"); err != nil {
			if err == ErrNotFound {
				return nil
			}
			return err
		}
		_, err = tx.db.NewRaw(`DELETE FROM session_ends WHERE position <= (SELECT forgotten FROM session_feed WHERE id = 1)`).Exec(ctx)
		return wrap(err, "delete old ends")
	})
}
