package factor

import (
	"context"
	"errors"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// NewRecoveryCodes makes ten codes in the place of all the user had, and returns them to be shown once.
func (f *Factors) NewRecoveryCodes(ctx context.Context, userID string) ([]string, error) {
	now := storage.At(f.clock.Now())
	codes, rows := make([]string, RecoveryCodes), make([]*storage.Factor, RecoveryCodes)
	for i := range codes {
		codes[i] = newRecoveryCode()
		plain, _ := NormalizeRecoveryCode(codes[i])
		rows[i] = &storage.Factor{UserID: userID, ID: id.New(id.Factor), Kind: string(KindRecovery),
			Secret: recoveryMAC(f.recoveryKey, userID, plain), ConfirmedAt: now, CreatedAt: now}
	}
	return codes, f.store.Tx(ctx, func(tx *storage.Store) error {
		if err := tx.ReplaceFactors(ctx, userID, string(KindRecovery), rows); err != nil {
			return err
		}
		return f.write(ctx, tx, audit.RecoveryCodesMade, userID, KindRecovery)
	})
}

// CheckRecoveryCode returns nil if the code is one of the user's and was not used before; of any number that present it
// at the same time, one gets nil. Otherwise ErrWrong or a *Throttled.
func (f *Factors) CheckRecoveryCode(ctx context.Context, who Who, typed string) error {
	code, ok := NormalizeRecoveryCode(typed)
	if !ok {
		return ErrWrong
	}
	try, err := f.throttle.pay(ctx, groupOf(KindRecovery), who)
	if err != nil {
		return err
	}
	mac := recoveryMAC(f.recoveryKey, who.UserID, code)
	err = f.store.Tx(ctx, func(tx *storage.Store) error {
		if err := tx.RedeemFactor(ctx, who.UserID, string(KindRecovery), mac, f.clock.Now()); err != nil {
			return err
		}
		return f.write(ctx, tx, audit.RecoveryCodeUsed, who.UserID, KindRecovery)
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
