package api

import (
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/storage"
)

// UserProof is what somebody can prove who they are with. The names are those of Clerk's users.
type UserProof struct {
	PasswordEnabled   bool `json:"password_enabled"`
	TwoFactorEnabled  bool `json:"two_factor_enabled" doc:"Something is asked for beside the first factor"`
	TOTPEnabled       bool `json:"totp_enabled"`
	BackupCodeEnabled bool `json:"backup_code_enabled" doc:"A recovery code is left"`
}

// UserReached is where somebody can be reached: all that they are found by, the primary ones first.
type UserReached struct {
	EmailAddresses []UserAddress `json:"email_addresses"`
	PhoneNumbers   []UserAddress `json:"phone_numbers"`
}

// UserAddress is one of them.
type UserAddress struct {
	Object       string           `json:"object" enum:"email_address,phone_number"`
	Email        string           `json:"email_address,omitempty" doc:"As it was typed"`
	Phone        string           `json:"phone_number,omitempty" doc:"In the form of E.164"`
	Primary      bool             `json:"primary"`
	Verification UserVerification `json:"verification"`
}

// UserVerification tells whether somebody has proved to control an address.
type UserVerification struct {
	Status string `json:"status" enum:"verified,unverified"`
}

func proofOf(rows []*storage.Factor) (p UserProof) {
	for _, r := range rows {
		if !r.ConfirmedAt.Set() { // begun, and may never be finished
			continue
		}
		switch factor.Kind(r.Kind) {
		case factor.KindPassword:
			p.PasswordEnabled = true
		case factor.KindTOTP:
			p.TOTPEnabled, p.TwoFactorEnabled = true, true
		case factor.KindEmail, factor.KindSMS:
			p.TwoFactorEnabled = true
		case factor.KindRecovery:
			p.BackupCodeEnabled = p.BackupCodeEnabled || !r.UsedAt.Set()
		}
	}
	return p
}

func reachedAt(rows []*storage.Identifier) UserReached {
	at := UserReached{[]UserAddress{}, []UserAddress{}}
	for _, primary := range []bool{true, false} {
		for _, i := range rows {
			if i.IsPrimary != primary {
				continue
			}
			a := UserAddress{Primary: primary, Verification: UserVerification{"unverified"}}
			if i.VerifiedAt.Set() {
				a.Verification.Status = "verified"
			}
			switch i.Kind {
			case storage.IdentifierEmail:
				a.Object, a.Email = "email_address", i.Display
				at.EmailAddresses = append(at.EmailAddresses, a)
			case storage.IdentifierPhone:
				a.Object, a.Phone = "phone_number", i.Value
				at.PhoneNumbers = append(at.PhoneNumbers, a)
			}
		}
	}
	return at
}
