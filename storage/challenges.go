package storage

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// Challenge is a code that was sent to somebody and is waiting to be typed. Only the newest of a subject, purpose and
// kind counts.
type Challenge struct {
	bun.BaseModel `bun:"table:challenges"`

	Subject   string `bun:"subject,pk"`
	Purpose   string `bun:"purpose,pk"`
	Kind      string `bun:"kind,pk"`
	ID        string
	UserID    string
	Target    string
	CodeMAC   []byte `bun:"code_mac"`
	Tries     int64
	UsedAt    Time
	CreatedAt Time
	ExpiresAt Time
}

// PutChallenge stores a challenge in the place of the one before it.
func (s *Store) PutChallenge(ctx context.Context, c *Challenge) error {
	_, err := s.db.NewInsert().Model(c).On("CONFLICT (subject, purpose, kind) DO UPDATE").
		Set("id = EXCLUDED.id").Set("user_id = EXCLUDED.user_id").Set("target = EXCLUDED.target").
		Set("code_mac = EXCLUDED.code_mac").Set("tries = EXCLUDED.tries").Set("used_at = EXCLUDED.used_at").
		Set("created_at = EXCLUDED.created_at").Set("expires_at = EXCLUDED.expires_at").Exec(ctx)
	return wrap(err, "store challenge")
}

// TryChallenge spends one of maxTries on the challenge named by c (subject, purpose, kind and id) and uses it up if
// c.CodeMAC is its code's. It is one statement: of any number that present the right code, one gets true. It returns
// ErrNotFound for a challenge that is used, expired, out of tries or no longer the newest.
func (s *Store) TryChallenge(ctx context.Context, c *Challenge, maxTries int, now time.Time) (right bool, err error) {
	stored := new(Challenge)
	err = s.db.NewRaw(`UPDATE challenges SET tries = tries + 1, used_at = CASE WHEN code_mac = ? THEN ? END
		WHERE subject = ? AND purpose = ? AND kind = ? AND id = ? AND used_at IS NULL AND tries < ? AND expires_at > ?
		RETURNING *`, c.CodeMAC, now.UnixMicro(), c.Subject, c.Purpose, c.Kind, c.ID, maxTries, now.UnixMicro()).Scan(ctx, stored)
	if err != nil {
		return false, found(err, "try challenge")
	}
	return stored.UsedAt.Set(), nil
}

// DeleteExpiredChallenges removes what nobody can answer any more and returns how many there were.
func (s *Store) DeleteExpiredChallenges(ctx context.Context, now time.Time) (int64, error) {
	res, err := s.db.NewRaw(`DELETE FROM challenges WHERE expires_at <= ?`, At(now)).Exec(ctx)
	if err != nil {
		return 0, wrap(err, "delete expired challenges")
	}
	return res.RowsAffected()
}
