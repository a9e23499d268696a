package storage

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// Throttle counts events of one kind from one place in a window of time.
type Throttle struct {
	bun.BaseModel `bun:"table:throttles"`

	Bucket    string `bun:"bucket,pk"`
	Count     int64
	WindowAt  Time
	ExpiresAt Time
}

// CountThrottles adds one to each bucket and returns them as they are then, by name. A bucket whose window is over
// begins a new one, as long as windows gives. It is one statement, committed before it returns unless the Store is
// bound to a transaction: events that happen at once are all counted.
func (s *Store) CountThrottles(ctx context.Context, windows map[string]time.Duration, now time.Time) (
	map[string]*Throttle, error) {
	rows := make([]*Throttle, 0, len(windows))
	for bucket, window := range windows {
		rows = append(rows, &Throttle{Bucket: bucket, WindowAt: At(now), ExpiresAt: At(now.Add(window))})
	}
	// Always in the same order, or two statements that count the same buckets wait for each other for ever.
	slices.SortFunc(rows, func(a, b *Throttle) int { return cmp.Compare(a.Bucket, b.Bucket) })
	values, args := make([]string, len(rows)), make([]any, 0, 3*len(rows))
	for i, r := range rows {
		values[i] = "(?, 1, ?, ?)"
		args = append(args, r.Bucket, r.WindowAt, r.ExpiresAt)
	}
	counted := []*Throttle{}
	err := s.db.NewRaw(`INSERT INTO throttles (bucket, count, window_at, expires_at) VALUES `+strings.Join(values, ", ")+`
		ON CONFLICT (bucket) DO UPDATE SET
		count = CASE WHEN throttles.expires_at <= EXCLUDED.window_at THEN 1 ELSE throttles.count + 1 END,
		window_at = CASE WHEN throttles.expires_at <= EXCLUDED.window_at THEN EXCLUDED.window_at ELSE throttles.window_at END,
		expires_at = CASE WHEN throttles.expires_at <= EXCLUDED.window_at THEN EXCLUDED.expires_at ELSE throttles.expires_at END
		RETURNING *`, args...).Scan(ctx, &counted)
	if err != nil {
		return nil, wrap(err, "count throttles")
	}
	byName := make(map[string]*Throttle, len(counted))
	for _, t := range counted {
		byName[t.Bucket] = t
	}
	return byName, nil
}

// UncountThrottles takes back one count of each bucket whose window is still the one that was counted in.
func (s *Store) UncountThrottles(ctx context.Context, counted []*Throttle) error {
	for _, t := range counted {
		_, err := s.db.NewRaw(`UPDATE throttles SET count = count - 1 WHERE bucket = ? AND window_at = ? AND count > 0`,
			t.Bucket, t.WindowAt).Exec(ctx)
		if err != nil {
			return wrap(err, "uncount throttle")
		}
	}
	return nil
}

// DeleteExpiredThrottles removes buckets whose window is over and returns how many there were.
func (s *Store) DeleteExpiredThrottles(ctx context.Context, now time.Time) (int64, error) {
	res, err := s.db.NewRaw(`DELETE FROM throttles WHERE expires_at <= ?`, At(now)).Exec(ctx)
	if err != nil {
		return 0, wrap(err, "delete expired throttles")
	}
	return res.RowsAffected()
}
