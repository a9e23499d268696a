package storage

import (
	"context"
	"time"
)

// ClientUse is who uses a client, as far as was looked.
type ClientUse struct {
	Sessions []*SessionView // live, the latest used first
	Live     int            // how many there are
	More     bool           // it took part in more sessions than were looked at
}

// ClientUse looks at so many of the sessions that a client took part in, for its live ones at now, and returns n of them. Without
// a bound, a page about a client of everybody's would read every session there is.
func (s *Store) ClientUse(ctx context.Context, clientID string, now time.Time, look, n int) (u ClientUse, err error) {
	var rows []struct {
		SessionView `bun:",extend"`
		Total       int `bun:"total,scanonly"`
	}
	err = s.db.NewSelect().Model(&rows).
		ModelTableExpr("(SELECT user_id, session_id FROM client_sessions WHERE client_id = ? LIMIT ?) AS c", clientID, look).
		ColumnExpr("s.*, 'active' AS stands, count(*) OVER () AS total").
		Join("JOIN sessions AS s ON s.user_id = c.user_id AND s.id = c.session_id").Join("JOIN users AS u ON u.id = s.user_id").
		Where(liveSession, At(now), At(now)).Order("s.last_active_at DESC", "s.id DESC").Limit(limit(n)).Scan(ctx)
	if err != nil {
		return u, wrap(err, "read the use of a client")
	}
	for _, r := range rows {
		v := r.SessionView
		u.Sessions, u.Live = append(u.Sessions, &v), r.Total
	}
	var seen int
	err = s.db.NewRaw(`SELECT count(*) FROM (SELECT 1 FROM client_sessions WHERE client_id = ? LIMIT ?) AS c`, clientID, look+1).Scan(ctx, &seen)
	if err != nil {
		return u, wrap(err, "count sessions of a client")
	}
	u.More = seen > look
	return u, s.addClients(ctx, u.Sessions)
}

// ReceiverDeliveries returns the newest deliveries of a kind to one receiver that were made at or after since, at most n, out of
// the newest look to anybody.
func (s *Store) ReceiverDeliveries(ctx context.Context, kind, receiver string, since time.Time, look, n int) (list []*Delivery, err error) {
	err = s.db.NewRaw(`SELECT d.* FROM (SELECT * FROM deliveries WHERE kind = ? AND created_at >= ? ORDER BY created_at DESC LIMIT ?) AS d
		WHERE d.receiver = ? ORDER BY d.created_at DESC, d.id DESC LIMIT ?`, kind, At(since), look, receiver, n).Scan(ctx, &list)
	return list, wrap(err, "list deliveries to a receiver")
}
