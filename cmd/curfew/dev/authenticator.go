package dev

import (
	"context"
	"errors"

	"github.com/pquerna/otp/totp"

	"github.com/curfew-id/curfew/cmd/curfew/server"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/storage"
	uidev "github.com/curfew-id/curfew/ui/dev"
)

// The console opens with a factor that does not come by mail (factor.Administers). So that trying it out needs no phone, the
// administrator has an authenticator from the first start, and the mailbox page shows its codes.

// seedAuthenticator gives an account an authenticator, also in a directory of data that began without, and returns its seed.
// One that the person set up by themselves is left alone, unless dev.json was lost and with it the way in.
func seedAuthenticator(ctx context.Context, s *server.Server, userID, email string, lost bool) (seed string, err error) {
	list, err := s.Factors.List(ctx, userID)
	if err != nil {
		return "", err
	}
	for _, i := range list {
		if i.Kind != factor.KindTOTP && i.Kind != factor.KindSMS {
			continue
		}
		if !lost {
			return "", nil
		}
		if err := s.Factors.Remove(ctx, userID, i.ID); err != nil {
			return "", err
		}
	}
	key, err := s.Factors.EnrollTOTP(ctx, userID, email, "")
	if err != nil {
		return "", err
	}
	// The code of the period before confirms it, so that the present one is left for whoever signs in at once.
	code, err := totp.GenerateCode(key.Seed, s.Clock.Now().Add(-factor.TOTPPeriod))
	if err != nil {
		return "", err
	}
	return key.Seed, s.Factors.ConfirmTOTP(ctx, factor.Who{UserID: userID, Identifier: email}, key.FactorID, code)
}

// authenticators are what those of the seeded accounts show now. One that the person removed shows nothing.
func (d *Dev) authenticators(ctx context.Context) (list []uidev.Authenticator, err error) {
	for _, u := range d.Info.Users {
		if u.TOTPSecret == "" {
			continue
		}
		row, err := d.Server.Users.ByEmail(ctx, u.Email)
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		code, err := d.Server.Factors.NextTOTP(ctx, row.ID, u.TOTPSecret)
		if errors.Is(err, factor.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, uidev.Authenticator{Account: u.Email, TOTPCode: code})
	}
	return list, nil
}
