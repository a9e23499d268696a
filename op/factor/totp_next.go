package factor

import (
	"context"
	"fmt"
	"time"

	"github.com/pquerna/otp/hotp"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/storage"
)

// TOTPCode is a code of an authenticator with the period in which it shows it.
type TOTPCode struct {
	Code        string
	From, Until time.Time
}

// NextTOTP is what an authenticator does that has this seed: it returns the code that counts now or, where that was used, the
// one after it, which counts from From on. Whoever asks has to know the seed already. It returns ErrNotFound if the user has
// no such authenticator.
func (f *Factors) NextTOTP(ctx context.Context, userID, seed string) (TOTPCode, error) {
	rows, err := f.totp(ctx, userID, func(r *storage.Factor) bool { return r.ConfirmedAt.Set() })
	if err != nil {
		return TOTPCode{}, err
	}
	for _, r := range rows {
		own, err := f.seed(r)
		if err != nil {
			return TOTPCode{}, err
		}
		if !secret.Equal([]byte(own), []byte(seed)) {
			continue
		}
		step := max(totpStep(f.clock.Now()), r.LastStep+1)
		code, err := hotp.GenerateCodeCustom(seed, uint64(step), totpOptions)
		if err != nil {
			return TOTPCode{}, fmt.Errorf("code of %s: %w", r.ID, err)
		}
		from := time.Unix(0, 0).UTC().Add(time.Duration(step) * TOTPPeriod)
		return TOTPCode{Code: code, From: from, Until: from.Add(TOTPPeriod)}, nil
	}
	return TOTPCode{}, ErrNotFound
}
