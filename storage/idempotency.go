package storage

import (
	"context"
	"errors"
	"time"

	"github.com/uptrace/bun"
)

// IdempotencyKey is one request that its caller may repeat, and what it was answered.
type IdempotencyKey struct {
	bun.BaseModel `bun:"table:idempotency_keys"`

	Caller      string `bun:"caller,pk"`
	KeyHash     []byte `bun:"key_hash,pk"`
	RequestHash []byte
	Attempt     string
	LeasedUntil Time
	Acted       bool
	Status      int64
	Answer      []byte
	CreatedAt   Time
}

// BeginOnce takes a key for an attempt. Where somebody has taken it before and it cannot be had, it returns their row and
// ErrConflict; one that never acted and whose lease has run out can be had again, for the same request.
func (s *Store) BeginOnce(ctx context.Context, k *IdempotencyKey, now time.Time) (*IdempotencyKey, error) {
	for range 3 {
		_, err := s.db.NewInsert().Model(k).Exec(ctx)
		if err = s.inserted(err, "take idempotency key"); err == nil || !errors.Is(err, ErrConflict) {
			return k, err
		}
		res, err := s.db.NewUpdate().Model((*IdempotencyKey)(nil)).Set("attempt = ?", k.Attempt).Set("leased_until = ?", k.LeasedUntil).
			Where("caller = ? AND key_hash = ? AND request_hash = ?", k.Caller, k.KeyHash, k.RequestHash).
			Where("acted = ? AND status = 0 AND leased_until < ?", false, At(now)).Exec(ctx)
		if err = changed(res, err, "take over idempotency key"); err == nil || !errors.Is(err, ErrNotFound) {
			return k, err
		}
		there := new(IdempotencyKey)
		err = s.db.NewSelect().Model(there).Where("caller = ? AND key_hash = ?", k.Caller, k.KeyHash).Scan(ctx)
		if err = found(err, "read idempotency key"); err == nil {
			return there, ErrConflict
		}
		if !errors.Is(err, ErrNotFound) {
			return nil, err
		}
	}
	return nil, ErrConflict // taken and given back in turn
}

// ActOnce says in the transaction of an act that it was made. It returns ErrConflict if the attempt has lost its lease to
// another: then the act must not be.
func (s *Store) ActOnce(ctx context.Context, k *IdempotencyKey) error {
	res, err := s.db.NewUpdate().Model((*IdempotencyKey)(nil)).Set("acted = ?", true).
		Where("caller = ? AND key_hash = ? AND attempt = ?", k.Caller, k.KeyHash, k.Attempt).Exec(ctx)
	if err = changed(res, err, "mark idempotency key"); errors.Is(err, ErrNotFound) {
		return ErrConflict
	}
	return err
}

// AnswerOnce keeps what an attempt was answered.
func (s *Store) AnswerOnce(ctx context.Context, k *IdempotencyKey) error {
	_, err := s.db.NewUpdate().Model((*IdempotencyKey)(nil)).Set("status = ?", k.Status).Set("answer = ?", k.Answer).Set("acted = ?", true).
		Where("caller = ? AND key_hash = ? AND attempt = ?", k.Caller, k.KeyHash, k.Attempt).Exec(ctx)
	return wrap(err, "keep answer")
}

// ForgetOnce gives a key back under which nothing was done.
func (s *Store) ForgetOnce(ctx context.Context, k *IdempotencyKey) error {
	_, err := s.db.NewDelete().Model((*IdempotencyKey)(nil)).
		Where("caller = ? AND key_hash = ? AND attempt = ? AND acted = ?", k.Caller, k.KeyHash, k.Attempt, false).Exec(ctx)
	return wrap(err, "give idempotency key back")
}

// DeleteIdempotencyKeys removes up to n that were taken before an instant, and returns how many.
func (s *Store) DeleteIdempotencyKeys(ctx context.Context, before time.Time, n int) (int64, error) {
	res, err := s.db.NewRaw(`DELETE FROM idempotency_keys WHERE (caller, key_hash) IN
		(SELECT caller, key_hash FROM idempotency_keys WHERE created_at < ? LIMIT ?)`, At(before), n).Exec(ctx)
	if err != nil {
		return 0, wrap(err, "delete idempotency keys")
	}
	return res.RowsAffected()
}

type alongside struct{}

// Alongside returns a context in which every transaction runs fn before it commits, as BeforeCommit does.
func Alongside(ctx context.Context, fn func(ctx context.Context, tx *Store) error) context.Context {
	return context.WithValue(ctx, alongside{}, fn)
}

// alongside adds to the transaction what its context says.
func (s *Store) alongside(ctx context.Context) {
	if fn, ok := ctx.Value(alongside{}).(func(ctx context.Context, tx *Store) error); ok {
		*s.last = append(*s.last, fn)
	}
}
