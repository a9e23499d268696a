package account

import (
	"slices"

	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/ui/page"
)

func (h *Handlers) showSecurity(v *visit) error { return h.securityPage(v, nil) }

// securityPage shows what the user proves with; faults are those of the password form.
func (h *Handlers) securityPage(v *visit, faults page.Errors) error {
	list, err := h.Factors.List(v.r.Context(), v.userID())
	if err != nil {
		return err
	}
	p := page.AccountSecurity{Frame: v.frame(),
		Password: page.PasswordChange{Form: page.Form{Action: pathPassword, Errors: faults}, Email: v.person.Email,
			MinLength: h.MinPasswordLength},
		EmailCode: page.EmailCodeFactor{Address: v.person.Email},
	}
	for _, i := range list {
		switch i.Kind {
		case factor.KindPassword:
			p.Password.Set, p.Password.ChangedAt = true, i.CreatedAt
		case factor.KindTOTP:
			if p.TOTP.Since.IsZero() {
				p.TOTP = page.TOTPFactor{Since: i.CreatedAt, RemoveAction: pathTOTPRemove}
			}
		case factor.KindSMS:
			p.Phone = page.PhoneFactor{Number: masked(i.Kind, i.Label), Since: i.CreatedAt, RemoveAction: pathPhoneRemove}
		case factor.KindEmail:
			p.EmailCode.On, p.EmailCode.OffAction = true, pathEmailOff
		case factor.KindRecovery:
			p.Recovery.Left, p.Recovery.Total = i.Left, factor.RecoveryCodes
		}
	}
	if p.TOTP.Since.IsZero() {
		p.TOTP.EnrollURL = pathTOTP
	}
	if p.Phone.Number == "" && h.SMS {
		p.Phone.EnrollURL = pathPhone
	}
	if !p.EmailCode.On && v.person.EmailVerified {
		p.EmailCode.OnAction = pathEmailOn
	}
	if hasSecond(list) {
		p.Recovery.NewAction = pathRecovery
	}
	return v.show(p, faults)
}

// hasSecond tells whether the user set up a second step. Recovery codes stand in for one, so without it there are none.
func hasSecond(list []factor.Info) bool {
	return slices.ContainsFunc(list, func(i factor.Info) bool {
		return i.Kind != factor.KindPassword && i.Kind != factor.KindRecovery
	})
}
