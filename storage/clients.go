package storage

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// Client is an OAuth client as registered. Metadata is the JSON of RFC 7591 section 2. Version counts changes, so that
// a copy in memory can be checked by the statement that does the work; Epoch is compared by every read of its
// client sessions.
type Client struct {
	bun.BaseModel `bun:"table:clients"`

	ID         string `bun:"id,pk"`
	SecretHash []byte
	Metadata   string
	Epoch      int64
	Version    int64
	CreatedAt  Time
	UpdatedAt  Time
}

// InsertClient adds a client, or returns ErrConflict. One that comes after another of the same id, whose sessions have just
// ended all at once, begins at the epoch of that end, so that it does not reach its own.
func (s *Store) InsertClient(ctx context.Context, c *Client) error {
	c.Version = 1
	err := s.db.NewRaw(`SELECT COALESCE(MAX(epoch), 0) FROM client_ends WHERE client_id = ?`, c.ID).Scan(ctx, &c.Epoch)
	if err != nil {
		return wrap(err, "read the epoch of a client")
	}
	_, err = s.db.NewInsert().Model(c).Exec(ctx)
	return s.inserted(err, "insert client")
}

// Client returns a client, or ErrNotFound.
func (s *Store) Client(ctx context.Context, id string) (*Client, error) {
	c := new(Client)
	err := s.db.NewSelect().Model(c).Where("id = ?", id).Scan(ctx)
	return c, found(err, "read client")
}

// ClientsMark changes with every client that is added, changed or deleted.
type ClientsMark struct{ N, Versions, UpdatedAt int64 }

// ClientsMark returns the mark as it is now.
func (s *Store) ClientsMark(ctx context.Context) (m ClientsMark, err error) {
	err = s.db.NewRaw(`SELECT count(*), CAST(COALESCE(sum(version), 0) AS BIGINT), COALESCE(max(updated_at), 0) FROM clients`).
		Scan(ctx, &m.N, &m.Versions, &m.UpdatedAt)
	return m, wrap(err, "read the mark of clients")
}

// ClientsByID returns those of the clients that there are.
func (s *Store) ClientsByID(ctx context.Context, ids []string) (list []*Client, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	err = s.db.NewSelect().Model(&list).Where("id IN (?)", bun.List(ids)).Scan(ctx)
	return list, wrap(err, "read clients")
}

// ClientVersion returns the version of a client's row, 0 where there is no such client.
func (s *Store) ClientVersion(ctx context.Context, id string) (int64, error) {
	return s.hot.clientVersion(ctx, id)
}

// Clients returns clients by id, starting behind after.
func (s *Store) Clients(ctx context.Context, after string, n int) (list []*Client, err error) {
	q := s.db.NewSelect().Model(&list).Order("id").Limit(limit(n))
	if after != "" {
		q = q.Where("id > ?", after)
	}
	return list, wrap(q.Scan(ctx), "list clients")
}

// UpdateClient writes metadata and secret if nobody changed the row since it was read, and moves its version;
// otherwise ErrConflict.
func (s *Store) UpdateClient(ctx context.Context, c *Client) error {
	res, err := s.db.NewUpdate().Model(c).Column("metadata", "secret_hash", "updated_at").
		Set("version = version + 1").Where("id = ? AND version = ?", c.ID, c.Version).Exec(ctx)
	if err := changed(res, err, "update client"); err != nil {
		if err == ErrNotFound {
			return ErrConflict
		}
		return err
	}
	c.Version++
	return nil
}

// DeleteClient removes a client with its consents, families and client sessions, or returns ErrNotFound. Where its sessions
// have ended all at once and are not through the door, their client sessions stay: they are what says so.
func (s *Store) DeleteClient(ctx context.Context, id string) error {
	return s.Tx(ctx, func(tx *Store) error {
		for _, table := range []string{"token_families", "codes", "auth_requests"} {
			if _, err := tx.db.NewRaw("DELETE FROM ? WHERE client_id = ?", bun.Ident(table), id).Exec(ctx); err != nil {
				return wrap(err, "delete from "+table)
			}
		}
		if _, err := tx.db.NewRaw(`DELETE FROM client_sessions WHERE client_id = ? AND NOT EXISTS (SELECT 1 FROM client_ends e
			WHERE e.client_id = client_sessions.client_id AND client_sessions.client_epoch < e.epoch)`, id).Exec(ctx); err != nil {
			return wrap(err, "delete from client_sessions")
		}
		res, err := tx.db.NewDelete().Model((*Client)(nil)).Where("id = ?", id).Exec(ctx)
		return changed(res, err, "delete client")
	})
}

// UseAssertion records that a client assertion was accepted, or returns ErrConflict if it was before (RFC 7523 3).
func (s *Store) UseAssertion(ctx context.Context, clientID, jti string, expiresAt, now time.Time) error {
	return s.Tx(ctx, func(tx *Store) error {
		if _, err := tx.db.NewRaw("DELETE FROM used_assertions WHERE client_id = ? AND expires_at < ?",
			clientID, At(now)).Exec(ctx); err != nil {
			return wrap(err, "forget old assertions")
		}
		_, err := tx.db.NewRaw("INSERT INTO used_assertions (client_id, jti, expires_at) VALUES (?, ?, ?)",
			clientID, jti, At(expiresAt)).Exec(ctx)
		return tx.inserted(err, "record assertion")
	})
}
