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

// SlowestDrop is how long it took from the end of a session until an application confirmed it, of all but the slowest hundredth:
// of the deliveries of a kind that were made at or after from and before until, and were taken. Without any it is 0.
func (s *Store) SlowestDrop(ctx context.Context, kind, outcome string, from, until time.Time) (time.Duration, error) {
	const taken = ` FROM deliveries WHERE kind = ? AND created_at >= ? AND created_at < ? AND outcome = ? AND answered_at IS NOT NULL`
	var n, micro int64
	if err := s.db.NewRaw(`SELECT count(*)`+taken, kind, At(from), At(until), outcome).Scan(ctx, &n); err != nil || n == 0 {
		return 0, wrap(err, "count deliveries")
	}
	err := s.db.NewRaw(`SELECT answered_at - created_at AS took`+taken+` ORDER BY took LIMIT 1 OFFSET ?`, kind, At(from), At(until),
		outcome, (n-1)*99/100).Scan(ctx, &micro)
	return time.Duration(max(micro, 0)) * time.Microsecond, wrap(err, "measure deliveries")
}

// CountActive tells how many sessions are marked active and have time left. Those that an epoch has ended count until
// somebody has taken them through the door.
func (s *Store) CountActive(ctx context.Context, now time.Time) (n int64, err error) {
	err = s.db.NewRaw(`SELECT count(*) FROM sessions WHERE status = 'active' AND expires_at > ? AND last_active_at + idle_ttl > ?`,
		At(now), At(now)).Scan(ctx, &n)
	return n, wrap(err, "count active sessions")
}

// CountActiveAt tells how many sessions lived at a time that is not long ago.
func (s *Store) CountActiveAt(ctx context.Context, at time.Time) (n int64, err error) {
	err = s.db.NewRaw(`SELECT (SELECT count(*) FROM sessions WHERE status = 'active' AND created_at < ?0)
		+ (SELECT count(*) FROM sessions WHERE ended_at >= ?0 AND created_at < ?0)`, At(at)).Scan(ctx, &n)
	return n, wrap(err, "count sessions that were active")
}

// CountUsers tells how many users there are.
func (s *Store) CountUsers(ctx context.Context) (n int64, err error) {
	err = s.db.NewRaw(`SELECT count(*) FROM users`).Scan(ctx, &n)
	return n, wrap(err, "count users")
}
