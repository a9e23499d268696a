package storage

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// Figure is how often something happened in an hour.
type Figure struct {
	bun.BaseModel `bun:"table:figures"`

	Hour int64  `bun:"hour,pk"` // since 1970
	Name string `bun:"name,pk"`
	N    int64
}

// Figures returns what was counted of the hours from one on.
func (s *Store) Figures(ctx context.Context, from int64) (list []*Figure, err error) {
	err = s.db.NewSelect().Model(&list).Where("hour >= ?", from).Order("hour").Scan(ctx)
	return list, wrap(err, "read figures")
}

// PutFigures stores what an hour came to. Whoever counts it at the same time has counted the same.
func (s *Store) PutFigures(ctx context.Context, list []*Figure) error {
	_, err := s.db.NewInsert().Model(&list).On("CONFLICT (hour, name) DO NOTHING").Exec(ctx)
	return wrap(err, "store figures")
}

// CountEvents tells how many events of a kind there are at or after from and before until.
func (s *Store) CountEvents(ctx context.Context, kind string, from, until time.Time) (n int64, err error) {
	err = s.db.NewRaw(`SELECT count(*) FROM audit_events WHERE kind = ? AND at >= ? AND at < ?`, kind, At(from), At(until)).Scan(ctx, &n)
	return n, wrap(err, "count audit events")
}

// CountEnds tells how many sessions ended at or after from and before until, by reason.
func (s *Store) CountEnds(ctx context.Context, from, until time.Time) (map[string]int64, error) {
	var rows []struct {
		EndReason string
		N         int64
	}
	err := s.db.NewRaw(`SELECT end_reason, count(*) AS n FROM sessions WHERE ended_at >= ? AND ended_at < ? GROUP BY end_reason`,
		At(from), At(until)).Scan(ctx, &rows)
	by := map[string]int64{}
	for _, r := range rows {
		by[r.EndReason] = r.N
	}
	return by, wrap(err, "count ended sessions")
}

// DropTimes is how long it took from the end of a session until an application confirmed it.
type DropTimes struct {
	N        int64
	P50, P99 time.Duration
}

// CountDrops measures the deliveries of a kind that were made at or after from and before until, and were taken.
func (s *Store) CountDrops(ctx context.Context, kind, outcome string, from, until time.Time) (d DropTimes, err error) {
	const taken = ` FROM deliveries WHERE kind = ? AND created_at >= ? AND created_at < ? AND outcome = ? AND answered_at IS NOT NULL`
	if err := s.db.NewRaw(`SELECT count(*)`+taken, kind, At(from), At(until), outcome).Scan(ctx, &d.N); err != nil || d.N == 0 {
		return d, wrap(err, "count deliveries")
	}
	for to, share := range map[*time.Duration]int64{&d.P50: 50, &d.P99: 99} {
		var micro int64
		err := s.db.NewRaw(`SELECT answered_at - created_at AS took`+taken+` ORDER BY took LIMIT 1 OFFSET ?`, kind, At(from), At(until),
			outcome, (d.N-1)*share/100).Scan(ctx, &micro)
		if err != nil {
			return d, wrap(err, "measure deliveries")
		}
		*to = time.Duration(max(micro, 0)) * time.Microsecond
	}
	return d, nil
}

// CountActive tells how many sessions are marked active and have time left. Those that an epoch has ended count until
// somebody has taken them through the door.
func (s *Store) CountActive(ctx context.Context, now time.Time) (n int64, err error) {
	err = s.db.NewRaw(`SELECT count(*) FROM sessions WHERE status = 'active' AND expires_at > ? AND last_active_at + idle_ttl > ?`,
		At(now), At(now)).Scan(ctx, &n)
	return n, wrap(err, "count active sessions")
}

// CountUsers tells how many users there are.
func (s *Store) CountUsers(ctx context.Context) (n int64, err error) {
	err = s.db.NewRaw(`SELECT count(*) FROM users`).Scan(ctx, &n)
	return n, wrap(err, "count users")
}
