package factor

import (
	"context"
	"errors"
	"fmt"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/storage"
)

// NewPassword is a password that was accepted and hashed, ready to be stored in a transaction.
type NewPassword struct{ stored string }

// AcceptPassword checks a new password against the policy and hashes it: for who stores it together with other things,
// such as the user it belongs to. The user's own words are addresses and names. It returns a reason (ErrPassword...),
// ErrBusy, or the context's error.
func (f *Factors) AcceptPassword(ctx context.Context, password string, own ...string) (NewPassword, error) {
	password, err := f.policy.Accept(ctx, password, own...)
	if err != nil {
		return NewPassword{}, err
	}
	stored, err := f.hasher.Hash(ctx, password)
	if err != nil {
		return NewPassword{}, fmt.Errorf("hash password: %w", err)
	}
	return NewPassword{stored}, nil
}

// StorePassword puts an accepted password in the place of the one the user had, in the caller's transaction.
func (f *Factors) StorePassword(ctx context.Context, tx *storage.Store, userID string, p NewPassword) error {
	now := storage.At(f.clock.Now())
	return tx.PutPassword(ctx, &storage.Factor{UserID: userID, ID: id.New(id.Factor), Kind: string(KindPassword),
		Secret: []byte(p.stored), ConfirmedAt: now, CreatedAt: now})
}

// SetPassword accepts and stores a new password. What must end with the old one (sessions) is the caller's to end.
func (f *Factors) SetPassword(ctx context.Context, userID, password string, own ...string) error {
	p, err := f.AcceptPassword(ctx, password, own...)
	if err != nil {
		return err
	}
	return f.StorePassword(ctx, f.store, userID, p)
}

// CheckPassword returns nil if the password is the user's, else ErrWrong, a *Throttled, or ErrBusy. It takes as long
// for users who do not exist or have no password.
func (f *Factors) CheckPassword(ctx context.Context, who Who, password string) error {
	try, err := f.throttle.pay(ctx, guessPassword, who)
	if err != nil {
		return err
	}
	typed := password
	password, err = Normalize(typed)
	if err != nil {
		return ErrWrong // no stored password is one of these, but a failure it is, and those are written down
	}
	rows, err := f.store.Factors(ctx, who.UserID, string(KindPassword))
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		if err = f.hasher.VerifyNothing(ctx, password); err == nil {
			return ErrWrong
		}
		return f.notTried(ctx, try, err)
	}
	ok, err := f.hasher.verifyStored(ctx, string(rows[0].Secret), password, typed)
	switch {
	case err != nil:
		return f.notTried(ctx, try, err)
	case !ok:
		return ErrWrong
	}
	f.settled(ctx, try)
	f.passwordUsed(ctx, rows[0], password)
	return nil
}

// notTried gives the try back when the server was too busy to make it.
func (f *Factors) notTried(ctx context.Context, try *paid, err error) error {
	if errors.Is(err, ErrBusy) {
		f.settled(ctx, try)
	}
	return fmt.Errorf("check password: %w", err)
}

// passwordUsed notes the use and brings the hash up to the present cost. Neither may keep the user out.
func (f *Factors) passwordUsed(ctx context.Context, row *storage.Factor, password string) {
	err := f.store.UseFactor(ctx, row.UserID, row.ID, f.clock.Now())
	if err == nil && f.hasher.NeedsRehash(string(row.Secret)) {
		var fresh string
		if fresh, err = f.hasher.Hash(ctx, password); err == nil {
			err = f.store.ReplaceFactorSecret(ctx, row.UserID, row.ID, row.Secret, []byte(fresh))
		}
	}
	if err != nil && !errors.Is(err, storage.ErrNotFound) { // removed or changed meanwhile
		f.log.WarnContext(ctx, "password row not updated after use", "error", err)
	}
}
