package factor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

const (
	maxTOTP       = 5         // authenticators a user
	enrollmentTTL = time.Hour // between showing a seed and its first code
)

// EnrollTOTP makes a seed for a user, to be shown once; it counts when ConfirmTOTP has seen a code of it. Another that
// was shown and not confirmed is dropped. Account is what the authenticator shows beside the issuer, label what the
// user calls the authenticator. It returns ErrTooMany.
func (f *Factors) EnrollTOTP(ctx context.Context, userID, account, label string) (TOTPKey, error) {
	key := newTOTPKey(f.issuer, account)
	key.FactorID = id.New(id.Factor)
	return key, f.store.Tx(ctx, func(tx *storage.Store) error {
		if err := tx.DeleteUnconfirmedFactors(ctx, userID, string(KindTOTP)); err != nil {
			return err
		}
		rows, err := tx.Factors(ctx, userID, string(KindTOTP))
		if err != nil {
			return err
		}
		if len(rows) >= maxTOTP {
			return ErrTooMany
		}
		return tx.InsertFactor(ctx, &storage.Factor{UserID: userID, ID: key.FactorID, Kind: string(KindTOTP), Label: label,
			Secret: f.sealer.Seal([]byte(key.Seed), seedName(userID, key.FactorID)), CreatedAt: storage.At(f.clock.Now())})
	})
}

// PendingTOTP returns the seed that was shown and not confirmed yet, to show it again (a form sent back with an error),
// or ErrNotFound.
func (f *Factors) PendingTOTP(ctx context.Context, userID, account, factorID string) (TOTPKey, error) {
	rows, err := f.totp(ctx, userID, func(r *storage.Factor) bool { return r.ID == factorID && f.enrolling(r) })
	if err != nil {
		return TOTPKey{}, err
	}
	if len(rows) == 0 {
		return TOTPKey{}, ErrNotFound
	}
	seed, err := f.seed(rows[0])
	if err != nil {
		return TOTPKey{}, err
	}
	return TOTPKey{FactorID: factorID, Seed: seed, URI: totpURI(f.issuer, account, seed)}, nil
}

// ConfirmTOTP makes an enrolled seed a factor if the code is its, else ErrWrong or a *Throttled. The code is used by it.
func (f *Factors) ConfirmTOTP(ctx context.Context, who Who, factorID, typed string) error {
	return f.checkTOTP(ctx, who, typed, func(r *storage.Factor) bool { return r.ID == factorID && f.enrolling(r) })
}

// CheckTOTP returns nil if the code is one of the user's authenticators', of this or the last period, and was not used
// before; of any number that present it at the same time, one gets nil. Otherwise ErrWrong or a *Throttled.
func (f *Factors) CheckTOTP(ctx context.Context, who Who, typed string) error {
	return f.checkTOTP(ctx, who, typed, func(r *storage.Factor) bool { return r.ConfirmedAt.Set() })
}

func (f *Factors) checkTOTP(ctx context.Context, who Who, typed string, counts func(*storage.Factor) bool) error {
	code, ok := NormalizeCode(typed)
	if !ok {
		return ErrWrong
	}
	try, err := f.throttle.pay(ctx, groupOf(KindTOTP), who)
	if err != nil {
		return err
	}
	rows, err := f.totp(ctx, who.UserID, counts)
	if err != nil {
		return err
	}
	now := f.clock.Now()
	for _, r := range rows {
		seed, err := f.seed(r)
		if err != nil {
			return err
		}
		step, ok := matchTOTP(seed, code, now, r.LastStep)
		if !ok {
			continue
		}
		// RFC 6238 5.2: the second use of a code must be refused, also when both are under way at once.
		err = f.store.Tx(ctx, func(tx *storage.Store) error {
			if err := tx.UseFactorStep(ctx, r.UserID, r.ID, step, now); err != nil || r.ConfirmedAt.Set() {
				return err
			}
			return f.write(ctx, tx, audit.FactorAdded, r.UserID, KindTOTP) // the first code confirms it
		})
		if errors.Is(err, storage.ErrNotFound) {
			return ErrWrong
		}
		if err != nil {
			return err
		}
		f.settled(ctx, try)
		return nil
	}
	return ErrWrong
}

func (f *Factors) enrolling(r *storage.Factor) bool {
	return !r.ConfirmedAt.Set() && f.clock.Now().Before(r.CreatedAt.Add(enrollmentTTL))
}

func (f *Factors) totp(ctx context.Context, userID string, counts func(*storage.Factor) bool) ([]*storage.Factor, error) {
	rows, err := f.store.Factors(ctx, userID, string(KindTOTP))
	return slices.DeleteFunc(rows, func(r *storage.Factor) bool { return !counts(r) }), err
}

func (f *Factors) seed(r *storage.Factor) (string, error) {
	seed, err := f.sealer.Open(r.Secret, seedName(r.UserID, r.ID))
	if err != nil {
		return "", fmt.Errorf("open seed of %s: %w", r.ID, err)
	}
	return string(seed), nil
}

func seedName(userID, factorID string) string { return "factors.secret " + userID + " " + factorID }
